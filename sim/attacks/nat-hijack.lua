-- A NAT box that restarts gives its hosts new ports, so that a gateway follows the address its peer's packets come from. The packets are authentic; the
-- address in front of them is not. Who can hold one back and send it on from elsewhere has the answers sent there.
attack = {
  id = "A29", name = "nat-hijack",
  about = "Holds back a laptop's ESP packets and sends them on from an address of its own; the gateway follows, and its answers go there",
  position = "on-path",
  needs = "to be on the way for a moment; no key",
  source = "RFC 7296, 2.23; RFC 3948, 5; RFC 4555, 3.7 and 3.8; catalogue A29",
  shows = {
    vulnerable = "the gateway believes that the laptop's NAT box has a new mapping: the answers come to mallory, and the laptop hears nothing",
    hardened = "with MOBIKE an address changes by a protected message only: the answers go where they went",
  },
  scenarios = { vulnerable = "nat-hijack", hardened = "nat-hijack-mobike" },
}

-- Parameters: gateway = the gateway's address, own = where answers are to go, at = "4s", port = 40000
local p, active = nil, false
local moved, drawn, kept = 0, 0, 0
local goal = "draw the answers to an address of its own"

function on_start(params)
  p = params
  assert(p.gateway and p.own, "parameters gateway, own")
  timer.after(p.at or "4s", "begin")
end
function on_timer()
  active = true
  mark("From now on the laptop's packets reach the gateway from " .. p.own .. ".")
end

function on_packet(packet)
  if not active or ike.of(packet) or (packet.protocol ~= "ESP" and packet.protocol ~= "ESP-in-UDP") then return end
  if packet.dst == p.gateway and packet.src ~= p.own then
    moved = moved + 1
    drop("sent on from " .. p.own)
    inject{ src = p.own, src_port = tonumber(p.port or "40000"), dst = packet.dst, dst_port = packet.dst_port, protocol = "ESP-in-UDP",
      to = packet.to, payload = packet.payload, note = "the laptop's own packet, from another address" }
  elseif packet.src == p.gateway and packet.dst == p.own then
    drawn = drawn + 1
    drop("mallory's address, and nobody else's")
    if drawn > 1 then return end
    local header = esp.header(packet.payload)
    learn("traffic", "packets of SA " .. (header and header.spi or "?") .. " for the laptop come to " .. p.own .. "; their contents stay secret",
      "the gateway followed the address", packet.payload:sub(1, 8))
    achieved(goal, true, "the gateway sends the laptop's packets to " .. p.own)
  elseif packet.src == p.gateway and moved > 0 then
    kept = kept + 1
  end
end

function on_finish()
  if drawn > 0 then return say(drawn .. " packets for the laptop came to mallory") end
  achieved(goal, false, moved == 0 and "no packet of the laptop came by" or
    moved .. " packets came from " .. p.own .. ", and " .. kept .. " answers went to the laptop all the same")
end
