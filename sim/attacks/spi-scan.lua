-- Messages for IKE SAs that do not exist, to see what an endpoint says about those that do. A good one says nothing at all, or little, to anybody.
attack = {
  id = "A08", name = "spi-scan",
  about = "Sends messages under guessed SPIs, and watches what comes back",
  position = "off-path",
  needs = "to reach the endpoint",
  source = "RFC 7296, 2.4, 2.21.4 (INVALID_IKE_SPI); catalogue A08",
  shows = {
    vulnerable = "an answer under a guessed SPI tells that there is such an IKE SA; each answer is one more fact",
    hardened = "not one answer: the scan learns nothing",
  },
  scenarios = { vulnerable = "spi-scan-answered", hardened = "spi-scan" },
}

-- Parameters: target, own, count = 20
local p, sent, answers = nil, 0, 0
function on_start(params)
  p = params
  assert(p.target and p.own, "parameters target, own")
  timer.after("1s", "scan")
end
function on_timer()
  sent = sent + 1
  inject{ src = p.own, src_port = 500, dst = p.target, dst_port = 500, protocol = "IKE", note = "INFORMATIONAL under a guessed SPI",
    payload = ike.encode{ spi_i = bytes.hex(crypto.random(8)), spi_r = string.format("%016x", sent), exchange = 37, initiator = true, message_id = 2,
      payloads = { { number = 46, body = crypto.random(40) } } } }
  if sent < tonumber(p.count or "20") then timer.after("50ms", "scan") end
end
on({ protocol = "IKE" }, function() answers = answers + 1 end)
function on_finish()
  achieved("learn which IKE SAs there are", answers > 0, sent .. " guesses, " .. answers .. " answers")
end
