-- A detector on the wire in front of gw-b. It sees every packet, decrypts none, and may only watch.
attack = {
  name = "detector",
  about = "Watches for replayed ESP packets and for handshakes with old algorithms",
  position = "passive",
  needs = "a place on the link",
  source = "RFC 4303, 2.2; RFC 8247",
  shows = { vulnerable = "it reports", hardened = "it is silent" },
}

-- What it reports: learn("replay", text, how, octets), where octets are SPI and sequence number: the first eight of the packet;
-- and learn("weak", text, how, octets), where octets are the initiator's SPI of a handshake that chose an old algorithm.

local seen = {}
local old = { AUTH_HMAC_SHA1_96 = true, MODP_2048 = true }

function on_packet(p)
  if p.protocol == "ESP" then
    local header = esp.header(p.payload)
    -- header.spi, header.sequence; the packet's octets are p.payload
    local key = header.sequence
    if seen[key] then
      learn("replay", "sequence number " .. header.sequence .. " again", "the same SPI and sequence number twice", p.payload:sub(1, 8))
    end
    seen[key] = true
  elseif p.protocol == "IKE" then
    local message = ike.decode(p.payload)
    -- message.exchange_name, message.response, message.spi_i, message.payloads (type "SA" has proposals, a proposal transforms with a name)
    if message.exchange_name == "IKE_SA_INIT" and message.response then
      for _, payload in ipairs(message.payloads) do
        if payload.type == "SA" then
          for _, t in ipairs(payload.proposals[1].transforms) do
            if old[t.name] then
              learn("weak", t.name .. " was chosen", "the SA payload of IKE_SA_INIT", bytes.from_hex(message.spi_i))
            end
          end
        end
      end
    end
  end
end
