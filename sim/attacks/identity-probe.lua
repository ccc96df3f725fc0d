-- The initiator says who it is before the responder has proven anything. Whoever answers IKE_SA_INIT learns the name: of every laptop that
-- calls home from a café, for instance. Encryption does not help: the key exchange was with the one who asks.
attack = {
  id = "A10", name = "identity-probe",
  about = "Answers IKE_SA_INIT in the responder's place to learn who is calling",
  position = "on-path",
  needs = "to answer instead of the responder, once",
  source = "RFC 7296, 5 (active attackers learn the initiator's identity); catalogue A10",
  shows = {
    vulnerable = "the identity is a person's address: now known, and with it where that person is",
    hardened = "the identity is a pseudonym that only the home gateway can tell apart: the name stays unknown",
  },
  scenarios = { vulnerable = "identity-probe", hardened = "identity-probe-pseudonym" },
}

local answerer = library "answerer"
local me
local goal = "learn who is calling"

on({ exchange = "IKE_SA_INIT", response = false }, function(p, message)
  drop("the responder must not see it")
  me = me or answerer.answer(p, message)
end)

on({ exchange = "IKE_AUTH", response = false }, function(p, message)
  if not me or message.spi_r ~= me.spi then return end
  drop("meant for " .. p.to .. ", kept")
  local inner = not me.done and ring.open(p)
  local id = inner and find(inner, "IDi")
  if not id then return end
  me.done = true
  local readable = id.id_type_name ~= "ID_KEY_ID"
  learn("identity", id.id_type_name .. " " .. (readable and id.data or bytes.hex(id.data)), "IDi is sent before the responder has shown who it is", id.data)
  achieved(goal, readable, readable and id.data .. " is calling from " .. p.src or "an opaque key id: it names nobody to a stranger")
end)

function on_finish()
  if not (me and me.done) then achieved(goal, false, "nobody called") end
end
