-- A request of one Message ID has one content: what is repeated is the same octets. Other octets under the same number are somebody's junk.
monitor = {
  name = "junk-auth", about = "IKE_AUTH requests of one IKE SA that differ from one another: at most one of them can be genuine", position = "passive",
  source = "RFC 7296, 2.1 (a retransmission is identical); RFC 8019, 3; catalogue A12",
  scenarios = { alarm = { "junk-auth-flood", "junk-auth-flood-filtered" }, quiet = { "two-gateways", "site-to-site", "lossy-link", "identity-probe" } },
}
local seen, told = {}, {}
on({ exchange = "IKE_AUTH", response = false }, function(p, message)
  if find(message, "SKF") then return end
  local key = message.spi_i .. message.message_id
  local contents = seen[key] or { n = 0 }
  seen[key] = contents
  local print = crypto.hash("sha256", p.payload):sub(1, 8)
  if not contents[print] then contents[print], contents.n = true, contents.n + 1 end
  if contents.n < 3 then return end
  block("one of " .. contents.n .. " different requests under one Message ID")
  if contents.n == 3 then alert("three different IKE_AUTH requests for IKE SA " .. message.spi_i .. ": junk that makes " .. p.dst .. " decrypt", "critical") end
end)
