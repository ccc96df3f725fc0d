-- Who wants a tunnel is refused once, and goes on with what the answer asks for. Who wants to know what a gateway would accept goes on asking.
monitor = {
  name = "probing", about = "One source begins IKE SA after IKE SA, and goes on with none: it reads the answers", position = "passive",
  source = "ike-scan, ikeforce; RFC 7296, 2.7; catalogue A08",
  scenarios = { alarm = { "group-enumeration", "group-enumeration-one" }, quiet = { "two-gateways", "site-to-site", "lossy-link", "spoofed-notify" } },
}
local refused, told = {}, {}
on({ exchange = "IKE_SA_INIT", response = true }, function(p, message)
  if find(message, "SA") then refused[p.dst] = nil return end
  if not notify_of(message, "NO_PROPOSAL_CHOSEN") and not notify_of(message, "INVALID_KE_PAYLOAD") then return end
  local spis = refused[p.dst] or { n = 0 }
  refused[p.dst] = spis
  if not spis[message.spi_i] then spis[message.spi_i], spis.n = true, spis.n + 1 end
  if spis.n < 4 or told[p.dst] then return end
  told[p.dst] = true
  alert("four IKE SAs that " .. p.dst .. " began were refused in a row, and it went on with none of them: it reads the answers", "warning")
end)
on({ exchange = "IKE_SA_INIT", response = false }, function(p)
  if refused[p.src] and refused[p.src].n >= 4 then block("after four refusals in a row") end
end)
