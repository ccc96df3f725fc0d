-- Identities, or secrets, tried one after another look alike from outside: IKE_AUTH, a short answer, and nothing after it.
monitor = {
  name = "guessing", about = "One source fails IKE_AUTH again and again: it tries identities or secrets", position = "passive", source = "catalogue A07, A08",
  scenarios = { alarm = { "secret-guessing", "secret-guessing-filtered" }, quiet = { "two-gateways", "site-to-site", "lossy-link", "identity-probe" } },
}
-- An answer that holds a refusal and nothing else is shorter than this, whatever the cipher.
local short, failed = 120, {}
on({ exchange = "IKE_AUTH", response = true, repeated = false }, function(p, message)
  if message.length >= short then failed[p.dst] = nil return end
  failed[p.dst] = (failed[p.dst] or 0) + 1
  if failed[p.dst] == 4 then alert("four IKE_AUTH exchanges of " .. p.dst .. " in a row were refused", "warning") end
end)
on({ exchange = "IKE_SA_INIT", response = false }, function(p)
  if (failed[p.src] or 0) >= 4 then block("after four refusals in a row") end
end)
