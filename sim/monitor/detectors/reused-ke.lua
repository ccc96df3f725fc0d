-- Fresh key exchanges have fresh public values. The same one in two IKE SAs says that its private value is kept: who learns it once opens both.
monitor = {
  name = "reused-ke", about = "One public value in the key exchanges of several IKE SAs", position = "passive", source = "RFC 7296, 2.12; catalogue A21",
  scenarios = { alarm = { "reused-keys" }, quiet = { "two-gateways", "site-to-site", "lossy-link", "reused-keys-fresh" } },
}
local first, used, told = {}, {}, {}
on({ exchange = "IKE_AUTH" }, function(_, message) used[message.spi_i] = true end)
on({ exchange = "IKE_SA_INIT", payload = "KE" }, function(p, message)
  local value = find(message, "KE").data
  if #value < 16 then return end    -- toys repeat by chance
  local print = p.src .. bytes.hex(crypto.hash("sha256", value):sub(1, 12))
  first[print] = first[print] or message.spi_i
  -- a flood has one value for all its requests, and goes on with none: that is another detector's
  if first[print] == message.spi_i or not used[first[print]] or told[print] then return end
  told[print] = true
  alert(p.src .. " has the same public value in IKE SA " .. message.spi_i .. " as in " .. first[print] .. ": its key pair is kept", "warning")
end)
