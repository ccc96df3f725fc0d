#include <fmt/format.h>

#include "visualizer/page/markup.hpp"
#include "visualizer/page/parts.hpp"

namespace ikelab::view {
namespace {

// The page's layout: story, run, inspector, as in the program's window. Colours are properties.
constexpr std::string_view layout = R"css(
*{box-sizing:border-box}
html{font:15px/1.5 Inter,system-ui,"Segoe UI","DejaVu Sans",sans-serif;color:var(--text);
 background:var(--ground)}
body{margin:0;display:grid;height:100vh;grid-template:"top top top" 48px
 "story run entry" minmax(0,1fr)/minmax(200px,17vw) minmax(0,1fr) minmax(320px,37vw)}
header{grid-area:top;display:flex;gap:16px;align-items:center;padding:0 24px;
 border-bottom:1px solid var(--rule)}
header h1{font-size:18px;font-weight:600;margin:0}
header p,.muted,small,.hint{color:var(--muted);font-size:13px;margin:0}
header input{margin-left:auto;width:300px;padding:6px 12px;border:1px solid var(--rule);
 border-radius:6px;background:var(--panel);color:var(--text);font:inherit;font-size:13px}
header .keys{font-size:13px;color:var(--muted);white-space:nowrap}
kbd{font:12px "JetBrains Mono",ui-monospace,monospace;border:1px solid var(--rule);
 border-radius:3px;padding:0 4px}
button{font:inherit;font-size:13px;color:var(--text);background:none;cursor:pointer;
 border:1px solid var(--rule);border-radius:6px;padding:4px 8px}
nav,main,aside{overflow:auto;padding:16px 20px;background:var(--panel)}
nav{grid-area:story;border-right:1px solid var(--rule)}
main{grid-area:run}
aside{grid-area:entry;border-left:1px solid var(--rule)}
h2{font-size:15px;font-weight:600;margin:0 0 4px}
h3{font-size:15px;font-weight:600;margin:8px 0}
main>section{padding:16px 0 24px;border-top:1px solid var(--rule)}
main>section:first-of-type{border:0}
.about{max-width:60em}
nav ol,nav ul{list-style:none;margin:0;padding:0}
nav time{display:block;font:12px "JetBrains Mono",ui-monospace,monospace;color:var(--muted)}
nav a{display:block;padding:4px 8px 4px 20px;border-radius:6px;color:var(--text)}
nav li li{position:relative;font-size:13px;padding:2px 0}
nav li li::before{content:"\2022";position:absolute;left:6px;top:6px;color:var(--muted)}
nav li.good::before{content:"\2713";color:var(--responder)}
nav li.bad::before{content:"\00d7";color:var(--adversary)}
nav li.attack::before{content:"\25b2";color:var(--adversary);font-size:9px;top:9px}
nav li.secret::before{content:"\25c6";color:var(--secret);font-size:9px;top:9px}
a{color:var(--initiator);text-decoration:none}
a:hover{text-decoration:underline}
a:focus-visible,tr:focus-visible,button:focus-visible{outline:2px solid var(--initiator)}
a.on{background:color-mix(in srgb,var(--initiator) 14%,transparent)}
.ladder{overflow-x:clip}
.ladder svg{display:block;width:100%;height:auto;min-width:540px;max-width:700px}
.heads{position:sticky;top:-16px;background:var(--panel);z-index:1}
.wide{overflow-x:auto}
.mono,pre,code{font:12.5px/1.6 "JetBrains Mono",ui-monospace,"DejaVu Sans Mono",monospace}
.initiator{color:var(--initiator)}.responder{color:var(--responder)}
.adversary{color:var(--adversary)}.warning{color:var(--warning)}
summary{cursor:pointer;padding:4px 0}
table{border-collapse:collapse;width:100%}
.list td,.list th{padding:5px 12px 5px 0;text-align:left;vertical-align:top;font-size:13px;
 border-bottom:1px solid var(--rule)}
.list th{color:var(--muted);font-weight:400}
.list .n{text-align:right}
.list td.mono{white-space:nowrap}
.lines{list-style:none;padding:0;font-size:13px}
.lines time{font:12px "JetBrains Mono",ui-monospace,monospace;color:var(--muted)}
.entry{display:none;outline:none}
.entry:target{display:block;scroll-margin-top:16px}
aside:has(:target) .hint{display:none}
.kind{color:var(--muted);font-size:13px;margin:0}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:2px 12px;font-size:13px}
dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere}
.block{border-top:1px solid var(--rule);margin-top:16px;padding-top:12px}
h4{margin:0 0 4px;font-size:13px;font-weight:600}
h4.hatched::before{content:"";display:inline-block;width:14px;height:11px;margin-right:8px;
 background:repeating-linear-gradient(135deg,var(--muted) 0 1px,transparent 1px 4px);
 border:1px solid var(--muted)}
