-- Exchanges have an order: IKE_SA_INIT, IKE_AUTH, and then the rest. Their names stand in the header that nobody encrypts.
monitor = {
  name = "before-auth", about = "CREATE_CHILD_SA in an IKE SA that has seen no IKE_AUTH", position = "passive",
  source = "RFC 7296, 1.2 and 1.3; CVE-2014-2338",
  scenarios = { alarm = { "rekey-before-auth", "rekey-before-auth-patched" }, quiet = { "two-gateways", "site-to-site", "lossy-link", "rekey-storm" } },
}
local stage = {}   -- by SPIi: "init" or "auth". One that begins by a rekey was not seen to begin, and is left alone.
on({ exchange = "IKE_SA_INIT" }, function(_, message) stage[message.spi_i] = stage[message.spi_i] or "init" end)
on({ exchange = "IKE_AUTH" }, function(_, message) stage[message.spi_i] = "auth" end)
on({ exchange = "CREATE_CHILD_SA", response = false }, function(p, message)
  if stage[message.spi_i] ~= "init" then return end
  block("before IKE_AUTH")
  if not message.repeated then alert("CREATE_CHILD_SA of " .. p.src .. " in IKE SA " .. message.spi_i .. ", and nobody has said who he is", "critical") end
end)
