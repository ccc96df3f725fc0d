-- Listens, and nothing else. What it ends up knowing is what IPsec does not hide: who, when, how much; and public values that are no use
-- without a private one.
attack = {
  name = "eavesdrop",
  about = "Listens on the link and collects everything that is readable",
  position = "passive",
  needs = "a place on the link",
  source = "RFC 7296, 1.2 and 2.14; RFC 4301, 2.1 (what traffic analysis still sees)",
  unseen = "who only listens sends nothing, and nobody can see that",
  shows = {
    vulnerable = "without a tunnel it would read every packet",
    hardened = "it learns addresses, SPIs, nonces, public values, sizes and times, and no octet of what is inside",
  },
}

local flows = {}       -- per direction and protocol: packets, octets, first and last time, sizes
local known = {}
local handshake_times = {}

local function once(item, text, how, value)
  if known[item] then return end
  known[item] = true
  learn(item, text, how, value)
end

local function count(p)
  local key = p.protocol .. " " .. p.from .. " to " .. p.to
  local flow = flows[key]
  if not flow then
    flow = { packets = 0, octets = 0, first = p.time, sizes = {}, kinds = 0 }
    flows[key] = flow
  end
  flow.packets, flow.octets, flow.last = flow.packets + 1, flow.octets + p.size, p.time
  if not flow.sizes[p.size] and flow.kinds < 500 then
    flow.sizes[p.size], flow.kinds = 0, flow.kinds + 1
  end
  if flow.sizes[p.size] then flow.sizes[p.size] = flow.sizes[p.size] + 1 end
end

local function read_sa_init(p, message)
  local who = message.response and "responder" or "initiator"
  for _, payload in ipairs(message.payloads) do
    if payload.type == "SA" then
      local names = {}
      for _, proposal in ipairs(payload.proposals) do
        for _, t in ipairs(proposal.transforms) do names[#names + 1] = t.name end
      end
      once("algorithms, " .. who, table.concat(names, ", "), "the SA payload of IKE_SA_INIT is readable")
    elseif payload.type == "KE" then
      once("public value, " .. who .. " " .. bytes.hex(payload.data:sub(1, 4)),
        payload.method_name .. ": half of a Diffie-Hellman exchange; without a private value it gives no key",
        "the KE payload of IKE_SA_INIT is readable", payload.data)
    elseif payload.type == "Ni/Nr" then
      once("nonce, " .. who .. " " .. bytes.hex(payload.data:sub(1, 4)), "goes into every key, but is no secret",
        "the nonce payload of IKE_SA_INIT is readable", payload.data)
    end
  end
end

local function read_ike(p)
  local message = ike.of(p)
  if not message then return end
  once("IKE SA " .. message.spi_i, "a handshake between " .. p.src .. " and " .. p.dst, "the IKE header is readable",
    bytes.from_hex(message.spi_i))
  if message.exchange_name == "IKE_SA_INIT" then
    read_sa_init(p, message)
  elseif not message.response then
    once("exchange " .. message.exchange_name .. " " .. message.message_id .. " of " .. message.spi_i,
      message.exchange_name .. " at " .. string.format("%.3f s", p.time) .. ", " .. p.size .. " octets: its content is encrypted",
      "exchange type and size stand in the IKE header")
  end
end

function on_packet(p)
  count(p)
  if p.protocol == "IKE" then
    read_ike(p)
  elseif p.protocol == "ESP" then
    local header = esp.header(p.payload)
    if header then
      once("SPI " .. header.spi, "an ESP SA from " .. p.from .. " to " .. p.to .. ", in use since " .. string.format("%.3f s", p.time),
        "the SPI stands in clear at the head of every ESP packet", bytes.from_hex(header.spi))
    end
  end
end

function on_finish()
  for name, flow in pairs(flows) do
    local often, times = 0, 0
    for size, n in pairs(flow.sizes) do
      if n > times then often, times = size, n end
    end
    learn("traffic: " .. name, string.format("%d packets, %d octets, from %.3f s to %.3f s; %d of them have %d octets", flow.packets,
      flow.octets, flow.first, flow.last, times, often), "counted on the link")
  end
  achieved("read the traffic", false, "sizes and times are all that ESP lets through")
end
