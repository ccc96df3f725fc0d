-- Message IDs of one side go up by one. A jump comes from somebody who does not know the count, or wants to upset it.
monitor = {
  name = "dpd-spoofing", about = "A liveness check, or its answer, with a Message ID that the IKE SA has not come to", position = "passive",
  source = "RFC 7296, 2.2 and 2.4; catalogue A32",
  scenarios = { alarm = { "forged-clear", "forged-clear-obeyed" }, quiet = { "two-gateways", "site-to-site", "lossy-link", "identity-probe" } },
}
local expected = {}
on({ exchange = "INFORMATIONAL" }, function(p, message)
  local key = message.spi_i .. (message.initiator ~= message.response and "i" or "r")   -- whose request it is
  local last = expected[key]
  if message.message_id > (last or 1) + 4 then
    alert("Message ID " .. message.message_id .. " after " .. (last or "none") .. " in IKE SA " .. message.spi_i, "warning")
    block("a Message ID out of nowhere")
    return
  end
  expected[key] = math.max(last or 0, message.message_id)
end)
on({ exchange = "CREATE_CHILD_SA", response = false }, function(_, message)
  local key = message.spi_i .. (message.initiator and "i" or "r")
  expected[key] = math.max(expected[key] or 0, message.message_id)
end)
