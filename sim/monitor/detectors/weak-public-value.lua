-- A public value that makes the shared secret known to everybody: zero, one, or too short for its group. No honest peer draws it.
monitor = {
  name = "weak-public-value", about = "A KE payload of zero or one, from which the shared secret follows without a key", position = "passive",
  source = "RFC 6989, 2; CVE-2015-3240",
  scenarios = { alarm = { "zero-ke", "zero-ke-patched" }, quiet = { "two-gateways", "site-to-site", "lossy-link", "small-group" } },
}
on({ exchange = "IKE_SA_INIT", payload = "KE" }, function(p, message)
  local data = find(message, "KE").data
  local zeros = ("\0"):rep(#data - 1)
  if #data == 0 or (data:sub(1, -2) ~= zeros and data:sub(2) ~= zeros) or (data:byte(1) > 1 or data:byte(-1) > 1) then return end
  block("a public value of " .. data:byte(-1))
  if not message.repeated then alert("the public value of " .. p.src .. " is " .. math.max(data:byte(1), data:byte(-1)) .. ": nobody draws that", "critical") end
end)
