attack = { name = "t", about = "a test", position = "on-path" }
function on_packet(p) if p.protocol == "IKE" then hold(p, "x", "later") else release("x", { after = "1ms" }) end end
