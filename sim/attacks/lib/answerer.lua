-- A responder made by hand: it answers IKE_SA_INIT in somebody's place, as whoever stands on the way can, and has the keys of that IKE SA then. The
-- initiator's next message opens with them, before anybody has proved anything.
local answerer = {}

-- A packet that goes back to where `p` came from, in the name of whom `p` was for.
function answerer.reply(p, payload, note)
  inject{ src = p.dst, src_port = p.dst_port, dst = p.src, dst_port = p.src_port, protocol = "IKE", to = p.from, payload = payload, note = note }
end

-- Answers IKE_SA_INIT. The half of an exchange that it returns has spi_i, spi, suite, keys, ni, nr, request, response.
function answerer.answer(p, message, note)
  local proposal, ke = ike.choose(find(message, "SA").proposals[1]), find(message, "KE")
  local pair = crypto.key_pair{ id = ke.method }
  local me = { spi_i = message.spi_i, spi = bytes.hex(crypto.random(8)), suite = ike.suite(proposal), ni = find(message, "Ni/Nr").data,
    nr = crypto.random(32), request = ike.octets(p) }
  me.keys = ike.keys(me.suite, { ni = me.ni, nr = me.nr, shared = crypto.shared(pair, ke.data), spi_i = me.spi_i, spi_r = me.spi })
  ring.ike(me.spi_i, me.suite, me.keys)
  -- SIGNATURE_HASH_ALGORITHMS: without it an initiator with a certificate would not sign (RFC 7427, 4)
  me.response = ike.encode{ spi_i = me.spi_i, spi_r = me.spi, exchange = 34, response = true, initiator = false, message_id = 0,
    payloads = { ike.sa(proposal), ike.ke(pair), ike.nonce(me.nr), ike.notify(16431, "\0\2\0\3\0\4\0\5") } }
  learn("SK_ei, SK_er", "the keys of an IKE SA with " .. p.from .. ", which believes to talk to " .. p.to,
    "a key exchange of its own with the initiator's KE payload", me.keys.sk_ei .. me.keys.sk_er)
  answerer.reply(p, me.response, note or "IKE_SA_INIT answered in the place of " .. p.to)
  return me
end

-- A response under these keys to the request in `message`.
function answerer.respond(me, p, message, payloads, note)
  answerer.reply(p, ike.seal({ spi_i = me.spi_i, spi_r = me.spi, exchange = message.exchange, response = true, initiator = false,
    message_id = message.message_id, payloads = payloads }, me.suite, me.keys), note)
end

-- What this responder's AUTH has to cover (RFC 7296, 2.15), for its ID payload; and the initiator's, for the IDi that it sent.
function answerer.own_octets(me, id)
  return ike.signed_octets(me.suite.prf, { message = me.response, nonce = me.ni, sk_p = me.keys.sk_pr, id = id.body })
end
function answerer.peer_octets(me, id)
  return ike.signed_octets(me.suite.prf, { message = me.request, nonce = me.nr, sk_p = me.keys.sk_pi, id = id.body })
end

return answerer
