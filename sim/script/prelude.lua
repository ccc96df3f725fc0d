-- What scripts find beside the functions of the host, written in their own language: finding
-- payloads, matching packets, keeping count of conversations, holding packets, a ring of keys.
-- It runs under the script's own limits, and returns the function that on_packet's rules go through.

-- find(message, "KE" [, n]): the nth payload of this type, or nil.
function find(message, type, n)
  local wanted = n or 1
  for _, payload in ipairs(message.payloads) do
    if payload.type == type then
      wanted = wanted - 1
      if wanted == 0 then return payload end
    end
  end
end

-- notify_of(message, "COOKIE"): the notification of this name or number, or nil.
function notify_of(message, what)
  for _, payload in ipairs(message.payloads) do
    if payload.type == "N" and (payload.notify == what or payload.notify_name == what) then return payload end
  end
end

-- ike.octets(p): the IKE message in a packet, from its header on; nil when it carries none. On port
-- 4500 it stands behind four zero octets (RFC 3948, 2.2), if the tap has left them there.
function ike.octets(p)
  local nat = p.src_port == 4500 or p.dst_port == 4500
  if nat and p.payload:sub(1, 4) == "\0\0\0\0" then return p.payload:sub(5) end
  if p.protocol == "IKE" or p.src_port == 500 or p.dst_port == 500 then return p.payload end
end

local function is_esp(p) return p.protocol == "ESP" or p.protocol == "ESP-in-UDP" end

function ike.of(p)
  local octets = ike.octets(p)
  return octets and #octets >= 28 and ike.decode(octets) or nil
end

-- ---- payloads to build with ----------------------------------------------------------------------

