monitor = {
  name = "fragment-flood", about = "Fragments of IKE messages that contradict each other, or whose message never becomes whole", position = "passive",
  source = "RFC 7383, 2.6; CVE-2016-10396; catalogue A15",
  scenarios = { alarm = { "fragment-flood", "fragment-flood-checked" }, quiet = { "two-gateways", "site-to-site", "lossy-link", "identity-probe" } },
}
local parts, open, told = {}, {}, {}
on({ payload = "SKF" }, function(p, message)
  local skf = find(message, "SKF")
  local number, total = bytes.u16(skf.body, 1), bytes.u16(skf.body, 3)
  local key = message.spi_i .. (message.response and "r" or "q") .. message.message_id
  local known = parts[key] or { n = 0, total = total }
  parts[key] = known
  local print = bytes.hex(crypto.hash("sha256", skf.body):sub(1, 6))
  local same = known[number]
  if same and same ~= print or total < known.total then
    known.wrong = (known.wrong or 0) + 1
    if known.wrong >= 2 then block("contradicts a fragment before it") end
    if known.wrong == 2 then alert("fragments of one message contradict each other: " .. p.src .. " sends junk, or somebody in its name", "critical") end
    return
  end
  if not same then known[number], known.n = print, known.n + 1 end
  local count = (open[p.src] or 0) + (known.n == 1 and 1 or 0) - (known.n == total and 1 or 0)
  open[p.src] = count
  if count == 8 and not told[p.src] then
    told[p.src] = true
    alert("eight messages of " .. p.src .. " are fragments that never become whole", "warning")
  end
end)
