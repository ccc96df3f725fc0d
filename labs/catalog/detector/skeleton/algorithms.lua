-- The detector of old algorithms, on the wire in front of gw-b. It sees every packet, decrypts none, and may only watch.
monitor = {
  name = "algorithms", about = "Watches for handshakes with old algorithms", position = "passive",
  source = "RFC 8247",
}

-- on(...) says which messages this is called for; `message` is the packet, decoded. alert(text) reports the packet in hand.
on({ exchange = "IKE_SA_INIT" }, function(p, message)
  for _, payload in ipairs(message.payloads) do
    if payload.type == "SA" then
      -- payload.proposals is a list; a proposal has transforms, each with a name as IANA writes it.
      -- message.response: true for an answer, in which the one proposal is the one that was chosen.
    end
  end
end)