function ike.notify(type, data, protocol, spi)
  spi = spi or ""
  return { number = 41, body = string.pack(">I1I1I2", protocol or 0, #spi, type) .. spi .. (data or "") }
end
function ike.ke(pair) return { number = 34, body = string.pack(">I2I2", pair.method, 0) .. pair.public } end
function ike.nonce(octets) return { number = 40, body = octets } end
function ike.sa(proposal) return { number = 33, proposals = { proposal } } end
function ike.id(which, type, data) return { number = which == "i" and 35 or 36, body = string.pack(">I1I1I2", type, 0, 0) .. data } end
function ike.auth(method, data) return { number = 39, body = string.pack(">I1I1I2", method, 0, 0) .. data } end
function ike.cert(der) return { number = 37, body = "\4" .. der } end
-- ike.delete() the IKE SA, or ike.delete({"c0ffee01"}) Child SAs.
function ike.delete(spis)
  if not spis then return { number = 42, body = string.pack(">I1I1I2", 1, 0, 0) } end
  local octets = string.pack(">I1I1I2", 3, 4, #spis)
  for _, spi in ipairs(spis) do octets = octets .. bytes.from_hex(spi) end
  return { number = 42, body = octets }
end
-- ike.ts("i", "10.0.0.0", "10.255.255.255"): one range, every protocol and port.
function ike.ts(which, first, last)
  local selector = string.pack(">I1I1I2I2I2", 7, 0, 16, 0, 65535) .. inet.address(first) .. inet.address(last)
  return { number = which == "i" and 44 or 45, body = "\1\0\0\0" .. selector }
end
function inet.address(text)
  local octets, from = "", 1
  for _ = 1, 4 do
    local dot = text:find(".", from) or #text + 1
    octets, from = octets .. string.char(tonumber(text:sub(from, dot - 1))), dot + 1
  end
  return octets
end

-- One transform of each type, the first on offer: what any responder could choose.
function ike.choose(proposal)
  local chosen, seen = {}, {}
  for _, t in ipairs(proposal.transforms) do
    if not seen[t.type] then
      seen[t.type] = true
      chosen[#chosen + 1] = t
    end
  end
  return { number = proposal.number, protocol = proposal.protocol, spi = "", transforms = chosen }
end

-- ---- conversations -------------------------------------------------------------------------------

local talks, order = {}, {}
local most_talks = 1000 -- a flood has more; the oldest is forgotten

-- conversation(message): the script's notes on an IKE SA: messages seen, the last exchange, and
-- whatever the script puts there.
function conversation(message)
  local talk = talks[message.spi_i]
  if not talk then
    talk = { spi_i = message.spi_i, messages = 0, seen = {} }
    talks[message.spi_i] = talk
    order[#order + 1] = message.spi_i
    if #order > most_talks then talks[table.remove(order, 1)] = nil end
  end
  return talk
end

local function count(message)
  local talk = conversation(message)
  local key = message.exchange .. (message.response and "r" or "q") .. message.message_id .. message.length
  message.repeated = talk.seen[key] == true
  if not message.repeated then
    talk.seen[key] = true
    talk.messages = talk.messages + 1
  end
  message.position = talk.messages
  talk.last = message.exchange_name
end

-- ---- rules ---------------------------------------------------------------------------------------

local rules = {}
local known = { protocol = 1, from = 1, to = 1, src = 1, dst = 1, exchange = 1, response = 1, payload = 1, spi = 1,
  position = 1, nth = 1, notify = 1, repeated = 1 }

-- on({exchange = "IKE_AUTH", response = false}, function(p, message) ... end)
function on(filter, act)
  if type(filter) ~= "table" or type(act) ~= "function" then error("on: a filter and a function", 2) end
  for name in pairs(filter) do
    if not known[name] then error("on: no packet is matched by '" .. name .. "'", 2) end
  end
  rules[#rules + 1] = { filter = filter, act = act, matched = 0 }
end

local function has_spi(p, message, spi)
  if message then return message.spi_i == spi or message.spi_r == spi end
  local header = is_esp(p) and esp.header(p.payload)
  return header and header.spi == spi
end

local function fits(f, p, m)
  if f.protocol ~= nil and f.protocol ~= p.protocol and not (f.protocol == "ESP" and is_esp(p)) then return false end
  for _, name in ipairs({ "from", "to", "src", "dst" }) do
    if f[name] ~= nil and f[name] ~= p[name] then return false end
  end
  if f.spi and not has_spi(p, m, f.spi) then return false end
  if f.exchange or f.response ~= nil or f.payload or f.position or f.notify or f.repeated ~= nil then
    if not m then return false end
    if f.exchange and f.exchange ~= m.exchange_name and f.exchange ~= m.exchange then return false end
    if f.response ~= nil and f.response ~= m.response then return false end
    if f.payload and not find(m, f.payload) then return false end
    if f.notify and not notify_of(m, f.notify) then return false end
    if f.position and f.position ~= m.position then return false end
    if f.repeated ~= nil and f.repeated ~= m.repeated then return false end
  end
  return true
end

-- ---- packets in hand, and held -------------------------------------------------------------------

local held_packets = {}

-- hold(p, "name"): keeps the packet in hand; release("name") lets it go on.
function hold(p, name, note)
  drop(note or "held back")
  local list = held_packets[name] or {}
  held_packets[name] = list
  list[#list + 1] = p
end
function release(name, options)
  local list = held_packets[name] or {}
  held_packets[name] = nil
  options = options or {}
  for _, p in ipairs(list) do replay(p, { after = options.after, note = options.note or "let go at last" }) end
  return #list
end

-- ---- a ring of keys ------------------------------------------------------------------------------

ring = {}
local ike_keys, esp_keys = {}, {}

function ring.ike(spi_i, suite, keys) ike_keys[spi_i] = { suite = suite, keys = keys } end
function ring.esp(spi, suite, encr, integ) esp_keys[spi] = { suite = suite, encr = encr, integ = integ } end
-- ring.open(p): the decrypted view of a packet, when the ring has its key: for IKE the message, for
-- ESP {payload, next_header}.
function ring.open(p)
  if is_esp(p) then
    local header = esp.header(p.payload)
    local key = header and esp_keys[header.spi]
    return key and esp.open(p.payload, key.suite, key.encr, key.integ) or nil
  end
  local octets = ike.octets(p)
  if not octets or #octets < 28 then return nil end
  local key = ike_keys[bytes.hex(octets:sub(1, 8))]
  return key and ike.open(octets, key.suite, key.keys) or nil
end

-- ---- how the host comes in -----------------------------------------------------------------------

return function(p)
  if not p then return #rules end
  if #rules == 0 then return end
  local message = ike.of(p)
  if message then count(message) end
  for _, rule in ipairs(rules) do
    if fits(rule.filter, p, message) then
      rule.matched = rule.matched + 1
      if rule.filter.nth == nil or rule.filter.nth == rule.matched then rule.act(p, message) end
    end
  end
end
