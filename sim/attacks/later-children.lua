-- What a stolen IKE SA is worth. SK_d makes the keys of every Child SA; SK_ei and SK_er open the messages that carry their nonces. Who has
-- the three reads what comes later, too - unless each rekey mixes in a key exchange of its own, which no stolen key replaces.
attack = {
  id = "A24", name = "later-children",
  about = "Follows an IKE SA whose keys it was given, and makes the keys of Child SAs that come later",
  position = "passive",
  needs = "SK_d, SK_ei and SK_er of one IKE SA, once (a memory dump)",
  source = "RFC 7296, 1.3.1 and 2.17 (KE in CREATE_CHILD_SA is optional: forward secrecy of the child keys); catalogue A24",
  unseen = "who only listens sends nothing; the keys were stolen elsewhere",
  shows = {
    vulnerable = "children are rekeyed without a key exchange: the new keys follow from SK_d, and the traffic after the theft is read",
    hardened = "each rekey has its own Diffie-Hellman: the adversary sees both public values, and makes no key of them",
  },
  scenarios = { vulnerable = "no-pfs", hardened = "no-pfs-repaired" },
}

-- Parameter: suite = "aes256gcm16-prfsha256", the IKE SA's; it is not secret (IKE_SA_INIT says it in clear).
local ike_suite, esp_suite
local stolen = {}            -- SK_d, SK_ei, SK_er
local offer                  -- the CREATE_CHILD_SA request that awaits its answer
local inbound = {}           -- SPI -> keys of an ESP SA the adversary has made
local read, sealed = 0, 0    -- ESP packets since a rekey: read, and not readable
local rekeyed = false

local function words_of(text)
  local list, from = {}, 1
  while true do
    local at = text:find("-", from)
    list[#list + 1] = text:sub(from, at and at - 1)
    if not at then return list end
    from = at + 1
  end
end

function on_start(params)
  local words = words_of(params.suite or "aes256gcm16-prfsha256")
  ike_suite = { encr = words[1], prf = words[#words], integ = words[3] and words[2] }
end

function on_grant(g)
  stolen[g.what] = g.value
  if stolen.SK_d and stolen.SK_ei and stolen.SK_er then
    mark("The memory of " .. g.node .. " is copied: the adversary has SK_d, SK_ei and SK_er.")
  end
end

local function find(message, type)
  for _, payload in ipairs(message.payloads) do
    if payload.type == type then return payload end
  end
end

local function open(octets)
  if not (stolen.SK_d and stolen.SK_ei and stolen.SK_er) then return nil end
  return ike.open(octets, ike_suite, { sk_ei = stolen.SK_ei, sk_er = stolen.SK_er })
end

-- CREATE_CHILD_SA, both halves: nonces and SPIs are inside, and the stolen keys open them.
local function follow(p, message)
  local inner = open(p.payload)
  if not inner then return end
  local sa, nonce, ke = find(inner, "SA"), find(inner, "Ni/Nr"), find(inner, "KE")
  if not (sa and nonce) then return end
  local half = { nonce = nonce.data, spi = bytes.hex(sa.proposals[1].spi), proposal = sa.proposals[1], ke = ke and ke.data }
  if not message.response then
    offer = half
    return learn("CREATE_CHILD_SA request", "nonce and SPI of the next Child SA", "opened with the stolen SK_e", half.nonce)
  end
  if not offer then return end
  rekeyed = true
  esp_suite = ike.suite(half.proposal)
  esp_suite.prf, esp_suite.ke = nil, nil
  if half.ke then
    learn("KE payloads", "both public values of the child's own key exchange, and no private one", "opened with the stolen SK_e", half.ke)
    return say("the child's keys come from g^ir (new) as well: out of reach")
  end
  local keys = ike.child_keys(ike_suite.prf, esp_suite, { sk_d = stolen.SK_d, ni = offer.nonce, nr = half.nonce })
  inbound[half.spi] = { encr = keys.encr_i, integ = keys.integ_i }    -- the initiator sends to the responder's SPI
  inbound[offer.spi] = { encr = keys.encr_r, integ = keys.integ_r }
  learn("ESP keys", "of the Child SA " .. offer.spi .. " / " .. half.spi, "KEYMAT = prf+(SK_d, Ni | Nr), with the stolen SK_d",
    keys.encr_i .. keys.encr_r)
end

function on_packet(p)
  if p.protocol == "IKE" then
    local octets = ike.octets(p)
    local message = ike.decode(octets)
    if message.exchange_name == "CREATE_CHILD_SA" then follow(p, message) end
  elseif p.protocol == "ESP" and rekeyed then
    local header = esp.header(p.payload)
    local keys = header and inbound[header.spi]
    local plain = keys and esp.open(p.payload, esp_suite, keys.encr, esp_suite.integ and keys.integ)
    if plain then
      read = read + 1
      if read == 1 then
        learn("plaintext", "the first packet it reads, from SA " .. header.spi, "opened with keys of its own making", plain.payload)
      end
    else
      sealed = sealed + 1
    end
  end
end

function on_finish()
  local text = read .. " ESP packets read since the rekey, " .. sealed .. " not"
  if not rekeyed then text = "no Child SA was rekeyed after the theft" end
  achieved("read what is sent after a rekey", read > 0, text)
end
