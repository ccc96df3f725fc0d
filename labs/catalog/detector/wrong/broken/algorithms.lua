-- The detector of old algorithms, on the wire in front of gw-b. It sees every packet, decrypts none, and may only watch.
monitor = {
  name = "algorithms", about = "Watches for handshakes with old algorithms", position = "passive",
  source = "RFC 8247",
}

local old = { AUTH_HMAC_SHA1_96 = true, MODP_2048 = true }

-- on(...) says which messages this is called for; `message` is the packet, decoded. alert(text) reports the packet in hand.
on({ exchange = "IKE_SA_INIT", response = true }, function(p, message)
  for _, payload in ipairs(message.payloads) do
    if payload.type == "SA" then
      for _, t in ipairs(payload.proposals[1].transforms) do
        if old[t.name] then return alert(t.name .. " was chosen") end
      end
    end
  end
end)
