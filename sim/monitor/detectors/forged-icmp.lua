-- A router that finds a packet too big has seen it, and quotes it; and no path in use is narrower than 576 octets.
monitor = {
  name = "forged-icmp", about = "ICMP errors about ESP packets that were never sent, or with a size that no path has", position = "passive",
  source = "RFC 4301, 8.2; RFC 5927; catalogue A31",
  scenarios = { alarm = { "forged-icmp", "forged-icmp-believed" }, quiet = { "two-gateways", "site-to-site", "lossy-link", "identity-probe" } },
}
local sent = {}
on({ protocol = "ESP" }, function(p)
  local header = esp.header(p.payload)
  if header then sent[header.spi] = header.sequence end
end)
on({ protocol = "ICMP" }, function(p)
  if #p.payload < 36 then return end
  local type, code, mtu = p.payload:byte(1), p.payload:byte(2), bytes.u16(p.payload, 7)
  local quoted = inet.read(p.payload:sub(9))
  if type ~= 3 or not quoted or quoted.protocol ~= 50 then return end
  local header = esp.header(quoted.payload)
  if header and sent[header.spi] and header.sequence <= sent[header.spi] and (code ~= 4 or mtu >= 576) then return end
  alert("an ICMP error from " .. p.src .. (code == 4 and " that says only " .. mtu .. " octets pass" or "") .. " about a packet that was not sent", "warning")
  block("forged")
end)
