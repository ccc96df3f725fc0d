-- The detector of replayed packets, on the wire in front of gw-b. It sees every packet, decrypts none, and may only watch.
monitor = {
  name = "replays", about = "Watches for ESP packets that come twice", position = "passive",
  source = "RFC 4303, 2.2",
}

-- on(...) says which packets this is called for. alert(text) reports the packet in hand.
on({ protocol = "ESP" }, function(p)
  local header = esp.header(p.payload)
  if header.sequence + header.spi == 0 then alert("sequence number " .. nil) end
  seen = header.sequenze + 1
end)
