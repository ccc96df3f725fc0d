attack = { name = "t", about = "a test", position = "passive" }
function on_packet(p) local s = ("x"):rep(60000) string.format("%s%s", s, s) table.concat({ s, s }, s) ike.decode(s) end
function on_finish() local function f(n) return f(n + 1) + 1 end f(1) end
