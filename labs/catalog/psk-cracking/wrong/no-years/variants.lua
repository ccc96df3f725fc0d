-- How people vary a word. mallory's scripts try each of these; a word comes from her dictionary, likeliest first.
-- A little Lua: word:sub(1, 1):upper() .. word:sub(2) is the word with a capital, `..` joins texts, list[#list + 1] = x appends,
-- for year = 2020, 2026 do ... end counts.
function variants(word)
  local capital = word:sub(1, 1):upper() .. word:sub(2)
  return { word, capital, word .. "1", capital .. "1" }
end
