-- Secrets as people choose them, tried one after another at home: nobody is asked, and no try is seen. Trying takes simulated time: so many guesses
-- in one call, then a pause. The script says how a guess is tried.
local secrets = {}

-- A word as people vary it.
function secrets.variants(word)
  local capital = word:sub(1, 1):upper() .. word:sub(2)
  local list = { word, capital, word .. "1", capital .. "1", word .. "123", capital .. "123", word .. "!", capital .. "!" }
  for year = 2020, 2026 do
    list[#list + 1] = word .. year
    list[#list + 1] = capital .. year
  end
  return list
end

-- What a script's parameters say of a search: dictionary = "common", each = 200 (guesses in one go), pause = "10ms" (between them).
function secrets.plan(params, each)
  return { words = words(params.dictionary or "common"), each = tonumber(params.each or each or 200), pause = params.pause or "10ms" }
end

-- Begins a search: what it returns does the next part, and is for on_timer. `fits(guess)` tries one; `found(guess, tried)` or `none(tried)` is the end.
function secrets.search(plan, how)
  local vary, at, tried = how.vary or secrets.variants, 1, 0
  timer.after("1ms", "try")
  return function()
    local last = math.min(at + math.max(1, plan.each // 22) - 1, #plan.words)   -- a word has up to 22 variants
    for i = at, last do
      for _, guess in ipairs(vary(plan.words[i])) do
        tried = tried + 1
        if how.fits(guess) then return how.found(guess, tried) end
      end
    end
    at = last + 1
    progress("words of the dictionary tried", last, #plan.words)
    if at <= #plan.words then return timer.after(plan.pause, "try") end
    how.none(tried)
  end
end

return secrets
