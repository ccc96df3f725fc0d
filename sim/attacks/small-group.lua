-- SCALED DOWN. The group has 31 bits, so that a script can solve it in a second; the same was done to 512 bits in 2015, and what 1024 bits cost
-- only states could pay. What carries over is the shape: one long computation for the group, which everybody shares, and then a short
-- one for each key exchange ever made in it.
attack = {
  id = "A19", name = "small-group",
  about = "Solves the Diffie-Hellman of a small group everybody uses: once for the group, quickly for each recorded session (31 bits: scaled down)",
  position = "passive",
  needs = "a recording; time for the group, once. SCALED DOWN: 31 bits stand for 1024",
  source = "Adrian and others, Imperfect Forward Secrecy: How Diffie-Hellman Fails in Practice (2015); RFC 8247, 2.4; catalogue A19",
  unseen = "who only listens sends nothing; a monitor can see the small group that both agreed to, and not who makes use of it",
  shows = {
    vulnerable = "a group that is small enough to solve: private values, keys, identities and traffic follow from a recording",
    hardened = "Curve25519: there is no table to make, and the recording stays sealed",
  },
  scenarios = { vulnerable = "small-group", hardened = "small-group-curve25519" },
}

-- Baby steps and giant steps in the subgroup of order q: 2^x = target, x = j + m * i.
local prime, order_q, m = 2147481143, 1073740571, 32768
local table_of, made, value = {}, 0, 1
local sessions, targets, recorded, read = {}, {}, {}, 0
local goal = "read a recording by solving the key exchange"

local function power(base, exponent)
  local result = 1
  while exponent > 0 do
    if exponent % 2 == 1 then result = result * base % prime end
    base, exponent = base * base % prime, exponent // 2
  end
  return result
end
local giant = power(power(2, m), prime - 2)    -- 2^-m

function on_start()
  mark("SCALED DOWN: a group of 31 bits. eve begins the computation that is needed once for the group, before anybody has spoken.")
  timer.after("1ms", "precompute")
end

local function precompute()
  for _ = 1, 8192 do
    table_of[value] = made
    value, made = value * 2 % prime, made + 1
  end
  progress("table for the group", made, m)
  if made < m then return timer.after("50ms", "precompute") end
  learn("a table for the group", m .. " powers of 2: one table for every key exchange that anybody makes in this group", "computed once, before the recording")
end

local function solve()
  local t = targets[1]
  if not t then return end
  if made < m then return timer.after("50ms", "solve") end
  for _ = 1, 16384 do
    local j = table_of[t.at]
    if j then
      t.x = j + m * t.i
      table.remove(targets, 1)
      return t.solved(t)
    end
    t.at, t.i = t.at * giant % prime, t.i + 1
    if t.i > m then
      table.remove(targets, 1)
      return say("no exponent found: not in this group's subgroup")
    end
  end
  progress("steps for one key exchange", t.i, m)
  timer.after("20ms", "solve")
end

function on_timer(label)
  if label == "precompute" then precompute() else solve() end
end

on({ exchange = "IKE_SA_INIT", response = false, payload = "KE" }, function(_, message)
  sessions[message.spi_i] = { ni = find(message, "Ni/Nr").data, ke = find(message, "KE") }
end)

local function child(s)
  if not (s.child_i and s.child_r) then return end
  local suite = ike.suite(s.child_r)
  suite.prf, suite.ke = nil, nil
  local keys = ike.child_keys(s.suite.prf, suite, { sk_d = s.keys.sk_d, ni = s.ni, nr = s.nr })
  ring.esp(bytes.hex(s.child_r.spi), suite, keys.encr_i, keys.integ_i)
  ring.esp(bytes.hex(s.child_i.spi), suite, keys.encr_r, keys.integ_r)
end

local function open(s, p)
  local inner = ring.open(p)
  if not inner then return end
  if p.protocol == "ESP" then
    read = read + 1
    if read == 1 then
      learn("plaintext", "the first packet of the tunnel", "opened with keys of its own making", inner.payload)
      achieved(goal, true, "an ESP packet is read with keys made from the recording alone")
    end
    return
  end
  local id, sa = find(inner, "IDi") or find(inner, "IDr"), inner.exchange_name == "IKE_AUTH" and find(inner, "SA")
  if id then learn("identity", id.data, "IKE_AUTH opened", id.data) end
  if sa then
    s[inner.response and "child_r" or "child_i"] = sa.proposals[1]
    child(s)
  end
end

on({ exchange = "IKE_SA_INIT", response = true, payload = "KE" }, function(_, message)
  local s = sessions[message.spi_i]
  if not s or s.nr then return end
  s.nr, s.suite = find(message, "Ni/Nr").data, ike.suite(find(message, "SA").proposals[1])
  if #s.ke.data ~= 4 then return say(s.ke.method_name .. ": not a group for which eve can make a table") end
  targets[#targets + 1] = { at = bytes.u32(s.ke.data, 1), i = 0, solved = function(t)
    local shared = string.pack(">I4", power(bytes.u32(find(message, "KE").data, 1), t.x))
    learn("the initiator's private value", "x = " .. t.x .. " with 2^x = KEi: found after " .. t.i .. " steps", "the group's table, and a walk", string.pack(">I4", t.x))
    s.keys = ike.keys(s.suite, { ni = s.ni, nr = s.nr, shared = shared, spi_i = message.spi_i, spi_r = message.spi_r })
    learn("SK_*", "all keys of the IKE SA " .. message.spi_i, "SKEYSEED = prf(Ni | Nr, g^ir), with g^ir solved", s.keys.sk_d)
    ring.ike(message.spi_i, s.suite, s.keys)
    for _, p in ipairs(recorded) do open(s, p) end
    recorded, current = {}, s
  end }
  timer.after("1ms", "solve")
end)

on({}, function(p)
  if p.protocol ~= "IKE" and p.protocol ~= "ESP" then return end
  if current then return open(current, p) end
  if #recorded < 200 then recorded[#recorded + 1] = p end
end)

function on_finish()
  if read == 0 then achieved(goal, false, "no packet of the recording opens") end
  say(read .. " ESP packets read")
end
