-- What an initiator offers does not get weaker overnight, and the responder does not ask for a weaker group than the one it was offered first.
monitor = {
  name = "downgrade", about = "An offer lost its strongest part, or the answer is not the strongest of what was offered", position = "passive",
  source = "RFC 7296, 2.7 and 2.15; draft-ietf-ipsecme-ikev2-downgrade-prevention; catalogue A01",
  scenarios = { alarm = { "downgrade-seen" }, quiet = { "two-gateways", "site-to-site", "lossy-link", "identity-probe" } },
}
local offers = {}    -- by "src dst": the best of each transform type ever offered
local current = {}   -- by SPI: the best of this offer
local weaker = {}    -- by SPI: which part of this offer got lost, and the packet

-- Bits that an attacker has to work for, about; only the order matters.
local ke = { [1] = 40, [2] = 80, [5] = 90, [14] = 112, [15] = 128, [16] = 140, [19] = 128, [20] = 192, [21] = 256, [31] = 128, [32] = 224,
  [35] = 128, [36] = 192, [37] = 256 }
local function strength(t)
  if t.type == 4 then return ke[t.id] or 20 end
  if t.type == 1 then return t.key_bits ~= 0 and t.key_bits or t.id == 28 and 256 or 56 end
end
local function best_of(proposals)
  local best = {}
  for _, proposal in ipairs(proposals) do
    for _, t in ipairs(proposal.transforms) do
      local s = strength(t)
      if s and s > (best[t.type] or 0) then best[t.type] = s end
    end
  end
  return best
end
local names = { [1] = "encryption", [4] = "key exchange" }

on({ exchange = "IKE_SA_INIT", response = false, payload = "SA" }, function(p, message)
  local best, pair = best_of(find(message, "SA").proposals), p.src .. " " .. p.dst
  local before = offers[pair] or {}
  for type, s in pairs(before) do
    if (best[type] or 0) < s then weaker[message.spi_i] = { part = names[type], datagram = p.datagram } end
  end
  for type, s in pairs(best) do before[type] = math.max(before[type] or 0, s) end
  offers[pair], current[message.spi_i] = before, best
end)
-- Who only asks what would be accepted goes no further; who was robbed of the strong part of the offer does not know, and goes on.
on({ exchange = "IKE_AUTH", response = false, repeated = false }, function(p, message)
  local lost = weaker[message.spi_i]
  if not lost then return end
  weaker[message.spi_i] = nil
  alert("the offer of " .. p.src .. " lacked the " .. lost.part .. " it offered before, and it goes on: somebody took it out", "critical", lost)
end)
on({ exchange = "IKE_SA_INIT", response = true, payload = "SA" }, function(p, message)
  local offered, chosen = current[message.spi_i], best_of(find(message, "SA").proposals)
  for type, s in pairs(offered or {}) do
    if (chosen[type] or 0) < s then
      alert(p.src .. " chose a weaker " .. names[type] .. " than the best on offer", "warning")
    end
  end
end)
