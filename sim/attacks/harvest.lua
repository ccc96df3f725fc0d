-- Harvest now, decrypt later. The adversary only records. Years afterwards somebody builds the machine that solves the key exchange; the
-- scenario plays that machine by handing over g^ir at a stated time. From there on the adversary computes everything itself.
attack = {
  id = "A22", name = "harvest",
  about = "Records a whole conversation, and opens it when the key exchange is solved later",
  position = "passive",
  needs = "a recording from the first message on, and g^ir of each classical key exchange (a quantum computer, played by compromise:)",
  source = "RFC 8784, 1; RFC 9370, 1; catalogue A22",
  unseen = "who only records sends nothing; the reading happens years later, at home",
  shows = {
    vulnerable = "with a classical key exchange alone all keys follow: identities and traffic of years ago are read",
    hardened = "a postquantum preshared key, or ML-KEM beside the classical exchange, is not in g^ir: the recording stays sealed",
  },
  scenarios = { vulnerable = "harvest", hardened = "harvest-hybrid" },
}

local record = {}            -- IKE messages and ESP packets in order
local request, response      -- IKE_SA_INIT, decoded
local most = 2000
local solved = false

function on_packet(p)
  if #record < most and (p.protocol == "IKE" or p.protocol == "ESP") then
    record[#record + 1] = { protocol = p.protocol, payload = p.protocol == "IKE" and ike.octets(p) or p.payload }
  end
end

local function find(message, type)
  for _, payload in ipairs(message.payloads) do
    if payload.type == type then return payload end
  end
end

local function sa_init()
  for _, kept in ipairs(record) do
    if kept.protocol == "IKE" then
      local message = ike.decode(kept.payload)
      if message.exchange_name == "IKE_SA_INIT" and find(message, "KE") then
        if message.response then response = message else request = message end
      end
      if response then return end
    end
  end
end

local goal = "read the recording"

-- The scenario's machine has solved the key exchange.
function on_grant(g)
  if solved then return end
  solved = true
  sa_init()
  if not (request and response) then return achieved(goal, false, "the recording lacks IKE_SA_INIT") end
  local suite = ike.suite(find(response, "SA").proposals[1])
  local ni, nr = find(request, "Ni/Nr").data, find(response, "Ni/Nr").data
  local keys = ike.keys(suite, { ni = ni, nr = nr, shared = g.value, spi_i = request.spi_i, spi_r = response.spi_r })
  learn("SK_*", "all keys of the recorded IKE SA, if g^ir was all that they need", "SKEYSEED = prf(Ni | Nr, g^ir)", keys.sk_d)

  local child, opened = {}, 0
  for _, kept in ipairs(record) do
    if kept.protocol == "IKE" then
      local inner = ike.open(kept.payload, suite, keys)
      if inner then
        opened = opened + 1
        local id = find(inner, "IDi") or find(inner, "IDr")
        if id then learn("identity", id.id_type_name .. " " .. id.data, "IKE_AUTH opened", id.data) end
        local sa = inner.exchange_name == "IKE_AUTH" and find(inner, "SA")
        if sa then child[inner.response and "r" or "i"] = sa.proposals[1] end
      end
    end
  end
  if opened == 0 then
    return achieved(goal, false, "no message opens: the keys were made from more than this key exchange")
  end
  if not (child.i and child.r) then
    -- IKE_INTERMEDIATE lies under the first keys (RFC 9242); what it carries made others (RFC 9370)
    return achieved(goal, false, opened .. " messages of IKE_INTERMEDIATE open, and show another key exchange, which is not solved; IKE_AUTH and ESP stay sealed")
  end

  local esp_suite = ike.suite(child.r)
  esp_suite.prf, esp_suite.ke = nil, nil
  local made = ike.child_keys(suite.prf, esp_suite, { sk_d = keys.sk_d, ni = ni, nr = nr })
  local by_spi = {
    [bytes.hex(child.r.spi)] = { made.encr_i, made.integ_i },
    [bytes.hex(child.i.spi)] = { made.encr_r, made.integ_r },
  }
  local read, sealed = 0, 0
  for _, kept in ipairs(record) do
    local header = kept.protocol == "ESP" and esp.header(kept.payload)
    local key = header and by_spi[header.spi]
    local plain = key and esp.open(kept.payload, esp_suite, key[1], esp_suite.integ and key[2])
    if plain then
      read = read + 1
      if read == 1 then learn("plaintext", "the first packet of the recording", "opened with keys of its own making", plain.payload) end
    elseif header then
      sealed = sealed + 1
    end
  end
  achieved(goal, read > 0, opened .. " IKE messages and " .. read .. " ESP packets of the recording opened, " .. sealed .. " not")
end

function on_finish()
  if not solved then achieved(goal, false, "the key exchange was not solved in this run") end
end
