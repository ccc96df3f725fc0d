-- Records ESP packets and sends them again, unread. Whether the receiver was fooled shows on the wire: it answers.
attack = {
  id = "A25", name = "replay-esp",
  about = "Records ESP packets of one direction and sends the same octets again, without knowing a key",
  position = "on-path",
  needs = "traffic that is answered, such as ping",
  source = "RFC 4303, 3.4.3 (anti-replay); RFC 4301, 4.4.2.1",
  shows = {
    vulnerable = "replay_window: 0 - the receiver opens each copy, and the host behind it answers each one",
    hardened = "replay_window: 64 (the default) - every copy is refused as E-ESP-REPLAY, nobody answers",
  },
  scenarios = { vulnerable = "replay-esp-open", hardened = "replay-esp" },
}

-- Parameters: from = the node whose packets are recorded (default: who speaks first), packets = how many (5),
-- wait = pause before the replay ("300ms"), listen = how long to wait for answers ("600ms").
local from, want, wait, listen
local recorded = {}          -- packets to replay
local known = {}             -- SPIs seen
local phase = "record"
local genuine, answers = 0, 0 -- while listening: fresh packets of the recorded direction, packets coming back
local answer_size             -- of what came back after a recorded packet

function on_start(params)
  from = params.from
  want = math.tointeger(tonumber(params.packets or "5"))
  assert(want and want > 0, "packets must be a whole number above 0")
  wait = params.wait or "300ms"
  listen = params.listen or "600ms"
end

local function learn_spi(p, header)
  if known[header.spi] then return end
  known[header.spi] = true
  learn("SPI " .. header.spi, "an ESP SA carries traffic from " .. p.from .. " to " .. p.to,
    "the SPI stands in clear at the head of every ESP packet", bytes.from_hex(header.spi))
end

local function record(p, header)
  recorded[#recorded + 1] = p
  say("recorded sequence number " .. header.sequence .. ", " .. p.size .. " octets I cannot read")
  if #recorded == want then
    phase = "wait"
    timer.after(wait, "replay")
  end
end

function on_packet(p)
  local header = p.protocol == "ESP" and esp.header(p.payload)
  if not header then return end
  learn_spi(p, header)
  from = from or p.from
  if p.from == from then
    if phase == "record" then record(p, header) end
    if phase == "listen" then genuine = genuine + 1 end
  else
    if phase == "record" and #recorded > 0 then answer_size = p.size end
    if phase == "listen" and p.size == answer_size then answers = answers + 1 end
  end
end

local function verdict()
  local caused = math.max(answers - genuine, 0)
  local worked = 2 * caused >= #recorded
  if worked then
    learn("the receiver", "accepts what it has accepted before: it has no anti-replay window",
      caused .. " answers of " .. answer_size .. " octets came back to " .. #recorded .. " replayed packets")
  else
    learn("the receiver", "remembers sequence numbers and drops what it has seen",
      #recorded .. " packets replayed, " .. caused .. " answers came back")
  end
  achieved("make the receiver accept old packets", worked,
    worked and "every replayed packet was delivered once more and answered" or "no replayed packet was delivered")
end

function on_timer(label)
  if label == "replay" then
    phase = "listen"
    mark("The adversary replays what it recorded")
    for i, p in ipairs(recorded) do
      replay(p, { after = (i - 1) * 10 .. "ms", note = "sequence number " .. esp.header(p.payload).sequence .. " once more" })
    end
    timer.after(listen, "verdict")
  else
    phase = "done"
    verdict()
  end
end

function on_finish()
  if phase ~= "done" then
    achieved("make the receiver accept old packets", false, "only " .. #recorded .. " ESP packets came by")
  end
end
