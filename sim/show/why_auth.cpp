// `show why`, its second half: why each side believed the other, round by round (RFC 7296, 2.15 and
// 2.16; RFC 4739), and what AUTH covered.
#include <fmt/format.h>

#include "sim/show/views.hpp"

namespace ikelab::show {
namespace {

std::string covered_by(const trace::AuthDecided& auth) {
  std::string text;
  for (const trace::LabelledRange& part : auth.parts)
    text += fmt::format("{}{} ({})", text.empty() ? "over " : " | ", part.label,
                        count_of(part.end - part.begin, "octet"));
  return text;
}

void print_decision(Terminal& t, const trace::Event& event, const trace::AuthDecided& auth) {
  const std::string what =
      auth.local
          ? fmt::format("{} proves itself as '{}'", event.node, auth.identity)
          : fmt::format("{} {} that the {} is '{}'", event.node,
                        auth.ok ? "believes" : "does not believe", auth.subject, auth.identity);
  t.line(fmt::format("  {}  {}  {}", auth.ok ? "✓" : "✗",
                     t.paint(auth.ok ? Role::text : Role::warning, what),
                     t.paint(Role::muted, at(event.time))));
  t.paragraph(fmt::format("{}: {} [{}]", auth.method, auth.reason, auth.rfc), 8, Role::muted);
  if (const std::string covered = covered_by(auth); !covered.empty())
    t.paragraph(covered, 8, Role::muted);
}

}  // namespace

void print_authentication(Terminal& t, const Events& events) {
  bool any = false;
  for (const trace::Event& event : events) {
    const auto* auth = std::get_if<trace::AuthDecided>(&event.body);
    if (auth == nullptr) continue;
    if (!any) t.heading("Who proved what");
    any = true;
    print_decision(t, event, *auth);
  }
}

Json authentication_json(const Events& events) {
  Json out = Json::array();
  for (const trace::Event& event : events) {
    const auto* auth = std::get_if<trace::AuthDecided>(&event.body);
    if (auth == nullptr) continue;
    Json parts = Json::array();
    for (const trace::LabelledRange& part : auth->parts)
      parts.push_back({{"label", part.label}, {"begin", part.begin}, {"end", part.end}});
    out.push_back({{"time_ns", event.time.ns},
                   {"node", event.node},
                   {"sa", event.sa},
                   {"subject", auth->subject},
                   {"local", auth->local},
                   {"method", auth->method},
                   {"identity", auth->identity},
                   {"ok", auth->ok},
                   {"covers", parts},
                   {"reason", auth->reason},
                   {"rfc", auth->rfc}});
  }
  return out;
}

}  // namespace ikelab::show