.copy{float:right}.copy button{margin-left:4px;padding:1px 6px}
.coverage{font-size:13px;margin:4px 0;padding-left:22px;position:relative;color:var(--muted)}
.coverage::before{content:"";position:absolute;left:0;top:5px;width:14px;height:10px;
 border-bottom:2px solid var(--responder)}
.coverage.open::before{border-bottom:2px dashed var(--warning)}
.remark{font-size:13px}
.octets{overflow-x:auto;font-size:12px;margin:8px 0;line-height:1.75}
.octets b{font-weight:400;color:var(--muted)}
.octets i{font-style:normal;cursor:default;padding:1px 0}
.octets .unc{text-decoration:underline 1.5px dashed var(--warning);text-underline-offset:4px;
 text-shadow:0 0 6px color-mix(in srgb,var(--warning) 70%,transparent)}
.octets .cov{text-decoration:underline 2px var(--responder);text-underline-offset:4px}
.fields td{font-size:13px;padding:3px 8px 3px 0;vertical-align:top;overflow-wrap:anywhere}
.fields td:first-child{padding-left:calc(8px + 12px*var(--d));white-space:nowrap}
.fields td:nth-child(2){max-width:16em}
.fields td:last-child{color:var(--muted)}
.fields .top td:first-child{font-weight:600}
.fields tr{cursor:default;outline-offset:-2px}
.fields tr.lit,.octets i.lit{background:var(--initiator)!important;color:var(--panel)}
.fields tr.lit td,.fields tr.lit small{color:var(--panel)}
.dim{opacity:.25}
@media(max-width:1100px){body{display:block;height:auto}header{position:static;flex-wrap:wrap;
 padding:8px 24px}nav,aside{border:0;border-top:1px solid var(--rule)}}
@media print{body{display:block;height:auto}.entry{display:block}.copy,header input{display:none}}
)css";

std::string properties(Theme theme) {
  std::string out;
  for (int i = 0; i < role_count; ++i) {
    const Role role = static_cast<Role>(i);
    out += fmt::format("--{}:{};", role_name(role), hex_colour(colour(theme, role)));
  }
  for (int i = 0; i < payload_hue_count; ++i)
    out += fmt::format("--h{}:{};", i, hex_colour(payload_tint(theme, i)));
  return out;
}

std::string make_style() {
  const std::string light = properties(Theme::light), dark = properties(Theme::dark);
  std::string out = fmt::format(
      ":root{{color-scheme:light dark;{0}}}@media(prefers-color-scheme:dark){{:root{{{1}}}}}"
      ":root[data-theme=light]{{color-scheme:light;{0}}}"
      ":root[data-theme=dark]{{color-scheme:dark;{1}}}\n",
      light, dark);
  for (int i = 0; i < payload_hue_count; ++i)
    out += fmt::format(
        ".octets .h{0}{{background:var(--h{0})}}"
        ".fields .h{0} td:first-child{{box-shadow:inset 4px 0 var(--h{0})}}",
        i);
  return out + std::string(layout);
}

}  // namespace

std::string_view page_style() {
  static const std::string style = make_style();
  return style;
}

}  // namespace ikelab::view
