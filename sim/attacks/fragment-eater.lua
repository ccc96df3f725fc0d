-- A middlebox that drops IP fragments, as many firewalls and home routers do. It need not mean harm: IKE_AUTH with certificates is larger than what a
-- path takes in one piece, IP cuts it up, and the pieces never arrive.
attack = {
  id = "A16", name = "fragment-eater",
  about = "Drops every IP fragment, and nothing else",
  position = "on-path",
  needs = "an IKE message that is larger than the path's MTU",
  source = "RFC 7383, 1 and 2.5; catalogue A16",
  unseen = "fragments that are missing look like those of any line that loses packets, or of a firewall that somebody set up so",
  shows = {
    vulnerable = "fragmentation: no - IP cuts IKE_AUTH up, the pieces are dropped, and the initiator repeats itself until it gives up",
    hardened = "fragmentation: yes - IKE cuts its messages up itself, each piece is a whole datagram, and all of them arrive",
  },
  scenarios = { vulnerable = "fragment-eater", hardened = "fragment-eater-rfc7383" },
}

local eaten, up = 0, false

function on_packet(p)
  if not p.fragment then return end
  eaten = eaten + 1
  drop("an IP fragment")
end
on({ exchange = "IKE_AUTH", response = true }, function(p)
  if not p.fragment then up = true end
end)
on({ protocol = "ESP" }, function() up = true end)

function on_finish()
  achieved("keep large messages from arriving", eaten > 0 and not up, eaten .. " IP fragments dropped; " .. (up and "the tunnel came up" or "no tunnel came up"))
end
