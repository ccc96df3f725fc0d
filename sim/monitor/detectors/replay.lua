monitor = {
  name = "replay", about = "An ESP sequence number that was on this link before", position = "passive", source = "RFC 4303, 3.4.3; catalogue A25",
  scenarios = { alarm = { "replay-esp", "replay-esp-open" }, quiet = { "two-gateways", "site-to-site", "lossy-link", "identity-probe" } },
}
local seen, highest, told = {}, {}, {}
on({ protocol = "ESP" }, function(p)
  local header = esp.header(p.payload)
  if not header then return end
  local key = header.spi .. p.from
  local numbers = seen[key] or {}
  seen[key] = numbers
  if numbers[header.sequence] then
    block("sequence number " .. header.sequence .. " once more")
    if not told[key .. header.sequence] then alert("sequence number " .. header.sequence .. " of SA " .. header.spi .. " came twice", "critical") end
    told[key .. header.sequence] = true
  end
  numbers[header.sequence] = true
  numbers[header.sequence - 1024] = nil    -- what is so old no window accepts
end)
