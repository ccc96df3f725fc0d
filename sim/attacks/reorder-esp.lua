-- No forgery and no key: packets are held back a little and let go. A receiver whose window is narrow takes them for replays.
attack = {
  id = "A25", name = "reorder-esp",
  about = "Holds every third ESP packet back until some later ones have passed",
  position = "on-path",
  needs = "to delay packets by some tens of milliseconds",
  source = "RFC 4303, 3.4.3 (a window of 64 is recommended, larger ones on fast links); catalogue A25",
  unseen = "packets that come late look like those of any line with several ways; how many come late can be counted, who did it cannot be seen",
  shows = {
    vulnerable = "replay_window: 1 - whatever is overtaken is refused as a replay: one packet in three is lost",
    hardened = "replay_window: 64 - what comes late is still in the window, and nothing is lost",
  },
  scenarios = { vulnerable = "reorder-esp", hardened = "reorder-esp-window" },
}

-- Parameters: from = whose packets, by = "120ms", goal_lost = 5
local from, by, seen, held_back, sent, back = "gw-a", "120ms", 0, 0, 0, 0
function on_start(params) from, by = params.from or from, params.by or by end

on({ protocol = "ESP" }, function(p)
  if p.from ~= from then back = back + 1 return end
  seen = seen + 1
  if seen % 3 ~= 0 then return end
  held_back = held_back + 1
  delay(by, "overtaken by the packets behind it")
end)

-- Pings are answered: what was not answered was not delivered.
function on_finish()
  local lost = seen - back
  achieved("make the receiver refuse genuine packets", lost >= held_back // 2 and held_back > 3,
    held_back .. " of " .. seen .. " packets were held back; " .. lost .. " were not answered")
end
