-- An initiator made by hand: it calls a gateway under an address of its own, as anybody may, up to the keys of an IKE SA. Whom it says to be then,
-- and how it proves that or does not, is the script's affair.
local caller = {}

-- What it offers: one suite for the IKE SA, one for a Child SA.
function caller.ike_proposal()
  return { number = 1, protocol = 1, spi = "", transforms = { { type = 1, id = 20, key_bits = 256 }, { type = 2, id = 5 }, { type = 4, id = 31 } } }
end
function caller.esp_proposal()
  return { number = 1, protocol = 3, spi = crypto.random(4), transforms = { { type = 1, id = 20, key_bits = 256 }, { type = 5, id = 0 } } }
end

-- A packet of IKE from `own` to `target`, two addresses.
function caller.send(line, note, payload)
  inject{ src = line.own, src_port = 500, dst = line.target, dst_port = 500, protocol = "IKE", note = note, payload = payload }
end

-- Calls: IKE_SA_INIT goes out. The half of an exchange that it returns has spi, nonce, pair, request.
function caller.call(line, note)
  local me = { line = line, pair = crypto.key_pair("x25519"), nonce = crypto.random(32), spi = bytes.hex(crypto.random(8)) }
  -- SIGNATURE_HASH_ALGORITHMS: SHA-256, 384 and 512 (RFC 7427, 4)
  me.request = ike.encode{ spi_i = me.spi, spi_r = "0000000000000000", exchange = 34, initiator = true, message_id = 0,
    payloads = { ike.sa(caller.ike_proposal()), ike.ke(me.pair), ike.nonce(me.nonce), ike.notify(16431, "\0\2\0\3\0\4\0\5") } }
  caller.send(line, note or "IKE_SA_INIT, under its own address", me.request)
  return me
end

-- The answer to that call makes its keys: true, once, and `me` has spi_r, nr, suite and keys. Other messages: false.
function caller.answered(me, message)
  local ke = find(message, "KE")
  if me.keys or message.spi_i ~= me.spi or not ke then return false end
  me.spi_r, me.nr, me.suite = message.spi_r, find(message, "Ni/Nr").data, ike.suite(find(message, "SA").proposals[1])
  me.keys = ike.keys(me.suite, { ni = me.nonce, nr = me.nr, shared = crypto.shared(me.pair, ke.data), spi_i = me.spi, spi_r = me.spi_r })
  ring.ike(me.spi, me.suite, me.keys)
  return true
end

-- A request under these keys: IKE_AUTH is 35, CREATE_CHILD_SA 36, INFORMATIONAL 37.
function caller.request(me, exchange, message_id, payloads, note)
  caller.send(me.line, note, ike.seal({ spi_i = me.spi, spi_r = me.spi_r, exchange = exchange, initiator = true, message_id = message_id,
    payloads = payloads }, me.suite, me.keys))
end

-- What AUTH of this initiator has to cover (RFC 7296, 2.15), for an ID payload.
function caller.signed_octets(me, id)
  return ike.signed_octets(me.suite.prf, { message = me.request, nonce = me.nr, sk_p = me.keys.sk_pi, id = id.body })
end

-- Ends of tunnels that it asks for: SA, TSi, TSr.
function caller.child(first, last)
  return ike.sa(caller.esp_proposal()), ike.ts("i", first, last or first), ike.ts("r", "10.2.0.0", "10.2.0.255")
end

return caller
