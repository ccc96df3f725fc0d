-- Sensors at both ends of a line compare notes: what arrives must have left the other end, octet for octet, and as often. Whoever stands between them
-- and changes, makes or repeats a packet cannot hide that, whatever keys he has. (What he only reads, holds back or keeps, he can.)
monitor = {
  name = "not-as-sent", about = "Packets that arrive on a line and did not leave its other end: changed on the way, made there, or sent once more",
  position = "both-ends", source = "RFC 7296, 2.15 (AUTH covers what each peer saw; sensors can compare sooner); catalogue A01, A09",
  scenarios = {
    alarm = { "tamper-sa-init", "tamper-sa-init-unread", "rogue-gateway", "rogue-gateway-md5", "rogue-gateway-named", "psk-dictionary", "identity-probe",
      "spoofed-notify", "spoofed-notify-patient", "replay-esp", "replay-esp-open", "cbc-flip", "transcript-downgrade", "success-too-soon",
      "forged-clear", "forged-clear-obeyed", "fragment-flood", "fragment-flood-checked", "nat-hijack", "nat-hijack-mobike", "downgrade-seen" },
    quiet = { "two-gateways", "site-to-site", "lossy-link", "rekey-collision", "reorder-esp" },
  },
}
-- Of the latest packets, so that no flood fills the memory: two generations, and the older one is forgotten when the younger is full.
local function memory()
  local young, old, count = {}, {}, 0
  return function(key, value)
    if value == nil then return young[key] == nil and old[key] or young[key] end
    if young[key] == nil then
      if count == 4096 then young, old, count = {}, young, 0 end
      count = count + 1
    end
    young[key] = value
  end
end
local left = memory()        -- by what the packet is and where it came from: how often it left and has not arrived
local messages = memory()    -- what left, by what it says it is: the same in all but its octets
local told = memory()

local function line_of(p) return p.from .. " " .. p.src .. " " .. p.dst end
local function print_of(p) return line_of(p) .. " " .. bytes.hex(crypto.hash("sha256", p.payload):sub(1, 12)) end

-- What a packet says of itself, in words: the same for a packet and for what somebody made of it.
local function title_of(p, message)
  if message then
    return (message.exchange_name or "IKE message") .. (message.response and " response " or " request ") .. message.message_id .. " of IKE SA " .. message.spi_i
  end
  local header = p.protocol ~= "IKE" and esp.header(p.payload)
  return header and "ESP packet " .. header.sequence .. " of SA " .. header.spi or "a packet"
end

function on_packet(p)
  if p.protocol ~= "IKE" and p.protocol ~= "ESP" and p.protocol ~= "ESP-in-UDP" then return end
  local print = print_of(p)
  local message = not p.fragment and ike.of(p) or nil
  local title = title_of(p, message)
  if p.leaving then
    left(print, (left(print) or 0) + 1)
    messages(line_of(p) .. title, true)
    return
  end
  local count = left(print) or 0
  if count > 0 then return left(print, count - 1) end
  block("not as its sender sent it")
  local why = messages(line_of(p) .. title) and "is not as " .. p.from .. " sent it: changed on the way, or sent once more"
    or "never left " .. p.from .. ": somebody on the way made it, in the name of " .. p.src
  local key = line_of(p) .. (message and message.spi_i or p.protocol)
  if told(key) then return end
  told(key, true)
  alert(title .. " " .. why, "critical")
end
