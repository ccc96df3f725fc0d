#include "visualizer/models/inspect_auth.hpp"

#include <fmt/format.h>

namespace ikelab::view {

void mark_wire_coverage(const RunModel& run, const MessageRow& row, OctetBlock& block) {
  const trace::Message& m = row.message();
  if (m.exchange != "IKE_SA_INIT") {
    if (m.exchange == "IKE_AUTH")
      block.coverage =
          "Hidden and protected by the IKE SA's keys. Of its content AUTH covers only the "
          "identity.";
    return;
  }
  for (const EventPtr e : run.auths()) {
    const auto& auth = std::get<trace::AuthDecided>(e->body);
    for (const trace::LabelledRange& part : auth.parts) {
      if (!part.label.starts_with("RealMessage") || part.end > auth.octets.size()) continue;
      const ByteView signed_octets =
          ByteView(auth.octets).subspan(part.begin, part.end - part.begin);
      if (!equal(signed_octets, block.bytes)) continue;
      block.covered = {{0, block.bytes.size()}};
      block.coverage =
          fmt::format("Every octet is covered by the {}'s AUTH: a change on the way is found out.",
                      auth.subject);
      return;
    }
  }
  block.outline = true;
  block.coverage =
      run.auths().empty()
          ? "No AUTH has been made: nothing yet shows whether this was changed on the way."
          : "Not covered by any AUTH: nothing would show a change on the way.";
}

void mark_plain_coverage(const MessageRow& row, OctetBlock& block) {
  if (row.message().exchange != "IKE_AUTH") return;
  const std::string_view id = row.message().response ? "(IDr)" : "(IDi)";
  for (const wire::Field& payload : block.root.children)
    if (payload.name.ends_with(id) && payload.end - payload.begin > 4) {
      block.outline = true;
      block.covered = {{payload.begin + 4, payload.end}};  // the body: without its generic header
      block.coverage = fmt::format(
          "AUTH covers the body of {}; the rest is protected by the IKE SA's keys only.",
          row.message().response ? "IDr" : "IDi");
    }
}

std::vector<EventPtr> keys_after(const RunModel& run, const MessageRow& row) {
  // Keys that name this message as a source, or are derived at its sender or receiver before the
  // next.
  std::vector<EventPtr> out;
  const MessageRow* next = run.traffic().message(row.number + 1);
  if (!row.message().response) return out;
  for (const KeyGroup& g : run.derivations().groups()) {
    if (g.node != row.to || g.derived.empty()) continue;
    const EventPtr e = g.derived.front();
    const bool after = e->seq > row.sent_event->seq;
    const bool before_next = next == nullptr || e->seq < next->sent_event->seq;
    if (after && before_next) out.push_back(e);
  }
  return out;
}

}  // namespace ikelab::view
