-- Requests that nobody goes on with. An honest initiator that is asked for a cookie comes back with it; who forges addresses never does.
monitor = {
  name = "half-open-flood", about = "More IKE_SA_INIT requests to one responder than people make, and few of them go on", position = "passive",
  source = "RFC 8019, 3; catalogue A11",
  scenarios = { alarm = { "sa-init-flood", "sa-init-flood-cookies", "lock-out", "lock-out-cookies" }, quiet = { "two-gateways", "site-to-site", "lossy-link", "identity-probe" } },
}
-- Parameter: limit = 30 requests in one second
local limit, window, told = 30, {}, {}
function on_start(params) limit = tonumber(params.flood_limit or limit) end

on({ exchange = "IKE_SA_INIT", response = false }, function(p, message)
  if notify_of(message, "COOKIE") then return end
  local times = window[p.dst] or {}
  window[p.dst] = times
  times[#times + 1] = p.time
  while times[1] < p.time - 1 do table.remove(times, 1) end
  if #times <= limit then return end
  block("over " .. limit .. " requests a second without a cookie")
  if p.time > (told[p.dst] or -10) + 1 then
    told[p.dst] = p.time
    alert(#times .. " IKE_SA_INIT requests to " .. p.dst .. " within one second", "critical")
  end
end)
