monitor = {
  name = "spi-scan", about = "Messages for IKE SAs that nobody has seen being made", position = "passive", source = "RFC 7296, 2.4 and 2.21.4",
  scenarios = { alarm = { "spi-scan", "spi-scan-answered" }, quiet = { "two-gateways", "site-to-site", "lossy-link", "identity-probe" } },
}
local known, misses, told = {}, {}, {}
on({ exchange = "IKE_SA_INIT" }, function(_, message) known[message.spi_i] = true end)
on({}, function(p)
  local message = ike.of(p)
  if not message or message.exchange_name == "IKE_SA_INIT" or message.version ~= 32 or known[message.spi_i] then return end
  if message.exchange == 36 then known[message.spi_i] = true end    -- a successor by rekeying appears here first
  misses[p.src] = (misses[p.src] or 0) + 1
  if misses[p.src] > 5 then block("for an IKE SA that nobody has made") end
  if misses[p.src] == 5 then alert(p.src .. " sent five messages for IKE SAs that were never begun here", "warning") end
end)
