monitor = {
  name = "rekey-storm", about = "More CREATE_CHILD_SA exchanges of one IKE SA than any lifetime asks for", position = "passive", source = "RFC 7296, 2.8; catalogue A23",
  scenarios = { alarm = { "rekey-storm" }, quiet = { "two-gateways", "site-to-site", "lossy-link", "identity-probe" } },
}
local times, told = {}, {}
on({ exchange = "CREATE_CHILD_SA", response = false, repeated = false }, function(p, message)
  local list = times[message.spi_i] or {}
  times[message.spi_i] = list
  list[#list + 1] = p.time
  while list[1] < p.time - 10 do table.remove(list, 1) end
  if #list == 5 and p.time > (told[message.spi_i] or -60) + 10 then
    told[message.spi_i] = p.time
    alert("five rekeys of IKE SA " .. message.spi_i .. " within ten seconds", "warning")
  end
end)
