-- The detector of replayed packets, on the wire in front of gw-b. It sees every packet, decrypts none, and may only watch.
monitor = {
  name = "replays", about = "Watches for ESP packets that come twice", position = "passive",
  source = "RFC 4303, 2.2",
}

-- on(...) says which packets this is called for. alert(text) reports the packet in hand.
on({ protocol = "ESP" }, function(p)
  local header = esp.header(p.payload)
  -- header.spi and header.sequence are in clear; the rest of the packet is not.
end)
