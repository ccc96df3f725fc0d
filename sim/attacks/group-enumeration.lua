-- IKE_SA_INIT is answered before anybody has proven anything, and the answer tells what the responder would accept: one request for each
-- group and cipher, and its configuration lies open. Nothing can hide what one must answer; it can be little, and the same for all.
attack = {
  id = "A08", name = "group-enumeration",
  about = "Offers one transform after another in IKE_SA_INIT, and reads the responder's configuration from its answers",
  position = "off-path",
  needs = "to reach the responder",
  source = "ike-scan, ikeforce; RFC 7296, 2.7; catalogue A08",
  shows = {
    vulnerable = "a responder that keeps old groups beside the new ones says so to everybody: the weakest of them is known",
    hardened = "one modern suite: the scan finds that and nothing weaker to aim at",
  },
  scenarios = { vulnerable = "group-enumeration", hardened = "group-enumeration-one" },
}

-- Parameters: target, own
local p, at, accepted, names = nil, 0, {}, {}
local groups = { { 14, 256, 112 }, { 15, 384, 128 }, { 16, 512, 140 }, { 19, 64, 128 }, { 20, 96, 192 }, { 31, 32, 128 }, { 1031, 4, 20 } }
local asked = {}

function on_start(params)
  p = params
  assert(p.target and p.own, "parameters target, own")
  timer.after("1s", "ask")
end

function on_timer()
  at = at + 1
  local group = groups[at]
  local spi = bytes.hex(crypto.random(8))
  asked[spi] = group
  -- the KE payload is of another group: the responder need not compute anything, and names the one it wants
  local transforms = { { type = 1, id = 20, key_bits = 256 }, { type = 1, id = 20, key_bits = 128 }, { type = 2, id = 5 }, { type = 2, id = 6 }, { type = 4, id = group[1] } }
  inject{ src = p.own, src_port = 500, dst = p.target, dst_port = 500, protocol = "IKE", note = "IKE_SA_INIT that offers group " .. group[1] .. " alone",
    payload = ike.encode{ spi_i = spi, spi_r = "0000000000000000", exchange = 34, initiator = true, message_id = 0,
      payloads = { ike.sa{ number = 1, protocol = 1, spi = "", transforms = transforms },
        { number = 34, body = string.pack(">I2I2", 2, 0) .. string.rep("\1", 128) }, ike.nonce(crypto.random(32)) } } }
  if at < #groups then timer.after("100ms", "ask") end
end

on({ exchange = "IKE_SA_INIT", response = true }, function(_, message)
  local group = asked[message.spi_i]
  if not group then return end
  asked[message.spi_i] = nil
  if notify_of(message, "NO_PROPOSAL_CHOSEN") then return end
  accepted[#accepted + 1] = group
  names[#names + 1] = tostring(group[1])
  learn("group " .. group[1], "the responder accepts it: about " .. group[3] .. " bits", "it answered " ..
    (message.payloads[1].notify_name or "with an SA payload") .. " to an offer of this group alone")
end)

function on_finish()
  local weakest = 999
  for _, group in ipairs(accepted) do weakest = math.min(weakest, group[3]) end
  achieved("find something weak to aim at", weakest < 128,
    #accepted == 0 and "no answer told anything" or "accepted: groups " .. table.concat(names, ", ") .. "; the weakest has about " .. weakest .. " bits")
end
