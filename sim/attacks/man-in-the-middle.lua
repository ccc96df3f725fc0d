-- Two tunnels where the gateways see one. The adversary has an IKE endpoint of its own: to gw-a it is gw-b, to gw-b it is gw-a. Traffic is opened on one
-- side and sealed on the other; nobody loses a packet, and the adversary reads and could change all of them. What it takes is to be believed, twice.
attack = {
  name = "man-in-the-middle", id = "MITM",
  about = "Ends each gateway's tunnel itself, under the other one's name, and passes the traffic on between the two",
  position = "on-path",
  needs = "what each gateway believes: here the shared secret of the two",
  source = "RFC 7296, 2.15 and 5 (who knows a shared secret can be either side)",
  shows = {
    vulnerable = "one shared secret for both, and it is known: two handshakes with the adversary, and every packet read",
    hardened = "certificates: the adversary has a genuine one, but not under the gateways' names, and neither believes it",
  },
  scenarios = { vulnerable = "man-in-the-middle", hardened = "man-in-the-middle-certificates" },
}

-- Parameters: a = "gw-a", b = "gw-b"; the connections of its endpoint are called as-b (towards a) and as-a (towards b).
local a, b, suite = "gw-a", "gw-b", { encr = "aes256gcm16" }
local begun, read, sequence = false, 0, {}

function on_start(params) a, b = params.a or a, params.b or b end

on({ protocol = "IKE" }, function(p, message)
  drop("for the adversary's own endpoint")
  endpoint.receive(p)
  if not begun and message.exchange_name == "IKE_SA_INIT" and p.from == a then
    begun = true
    say("to " .. a .. " the adversary is " .. b .. "; to " .. b .. " it will be " .. a)
    local why = endpoint.command("initiate", { connection = "as-a", child = "net", to = b })
    if why then say("no handshake with " .. b .. ": " .. why) end
  end
end)

-- The keys of one direction of the newest Child SA of a connection.
local function keys_of(connection, direction)
  local found
  for _, sa in ipairs(endpoint.sas()) do
    for _, child in ipairs(sa.esp) do
      if sa.connection == connection and sa.state == "ESTABLISHED" and child.direction == direction then found = child end
    end
  end
  return found
end

on({ protocol = "ESP" }, function(p)
  local inbound = keys_of(p.from == a and "as-b" or "as-a", "in")
  local outbound = keys_of(p.from == a and "as-a" or "as-b", "out")
  local plain = inbound and esp.open(p.payload, suite, inbound.encryption_key)
  if not plain then return end
  drop("opened")
  read = read + 1
  if read == 1 then
    learn("plaintext", "the first packet of the tunnel, from " .. p.from, "opened with keys of its own IKE SA with " .. p.from, plain.payload)
    achieved("read and pass on a tunnel that its ends believe to be theirs", true, "both gateways have a tunnel, and each has it with the adversary")
  end
  if not outbound then return end
  sequence[p.to] = (sequence[p.to] or 0) + 1
  inject{ src = p.src, dst = p.dst, protocol = "ESP", to = p.to, note = "the same packet, under the keys of the other tunnel",
    payload = esp.seal(plain.payload, suite, outbound.encryption_key, nil, { spi = outbound.spi, sequence = sequence[p.to] }) }
end)

function on_finish()
  if read == 0 then achieved("read and pass on a tunnel that its ends believe to be theirs", false, "neither gateway has a tunnel with the adversary") end
  say(read .. " packets read and passed on")
end
