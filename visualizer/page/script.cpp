#include "visualizer/page/parts.hpp"

namespace ikelab::view {
namespace {

// Without it the page is whole; with it octets and fields light each other, and keys work.
constexpr std::string_view script = R"js(
"use strict";
(() => {
const $ = (s, in_ = document) => in_.querySelector(s);
const $$ = (s, in_ = document) => [...in_.querySelectorAll(s)];
const root = document.documentElement;
$$("[hidden]").forEach(e => e.hidden = false);

// ---- theme ----
const remember = (k, v) => { try { v === undefined ? 0 : localStorage.setItem(k, v);
  return localStorage.getItem(k); } catch { return null; } };
const theme = remember("ikelab-theme");
if (theme === "light" || theme === "dark") root.dataset.theme = theme;
const dark = () => root.dataset.theme ? root.dataset.theme === "dark"
  : matchMedia("(prefers-color-scheme: dark)").matches;
const toggle = () => { root.dataset.theme = dark() ? "light" : "dark";
  remember("ikelab-theme", root.dataset.theme); };
$("#theme").onclick = toggle;

// ---- octets and fields ----
let pinned = null;
const light = (block, b, e) => {
  $$(".lit").forEach(x => x.classList.remove("lit"));
  if (!block) return;
  let row = null;
  for (const r of $$("tr", block)) {
    const rb = +r.dataset.b, re = +r.dataset.e;
    if (rb === b && re === e && (!row || !("bits" in r.dataset))) row = row || r;
  }
  if (row) row.classList.add("lit");
  for (const i of $$(".octets i", block))
    if (+i.dataset.b >= b && +i.dataset.e <= e) i.classList.add("lit");
  return row;
};
const range = t => [t.closest(".block"), +t.dataset.b, +t.dataset.e];
const at = event => event.target.closest?.("[data-b]");
const aside = $("aside");
aside.addEventListener("mouseover", v => { const t = at(v); if (t) light(...range(t)); });
aside.addEventListener("mouseleave", () => pinned ? light(...pinned) : light(null));
aside.addEventListener("click", v => {
  const t = at(v);
  if (t) { pinned = range(t); const row = light(...pinned);
    if (row && t.tagName === "I") row.scrollIntoView({block: "nearest"}); }
  const copy = v.target.closest?.("[data-as]");
  if (copy) copy_octets(copy);
});
aside.addEventListener("focusin", v => { const t = at(v);
  if (t) { pinned = range(t); light(...pinned); } });
const octets = block => $$(".octets i[class]", block).map(i => i.textContent)
  .join("").replace(/\s/g, "");
const copy_octets = button => {
  const hex = octets(button.closest(".block"));
  const bytes = hex.match(/../g) || [];
  const lines = [];
  for (let i = 0; i < bytes.length; i += 12)
    lines.push("  " + bytes.slice(i, i + 12).map(x => "0x" + x).join(", "));
  const text = button.dataset.as === "hex" ? hex
    : `static const unsigned char octets[${bytes.length}] = {\n${lines.join(",\n")}};\n`;
  const was = button.textContent;
  const done = () => {
    button.textContent = "copied";
    setTimeout(() => button.textContent = was, 900);
  };
  const fall_back = () => by_hand(text, done);
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, fall_back);
  else fall_back();
};
const by_hand = (text, done) => {
  const area = document.body.appendChild(document.createElement("textarea"));
  area.value = text; area.select(); document.execCommand("copy"); area.remove(); done();
};

// ---- what is selected is lit wherever it is shown ----
const select = () => {
  $$("a.on").forEach(a => a.classList.remove("on"));
  light(null); pinned = null;
  const id = decodeURIComponent(location.hash.slice(1));
  if (!/^[a-z]+[0-9]+$/.test(id)) return;
  for (const a of $$(`a[href="#${id}"]`)) {
    a.classList.add("on");
    const home = a.closest("nav,.ladder,details[open]");
    if (home) a.scrollIntoView({block: "nearest"});
  }
  aside.scrollTop = 0;
};
addEventListener("hashchange", select);

// ---- keys ----
const go = step => {
  const rows = [...new Set($$(".ladder a").map(a => a.getAttribute("href")))];
  if (!rows.length) return;
  const now = rows.indexOf(location.hash);
  location.hash = rows[Math.max(0, Math.min(rows.length - 1, now < 0 ? 0 : now + step))];
};
const field = step => {
  const rows = $$(".entry:target tr");
  if (!rows.length) return;
  const now = rows.indexOf(document.activeElement);
  const next = rows[Math.max(0, Math.min(rows.length - 1, now + step))];
  next.focus();
};
const find = $("#find");
addEventListener("keydown", v => {
  if (v.ctrlKey || v.altKey || v.metaKey) return;
  if (v.target === find) {
    if (v.key === "Escape") { find.value = ""; filter(); find.blur(); }
    return;
  }
  const act = { ArrowRight: () => go(1), ArrowLeft: () => go(-1), ArrowDown: () => field(1),
    ArrowUp: () => field(-1), "/": () => find.focus(), t: toggle,
    Escape: () => { light(null); pinned = null; document.activeElement.blur(); } }[v.key];
  if (act) { v.preventDefault(); act(); }
});
const filter = () => {
  const words = find.value.toLowerCase().split(/\s+/).filter(x => x);
  for (const e of $$(".ladder a,.ladder g,nav li li,.events tr,.list tbody tr"))
    e.classList.toggle("dim", !words.every(w => e.textContent.toLowerCase().includes(w)));
  const list = $("#events details");
  if (list && words.length) list.open = true;
};
find.addEventListener("input", filter);
if (!location.hash && $(".ladder a")) history.replaceState(null, "", "");
select();
root.dataset.ready = "yes";
})();
)js";

}  // namespace

std::string_view page_script() {
  return script;
}

}  // namespace ikelab::view
