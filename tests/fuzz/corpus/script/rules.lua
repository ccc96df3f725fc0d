attack = { name = "t", about = "a test", position = "on-path" }
on({ exchange = "IKE_SA_INIT", nth = 1 }, function(p, m) local talk = conversation(m) talk.n = 1 modify(ike.encode(m), "as it was") end)
on({ protocol = "ESP" }, function(p) local h = esp.header(p.payload) learn("spi", h.spi, "read", h.spi) drop("kept") end)
function on_timer(label) inject{ src = "192.0.2.1", dst = "192.0.2.2", protocol = "ESP", payload = crypto.random(40) } end
function on_start() timer.after("1ms", "x") end
