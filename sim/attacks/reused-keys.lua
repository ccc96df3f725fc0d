-- A key exchange whose key pairs are used again. Every session of two such peers has the same g^ir; the nonces differ, and are no secret.
-- One leak - one session's g^ir, from a crash dump - opens all of them, those before and those to come.
attack = {
  id = "A21", name = "reused-keys",
  about = "Learns g^ir of one session, and tries it on every other session it recorded",
  position = "passive",
  needs = "g^ir of one session; a recording of the others",
  source = "RFC 7296, 2.12; Springall, Durumeric, Halderman 2016 (measuring the security harm of TLS crypto shortcuts); catalogue A21",
  unseen = "who only listens sends nothing; a monitor can see the public value that comes back, and not who makes use of it",
  shows = {
    vulnerable = "the peers keep their key pairs: the session after the leak opens with the old g^ir",
    hardened = "each key exchange has key pairs of its own: g^ir of one session opens that one, and no other",
  },
  scenarios = { vulnerable = "reused-keys", hardened = "reused-keys-fresh" },
}

local sessions, order, leaked = {}, {}, nil
local goal = "open a session that was never leaked"

on({}, function(p)
  local octets = ike.octets(p)
  local message = octets and ike.of(p)
  if not message then return end
  local s = sessions[message.spi_i]
  if not s then
    s = { rest = {} }
    sessions[message.spi_i] = s
    order[#order + 1] = message.spi_i
  end
  if message.exchange_name ~= "IKE_SA_INIT" then
    s.rest[#s.rest + 1] = octets
  elseif not message.response then
    s.ni = find(message, "Ni/Nr").data
  elseif find(message, "KE") then
    s.nr, s.spi_r, s.suite = find(message, "Ni/Nr").data, message.spi_r, ike.suite(find(message, "SA").proposals[1])
  end
end)

function on_grant(g)
  if leaked then return end
  leaked = g.value
  mark("One session's g^ir leaks from " .. g.node .. ".")
end

function on_finish()
  local opened, other = 0, 0
  for number, spi_i in ipairs(order) do
    local s = sessions[spi_i]
    if leaked and s.nr then
      local keys = ike.keys(s.suite, { ni = s.ni, nr = s.nr, shared = leaked, spi_i = spi_i, spi_r = s.spi_r })
      local inner = s.rest[1] and ike.open(s.rest[1], s.suite, keys)
      if inner then
        opened = opened + 1
        if number > 1 then other = other + 1 end
        local id = find(inner, "IDi")
        learn("SK_* of session " .. number, "opens IKE_AUTH of session " .. number .. (id and ": " .. id.data or ""), "SKEYSEED from the leaked g^ir and that session's nonces", keys.sk_d)
      end
    end
  end
  achieved(goal, other > 0, opened .. " of " .. #order .. " recorded sessions open with one leaked g^ir")
end
