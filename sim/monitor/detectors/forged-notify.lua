-- After IKE_SA_INIT everything is encrypted, and a request has one answer.
monitor = {
  name = "forged-notify", about = "Messages in the clear for an IKE SA that has keys, and answers to IKE_SA_INIT that contradict each other",
  position = "passive", source = "RFC 7296, 2.21; catalogue A17, A32",
  scenarios = { alarm = { "spoofed-notify", "spoofed-notify-patient", "forged-clear", "forged-clear-obeyed" }, quiet = { "two-gateways", "site-to-site", "lossy-link", "identity-probe" } },
}
local refused, accepted = {}, {}
on({ exchange = "IKE_SA_INIT", response = true }, function(p, message)
  local spi = message.spi_i
  if find(message, "SA") then
    accepted[spi] = true
    if refused[spi] then alert("IKE_SA_INIT of " .. spi .. " was refused and accepted: one of the answers is forged", "critical", { datagram = refused[spi] }) end
  else
    local retry = notify_of(message, "COOKIE") or notify_of(message, "INVALID_KE_PAYLOAD")
    if accepted[spi] then
      alert("a refusal after the acceptance of IKE_SA_INIT " .. spi, "critical")
      block("contradicts the answer before it")
    elseif not retry then
      refused[spi] = p.datagram
    end
  end
end)
on({}, function(p)
  local message = ike.of(p)
  if not message or message.exchange_name == "IKE_SA_INIT" or message.version ~= 32 then return end
  if find(message, "SK") or find(message, "SKF") then return end
  -- RFC 7296, 2.21.4: about an IKE SA that nobody has made, INVALID_IKE_SPI may be said in the clear
  if message.response and notify_of(message, "INVALID_IKE_SPI") and not accepted[message.spi_i] then return end
  -- RFC 6290, 4.5: who has lost an IKE SA in a crash says so in the clear, and proves it with a token that no detector can check
  if message.response and notify_of(message, "INVALID_IKE_SPI") and notify_of(message, "QUICK_CRASH_DETECTION") then return end
  alert("a message in the clear for IKE SA " .. message.spi_i .. ": " .. message.exchange_name, "critical")
  block("in the clear, for an SA that has keys")
end)
