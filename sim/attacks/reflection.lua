-- A mirror. Everything an endpoint says is sent back to it, as if its peer had said it. Where both sides prove themselves with the same secret
-- and nobody says who must be on the other side, an endpoint may end up with an IKE SA with itself.
attack = {
  id = "A03", name = "reflection",
  about = "Sends each message of one endpoint back to it, with the peer's address as its source",
  position = "on-path",
  needs = "to keep the peer's messages away; a shared secret that both sides use, and no identity that is asked for",
  source = "Cremers, Key Exchange in IPsec Revisited (2011); RFC 7296, 2.15; catalogue A03",
  shows = {
    vulnerable = "remote: without an id - the endpoint takes its own AUTH for its peer's, and has a tunnel with itself",
    hardened = "remote: {id: gw-b.example} - who says to be gw-a is not who was expected: AUTHENTICATION_FAILED",
  },
  scenarios = { vulnerable = "reflection", hardened = "reflection-named" },
}

-- Parameter: victim = "gw-a"
local victim, reflected, longest = "gw-a", 0, 0
local goal = "make an endpoint talk to itself"

function on_start(params) victim = params.victim or victim end

function on_packet(p)
  local octets = ike.octets(p)
  if not octets or p.fragment then return end
  if p.from ~= victim then return drop("the genuine peer is kept away") end
  drop("for the mirror")
  reflected = reflected + 1
  local message = ike.of(p)
  if message.exchange_name == "IKE_AUTH" and message.response then longest = math.max(longest, message.length) end
  inject{ src = p.dst, src_port = p.dst_port, dst = p.src, dst_port = p.src_port, protocol = p.protocol, to = victim, payload = p.payload,
    note = message.exchange_name .. (message.response and " response" or " request") .. ", back to where it came from" }
end

function on_finish()
  -- a refusal is a notification and nothing else; AUTH, SA and selectors are longer
  local worked = longest > 120
  achieved(goal, worked, reflected .. " messages reflected; " .. (worked and "IKE_AUTH was answered in full, by " .. victim .. " to " .. victim
    or longest > 0 and "IKE_AUTH was answered with a refusal" or "IKE_AUTH was not answered"))
end
