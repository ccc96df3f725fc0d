-- Changes one bit of every ESP packet towards gw-b, deep inside what is encrypted. Without integrity nobody can tell.
attack = {
  name = "flip",
  about = "Flips one bit in the middle of each ESP packet of one direction",
  position = "on-path",
  needs = "to change packets on the link",
  source = "RFC 4303, 2.8 and RFC 8221, 4 (encryption without authentication is not to be used)",
  shows = { vulnerable = "the packet is opened, with other content", hardened = "it is refused: E-ESP-ICV" },
}
local changed = 0
function on_packet(p)
  if p.protocol ~= "ESP" or p.to ~= "gw-b" then return end
  changed = changed + 1
  modify(bytes.flip(p.payload, p.size // 2, 0), "one bit of octet " .. p.size // 2)
end
function on_finish()
  learn("packets", changed .. " packets were changed on the way", "counted")
end
