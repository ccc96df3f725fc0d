-- The initiator means one responder, and is led to another: every message goes to it instead, and its answers come back under the first one's
-- address. Both are honest, both have genuine certificates. Whether it matters that the wrong one answered is for the initiator to ask: IDr says who it is.
attack = {
  id = "A02", name = "deviation",
  about = "Leads an initiator to another responder of the same CA: rewrites addresses, and touches nothing else",
  position = "on-path",
  needs = "a second responder that the initiator's CA vouches for",
  source = "Ninet and others, Model Checking the IKEv2 Protocol Using Spin (2019): the deviation attack; RFC 7296, 2.15; catalogue A02",
  shows = {
    vulnerable = "remote: without an id - any certificate of the CA will do: the tunnel ends at the wrong gateway, and traffic with it",
    hardened = "remote: {id: gw-b.example} - IDr is not who was meant: the initiator refuses, and tells the wrong gateway so",
  },
  scenarios = { vulnerable = "deviation", hardened = "deviation-named" },
}

-- Parameters: initiator, meant, other (addresses)
local a, b, c, moved, traffic = nil, nil, nil, 0, 0
function on_start(params)
  a, b, c = params.initiator, params.meant, params.other
  assert(a and b and c, "parameters initiator, meant, other: addresses")
end

function on_packet(p)
  if p.protocol == "ICMP" or p.protocol == "TCP" then return end
  local out, back = p.src == a and p.dst == b, p.src == c and p.dst == a
  if not (out or back) then return end
  moved = moved + 1
  if back and p.protocol ~= "IKE" then traffic = traffic + 1 end
  drop("for another way")
  inject{ src = back and b or a, src_port = p.src_port, dst = out and c or a, dst_port = p.dst_port, protocol = p.protocol, payload = p.payload, to = p.to,
    note = out and "to " .. c .. " in the place of " .. b or "from " .. c .. ", as if it were " .. b }
end

function on_finish()
  achieved("let a tunnel end at the wrong gateway", traffic > 0, moved .. " packets led another way; " .. (traffic > 0
    and traffic .. " packets of traffic came from the wrong gateway" or "no traffic came of it"))
end
