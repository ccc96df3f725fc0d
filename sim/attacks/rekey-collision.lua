-- Two sides that begin the same rekey at once end with two new SAs where one is wanted (RFC 7296, 2.8.1). Chance makes this rare; somebody
-- who holds one side's request back makes it happen. Who knows the nonce rule deletes the right one, and traffic never notices.
attack = {
  id = "A23", name = "rekey-collision",
  about = "Holds one side's CREATE_CHILD_SA until the other side begins a rekey of its own, then lets both go",
  position = "on-path",
  needs = "to hold packets back for some seconds, and rekeying on both sides",
  source = "RFC 7296, 2.8.1; strongSwan issue 1896; catalogue A23",
  unseen = "each message arrives as it was sent, one of them late: a slow line looks the same",
  shows = {
    vulnerable = "where both sides rekey, held requests end in a collision: twice the exchanges, resolved by the lowest nonce",
    hardened = "where the lifetimes are apart and one side rekeys, nothing collides",
  },
  scenarios = { vulnerable = "rekey-collision", hardened = "rekey-collision-one-side" },
}

local rounds, holding = 0, nil

on({ exchange = "CREATE_CHILD_SA", response = false, repeated = false }, function(p, message)
  if rounds >= 1 then return end
  if not holding then
    holding = p.from
    hold(p, "first", "held until " .. p.to .. " begins a rekey as well")
  elseif p.from ~= holding then
    rounds = rounds + 1
    holding = nil
    say("both sides have begun: the held request goes on its way")
    release("first", { note = "let go, into a rekey of the other side" })
  end
end)
on({ exchange = "CREATE_CHILD_SA", response = false, repeated = true }, function(p)
  if p.from == holding then drop("a repetition of what is held") end
end)

function on_finish()
  achieved("make two rekeys collide", rounds > 0, rounds > 0 and "both requests were under way at once" or "the other side did not begin while one was held")
end
