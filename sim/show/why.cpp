// `show why`: why a proposal won. Every offered proposal with the verdict and its reason (RFC
// 7296, 2.7).
#include <fmt/format.h>

#include "sim/show/views.hpp"

namespace ikelab::show {
namespace {

void print_negotiation(Terminal& t, const trace::Event& event, const trace::Negotiated& n) {
  t.heading(fmt::format("{}: {} as {} of the {} negotiation{}", at(event.time), event.node, n.role,
                        n.protocol, event.sa.empty() ? "" : " of " + event.sa));
  const std::string outcome =
      n.chosen.empty() ? "No proposal was acceptable: NO_PROPOSAL_CHOSEN." : "Chosen: " + n.chosen;
  t.paragraph(outcome, 2, n.chosen.empty() ? Role::warning : Role::text);
  for (const trace::ProposalVerdict& v : n.verdicts) {
    t.line(fmt::format("  {} {:>2}  {}  {}", v.accepted ? "✓" : "✗", v.number,
                       t.paint(v.accepted ? Role::heading : Role::text, v.text),
                       t.paint(Role::muted, v.protocol)));
    if (!v.reason.empty()) t.paragraph(v.reason, 8, Role::muted);
  }
}

}  // namespace

void print_why(Terminal& t, const Events& events) {
  bool any = false;
  for (const trace::Event& event : events) {
    const auto* n = std::get_if<trace::Negotiated>(&event.body);
    if (!n) continue;
    if (!any)
      t.paragraph(
          "The initiator offers proposals in its order of preference; the responder takes one and "
          "gives its number back "
          "[RFC 7296, 2.7]. ✓ taken, ✗ not taken.",
          0, Role::muted);
    any = true;
    print_negotiation(t, event, *n);
  }
  if (!any)
    t.paragraph(
        "Nothing was negotiated in this run. Decisions appear here once a responder has seen an SA "
        "payload.");
  print_authentication(t, events);
}

Json why_json(const Events& events) {
  Json out = Json::array();
  for (const trace::Event& event : events) {
    const auto* n = std::get_if<trace::Negotiated>(&event.body);
    if (!n) continue;
    Json verdicts = Json::array();
    for (const trace::ProposalVerdict& v : n->verdicts)
      verdicts.push_back({{"number", v.number},
                          {"protocol", v.protocol},
                          {"text", v.text},
                          {"accepted", v.accepted},
                          {"reason", v.reason}});
    out.push_back({{"time_ns", event.time.ns},
                   {"node", event.node},
                   {"sa", event.sa},
                   {"protocol", n->protocol},
                   {"role", n->role},
                   {"chosen", n->chosen},
                   {"verdicts", verdicts}});
  }
  return {{"negotiations", out}, {"authentications", authentication_json(events)}};
}

}  // namespace ikelab::show
