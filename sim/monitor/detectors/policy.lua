monitor = {
  name = "policy", about = "Algorithms that RFC 8247 forbids, version 1 of IKE, and packets between protected networks in the clear", position = "passive",
  source = "RFC 8247; RFC 9395; RFC 4301, 5",
  scenarios = { alarm = { "small-group", "transcript-downgrade", "ikev1-gateways", "ikev1-road-warrior", "clear-text" }, quiet = { "two-gateways", "site-to-site", "lossy-link", "identity-probe" } },
}
-- Parameter: protected = "10." (a prefix of addresses that must not be seen in the clear)
local protected, told = "10.", {}
local bad = {
  [1] = { [2] = "DES", [3] = "3DES", [11] = "NULL" }, [2] = { [1] = "HMAC_MD5" }, [3] = { [1] = "HMAC_MD5_96" },
  [4] = { [1] = "MODP_768", [2] = "MODP_1024", [5] = "MODP_1536", [22] = "MODP_1024_160" },
}
function on_start(params) protected = params.protected or protected end
local function once(key, text)
  if not told[key] then alert(text, "warning") end
  told[key] = true
end
on({ exchange = "IKE_SA_INIT", response = true, payload = "SA" }, function(p, message)
  for _, t in ipairs(find(message, "SA").proposals[1].transforms) do
    local name = bad[t.type] and bad[t.type][t.id] or t.type == 4 and t.id >= 1024 and "a group of private use"
    if name then once(p.src .. name, p.src .. " agreed to " .. name) end
  end
end)
on({}, function(p)
  if p.protocol ~= "IKE" and p.protocol ~= "ESP" then
    if p.src:sub(1, #protected) == protected and p.dst:sub(1, #protected) == protected then
      once(p.src .. p.dst, "a packet from " .. p.src .. " to " .. p.dst .. " in the clear")
      block("in the clear")
    end
    return
  end
  local message = ike.of(p)
  if message and message.version == 16 then once(p.src .. "v1", p.src .. " speaks version 1 of IKE") end
end)
