-- The part of mallory's script that tries secrets. The rest is sim/attacks/psk-dictionary.lua: it answers IKE_SA_INIT in gw-b's place, makes the
-- keys of that exchange, opens the initiator's IKE_AUTH, and calls on_timer when AUTH is there. From it you have
--   trial.auth, trial.octets            the AUTH that gw-a sent, and what it covers; me.suite.prf is the negotiated PRF
--   ike.psk_auth(prf, secret, octets)   AUTH as that secret would make it
--   dictionary                          the words, likeliest first; variants(word) is yours, in variants.lua
--   learn("psk", text, how, secret)     what you found; it is compared with the gateways' own secret
-- A call may take 1,000,000 instructions, so go through the dictionary in parts: ten words a call, then timer.after("10ms", "try").

function on_timer()
  say("nothing is tried yet")
end
