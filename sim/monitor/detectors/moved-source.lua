-- An SA whose packets come from another address: its peer has moved, or a NAT box in front of it has - or somebody sends its packets on. From outside
-- these look alike, so that this detector is for networks where nobody moves.
monitor = {
  name = "moved-source", about = "ESP packets of one SA from another address than before", position = "passive",
  source = "RFC 7296, 2.23; RFC 4555; catalogue A29",
  scenarios = { alarm = { "nat-hijack", "nat-hijack-mobike" }, quiet = { "two-gateways", "site-to-site", "lossy-link", "behind-nat" } },
}
local source, told = {}, {}
function on_packet(p)
  if p.protocol ~= "ESP" and p.protocol ~= "ESP-in-UDP" then return end
  if ike.of(p) then return end
  local header = esp.header(p.payload)
  if not header then return end
  local key = header.spi .. " " .. p.dst
  local before = source[key]
  source[key] = before or p.src
  if not before or before == p.src then return end
  block("from " .. p.src .. ", and its SA's packets came from " .. before)
  if told[key .. p.src] then return end
  told[key .. p.src] = true
  alert("packets of SA " .. header.spi .. " came from " .. before .. ", and come from " .. p.src .. " now", "warning")
end
