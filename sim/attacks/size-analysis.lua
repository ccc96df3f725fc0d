-- Encryption hides what is said, and not how much. Each application has its sizes; who knows them reads off what runs in the tunnel.
attack = {
  id = "A30", name = "size-analysis",
  about = "Tells from the sizes of ESP packets which applications run in the tunnel",
  position = "passive",
  needs = "to know the sizes that applications send",
  source = "RFC 4303, 2.7 (TFC padding); RFC 9347; catalogue A30",
  unseen = "who only listens sends nothing, and nobody can see that",
  shows = {
    vulnerable = "no padding: two sizes, and each of them is an application's signature",
    hardened = "tfc_padding: 600 - every packet is as large as the largest, and there is nothing to tell apart",
  },
  scenarios = { vulnerable = "size-analysis", hardened = "size-analysis-padded" },
}

-- Inner packets as everybody can measure them at home.
local known = { [84] = "ping", [540] = "a stream of UDP datagrams of 512 octets" }
local sizes, kinds, told, packets = {}, {}, 0, 0

-- ESP with AES-GCM: SPI, sequence number, IV, padding to 4 octets, pad length, next header, ICV.
local function sealed(inner) return 8 + 8 + (inner + 2 + 3) // 4 * 4 + 16 end

on({ protocol = "ESP" }, function(p)
  packets = packets + 1
  if sizes[p.size] then return end
  sizes[p.size] = true
  kinds[#kinds + 1] = tostring(p.size)
  for inner, name in pairs(known) do
    if sealed(inner) == p.size then
      told = told + 1
      learn("application " .. told, name .. " runs in the tunnel", "its packets of " .. inner .. " octets make ESP packets of " .. p.size)
    end
  end
end)

function on_finish()
  achieved("tell what runs in the tunnel", told >= 2, packets .. " packets of " .. #kinds .. (#kinds == 1 and " size (" or " sizes (") .. table.concat(kinds, ", ") .. "); " .. told .. " applications named")
end
