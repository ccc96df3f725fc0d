#include "visualizer/models/inspector.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/wire/dissect.hpp"
#include "visualizer/models/describe.hpp"
#include "visualizer/models/explain.hpp"
#include "visualizer/models/inspect_auth.hpp"
#include "visualizer/models/text.hpp"

namespace ikelab::view {
namespace {

// The children of the root that are payloads; everything before them is the header.
bool is_payload(const wire::Field& f) {
  return f.name.find("payload") != std::string::npos;
}

std::string payload_label(const wire::Field& f) {  // "Nonce payload (Ni)" to "Ni"
  const std::size_t open = f.name.rfind('('), close = f.name.rfind(')');
  if (open != std::string::npos && close == f.name.size() - 1)
    return f.name.substr(open + 1, close - open - 1);
  return f.name;
}

void flatten(const wire::Field& field, int depth, int payload, std::vector<FieldLine>& out) {
  out.push_back({&field, depth, payload});
  for (const wire::Field& child : field.children) flatten(child, depth + 1, payload, out);
}

// Lines, payload names and the payload of each octet, from the root.
void index_block(OctetBlock& block, bool has_header, bool response = false) {
  block.payload_of.assign(block.bytes.size(), 0);
  if (has_header) block.payloads.emplace_back("header");
  for (const wire::Field& child : block.root.children) {
    const bool starts = is_payload(child) || !has_header;
    if (starts) block.payloads.push_back(payload_label(child));
    if (starts && block.payloads.back() == "Ni, Nr") block.payloads.back() = response ? "Nr" : "Ni";
    const int payload = std::max(0, static_cast<int>(block.payloads.size()) - 1);
    flatten(child, 0, payload, block.lines);
    for (std::size_t i = child.begin; i < child.end && i < block.payload_of.size(); ++i)
      block.payload_of[i] = static_cast<std::uint8_t>(payload);
  }
}

template <class Diagnostics>
void take_remarks(OctetBlock& block, const Diagnostics& diagnostics) {
  for (const wire::Diagnostic& d : diagnostics)
    block.remarks.push_back(
        {d.severity == wire::Severity::error, d.message, d.rfc, d.begin, d.end});
}

// The sizes the negotiated cipher fixes (RFC 5282, RFC 7634, RFC 3602, RFC 4868).
std::optional<wire::CipherHint> hint_for(std::string_view encryption, std::string_view integrity) {
  if (encryption.find("GCM") != std::string_view::npos ||
      encryption.find("CHACHA20") != std::string_view::npos)
    return wire::CipherHint{8, 16};
  if (encryption.find("CBC") == std::string_view::npos) return {};
  if (integrity.find("512") != std::string_view::npos) return wire::CipherHint{16, 32};
  if (integrity.find("384") != std::string_view::npos) return wire::CipherHint{16, 24};
  return wire::CipherHint{16, integrity.find("256") != std::string_view::npos ? 16U : 12U};
}

std::optional<wire::CipherHint> hint_of_sa(const RunModel& run, std::string_view protocol,
                                           std::string_view spi) {
  for (const SaRow& row : run.sas().rows())
    if (row.sa().protocol == protocol && row.sa().spi == spi)
      return hint_for(row.sa().encryption, row.sa().integrity);
  return {};
}

Fact fact(std::string label, std::string value, Selection link = {}, bool mono = false) {
  return {std::move(label), std::move(value), std::move(link), mono};
}

void add_way(Inspection& out, const RunModel& run, const Packet& p) {
  const auto time = [&](Instant t) { return clock_text(t); };
  out.facts.push_back(fact("from", fmt::format("{}  {}", p.from, p.src)));
  out.facts.push_back(
      fact("to", fmt::format("{}  {}", p.to.empty() ? run.traffic().node_of(p.dst) : p.to, p.dst)));
  const bool only_seen = p.sent && p.received == p.sent;  // of a capture: an onlooker sees it once
  if (p.sent) out.facts.push_back(fact(only_seen ? "seen" : "sent", time(*p.sent), {}, true));
  if (p.received && p.sent && !only_seen)
    out.facts.push_back(fact(
        "received", fmt::format("{}  (+{})", time(*p.received), span_text(*p.received - *p.sent)),
        {}, true));
  if (p.lost) out.facts.push_back(fact("lost", fmt::format("{}  {}", time(*p.lost), p.lost_why)));
  if (p.action != nullptr)
    out.facts.push_back(fact("adversary", event_sentence(*p.action), select_event(p.action->seq)));
  if (p.made_from != 0)
    out.facts.push_back(
        fact("made from", "another packet the adversary saw", select_packet(p.made_from)));
}

Inspection inspect_message(const RunModel& run, const MessageRow& row) {
  const trace::Message& m = row.message();
  Inspection out;
  out.title = row.title();
  out.sentence = fmt::format("Message {} of {}: {}", row.number, run.traffic().messages().size(),
                             what_it_does(row));
  const Explanation words = explain(row);
  out.explanation = words.text;
  out.rfc = words.rfc;
  const Packet* p = run.traffic().packet(row.datagram);
  if (p != nullptr) add_way(out, run, *p);
  out.facts.push_back(fact("message id", thousands(m.message_id), {}, true));
  out.facts.push_back(fact("SPIi", m.spi_i, {}, true));
  out.facts.push_back(fact("SPIr", m.spi_r, {}, true));
  if (row.is_repeat())
    out.facts.push_back(
        fact("repeats", fmt::format("message {}", row.first), select_message(row.first)));
  for (const EventPtr e : row.remarks)
    out.facts.push_back(fact("remark", event_sentence(*e), select_event(e->seq)));
  for (const EventPtr e :
       run.derivations().groups().empty() ? std::vector<EventPtr>{} : keys_after(run, row))
    out.facts.push_back(
        fact("gives", std::get<trace::KeyDerived>(e->body).name, select_key(e->seq)));

  auto wire_block = std::make_unique<OctetBlock>();
  wire_block->title = m.encrypted ? "On the wire: encrypted" : "On the wire: in the clear";
  wire_block->encrypted = m.encrypted;
  wire_block->bytes = m.bytes;
  wire::Dissection tree = wire::dissect(wire_block->bytes, hint_of_sa(run, "IKE", m.spi_i));
  wire_block->root = std::move(tree.root);
  take_remarks(*wire_block, tree.diagnostics);
  index_block(*wire_block, true, m.response);
  mark_wire_coverage(run, row, *wire_block);
  if (m.encrypted && !m.plain.empty()) {
    auto plain = std::make_unique<OctetBlock>();
    plain->title = "Decrypted";
    plain->plain = true;
    plain->bytes = m.plain;
    wire::ChainDissection chain =
        wire::dissect_chain(plain->bytes, static_cast<wire::PayloadType>(m.plain_first));
    plain->root = std::move(chain.root);
    take_remarks(*plain, chain.diagnostics);
    index_block(*plain, false, m.response);
    mark_plain_coverage(row, *plain);
    out.blocks.push_back(std::move(plain));  // what it says comes first, its envelope below
  }
  out.blocks.push_back(std::move(wire_block));
  return out;
}

Inspection inspect_packet(const RunModel& run, const Packet& p) {
  if (p.message != 0) return inspect_message(run, *run.traffic().message(p.message));
  Inspection out;
  out.title = p.protocol.empty() ? "packet" : p.protocol + " packet";
  const EventPtr seal = p.sealed != nullptr ? p.sealed : p.opened;
  Bytes inner;
  if (p.sealed != nullptr) {
    const auto& s = std::get<trace::EspSealed>(p.sealed->body);
    out.sentence = fmt::format("{} hides {} in the tunnel", p.sealed->node,
                               s.summary.empty() ? "a packet" : s.summary);
    out.facts.push_back(fact("SPI", s.spi, {}, true));
    out.facts.push_back(fact("sequence", thousands(s.sequence), {}, true));
    out.facts.push_back(
        fact("size", fmt::format("{} inside, {} on the wire", octets_text(s.inner_size),
                                 octets_text(s.outer_size))));
    inner = s.inner;
  } else {
    out.sentence =
        fmt::format("{} of {} from {} to {}", octets_text(p.size), p.protocol, p.src, p.dst);
  }
  if (inner.empty() && p.opened != nullptr)
    inner = std::get<trace::EspOpened>(p.opened->body).inner;
  out.explanation =
      "ESP hides a whole IP packet: who talks to whom inside the tunnel is not visible outside. "
      "The sequence number lets the receiver refuse replays; the ICV finds every changed bit.";
  out.rfc = "RFC 4303, 2";
  add_way(out, run, p);
  if (p.opened != nullptr)
    out.facts.push_back(fact("outcome", event_sentence(*p.opened), select_event(p.opened->seq)));
  if (p.rejected != nullptr)
    out.facts.push_back(
        fact("outcome", event_sentence(*p.rejected), select_event(p.rejected->seq)));
  if (!p.payload().empty() && p.is_esp()) {
    auto block = std::make_unique<OctetBlock>();
    block->title = "On the wire: encrypted";
    block->encrypted = true;
    block->bytes = p.payload();
    const std::string spi = seal == nullptr ? ""
                                            : std::visit(
                                                  [](const auto& b) -> std::string {
                                                    if constexpr (requires { b.spi; }) return b.spi;
                                                    return "";
                                                  },
                                                  seal->body);
    wire::PacketDissection tree = wire::dissect_esp(block->bytes, hint_of_sa(run, "ESP", spi));
    block->root = std::move(tree.root);
    take_remarks(*block, tree.diagnostics);
    index_block(*block, false);
    out.blocks.push_back(std::move(block));
  }
  if (!inner.empty()) {
    auto block = std::make_unique<OctetBlock>();
    block->title = "Decrypted: the inner packet";
    block->plain = true;
    block->bytes = inner;
    block->root = wire::dissect_ip(block->bytes).root;
    index_block(*block, false);
    out.blocks.push_back(std::move(block));
  }
  return out;
}

// Where an input of a derivation comes from: a derived value, or a message it was carried in.
Selection source_of(const RunModel& run, const trace::Event& key, const trace::NamedValue& in) {
  Selection found;
  for (const KeyGroup& g : run.derivations().groups())
    for (const EventPtr e : g.derived)
      if (e->node == key.node && e->seq < key.seq &&
          std::get<trace::KeyDerived>(e->body).name == in.name)
        found = select_key(e->seq);
  return found;
}

Inspection inspect_key(const RunModel& run, const trace::Event& event) {
  const auto& k = std::get<trace::KeyDerived>(event.body);
  Inspection out;
  out.title = k.name;
  out.sentence =
      fmt::format("{} derives {}, {}", event.node, k.name, counted(k.length, "octet", "octets"));
  const Explanation words = explain_key(k.name);
  out.explanation = words.text;
  out.rfc = k.rfc.empty() ? words.rfc : k.rfc;
  out.facts.push_back(fact("made by", k.function, {}, true));
  out.facts.push_back(fact("with", k.algorithm));
  out.facts.push_back(fact("when", clock_text(event.time), {}, true));
  out.facts.push_back(fact("value",
                           k.output.empty() ? "not disclosed by this run" : grouped_hex(k.output),
                           {}, !k.output.empty()));
  for (const trace::NamedValue& in : k.inputs)
    out.facts.push_back(fact("from " + in.name,
                             in.value.empty() ? in.source : grouped_hex(in.value),
                             source_of(run, event, in), !in.value.empty()));
  for (const EventPtr e : run.derivations().made_from(event)) {
    const int group = run.derivations().group_of(e->seq);
    std::string name = std::get<trace::KeyDerived>(e->body).name;
    if (group >= 0)
      name +=
          fmt::format(" ({})", run.derivations().groups()[static_cast<std::size_t>(group)].title);
    out.facts.push_back(fact("makes", std::move(name), select_key(e->seq)));
  }
  return out;
}

// What the node was told about how long such an SA may live.
std::string lifetime_of(const store::RunInfo& info, const SaRow& row) {
  const std::string& name = row.sa().name;
  if (row.sa().protocol == "IKE") {
    for (const store::PeerInfo& p : info.peers)
      if (p.node == row.node && p.connection == name) return p.lifetime;
    return "";
  }
  for (const store::PolicyInfo& p : info.policies)
    if (p.node == row.node && p.child == name) return p.lifetime;
  return "";
}

Inspection inspect_sa(const store::RunInfo& info, const SaRow& row) {
  const trace::SaInstalled& s = row.sa();
  Inspection out;
  const bool ike = s.protocol == "IKE";
  out.title =
      ike ? "IKE SA"
          : fmt::format("{} SA, {}", s.protocol, s.direction == "in" ? "inbound" : "outbound");
  out.sentence = ike ? fmt::format("{} and its peer share this control channel", row.node)
                     : fmt::format("{} {} packets of the tunnel with it", row.node,
                                   s.direction == "in" ? "opens" : "seals");
  out.explanation = ike ? "The IKE SA protects the messages that manage everything else. It has no "
                          "traffic of its own."
                        : "An ESP SA protects one direction. The SPI in each packet names it, and "
                          "is chosen by its receiver.";
  out.rfc = ike ? "RFC 7296, 2" : "RFC 4301, 4.1";
  out.facts = {fact("name", s.name),
               fact("SPI", s.spi, {}, true),
               fact(ike ? "peer's SPI" : "other way", s.peer_spi, {}, true),
               fact("between", fmt::format("{} and {}", s.src, s.dst)),
               fact("algorithms", row.algorithms()),
               fact("installed", fmt::format("{}  {}", clock_text(row.installed->time), s.reason),
                    select_event(row.installed->seq))};
  if (std::string lifetime = lifetime_of(info, row); !lifetime.empty())
    out.facts.push_back(fact("lifetime", std::move(lifetime)));
  if (row.removed != nullptr)
    out.facts.push_back(fact("removed",
                             fmt::format("{}  {}", clock_text(row.removed->time),
                                         std::get<trace::SaRemoved>(row.removed->body).reason),
                             select_event(row.removed->seq)));
  const auto list = [](const std::vector<std::string>& parts) {
    return fmt::format("{}", fmt::join(parts, ", "));
  };
  if (!ike) {
    out.facts.push_back(fact("carries from", list(s.ts_src), {}, true));
    out.facts.push_back(fact("carries to", list(s.ts_dst), {}, true));
    out.facts.push_back(fact("replay window", s.replay_window == 0
                                                  ? "off: replays are accepted"
                                                  : counted(s.replay_window, "packet", "packets")));
    out.facts.push_back(fact("packets", thousands(row.packets.size()), {}, true));
    if (!row.refused.empty())
      out.facts.push_back(fact("refused", thousands(row.refused.size()),
                               select_event(row.refused.front()->seq), true));
  }
  if (!s.encryption_key.empty())
    out.facts.push_back(
        fact(ike ? "SK_ei | SK_er" : "key", grouped_hex(s.encryption_key), {}, true));
  if (!s.integrity_key.empty())
    out.facts.push_back(fact("integrity key", grouped_hex(s.integrity_key), {}, true));
  return out;
}

Inspection inspect_event(const RunModel& run, const trace::Event& event) {
  if (std::holds_alternative<trace::KeyDerived>(event.body)) return inspect_key(run, event);
  Inspection out;
  out.title = std::string(trace::kind_of(event.body));
  std::replace(out.title.begin(), out.title.end(), '_', ' ');
  if (!out.title.empty())
    out.title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out.title[0])));
  out.sentence = event_sentence(event);
  Explanation words = explain_event(event);
  out.explanation = std::move(words.text);
  out.rfc = std::move(words.rfc);
  out.facts.push_back(fact("when", clock_text(event.time), {}, true));
  if (!event.node.empty()) out.facts.push_back(fact("where", event.node));
  if (!event.sa.empty()) out.facts.push_back(fact("IKE SA", event.sa));
  for (Fact& f : event_facts(event)) {
    const bool is_packet =
        (f.label == "datagram" || f.label == "result" || f.label == "id") && f.value != "0";
    if (is_packet) f.link = select_packet(std::stoull(f.value));
    if (f.value == "0" && (f.label == "datagram" || f.label == "result")) continue;
    if (!f.value.empty()) out.facts.push_back(std::move(f));
  }
  return out;
}

// The fields visitor of the trace, as text.
struct FactCollector {
  std::vector<Fact>& out;
  void operator()(const char* name, const std::string& v) { out.push_back(fact(name, v)); }
  void operator()(const char* name, const Bytes& v) {
    out.push_back(fact(name, grouped_hex(v), {}, true));
  }
  void operator()(const char* name, bool v) { out.push_back(fact(name, v ? "yes" : "no")); }
  void operator()(const char* name, std::uint64_t v) {
    out.push_back(fact(name, std::to_string(v), {}, true));
  }
  void operator()(const char* name, std::int64_t v) {
    out.push_back(fact(name, std::to_string(v), {}, true));
  }
  void operator()(const char* name, const std::vector<std::string>& v) {
    out.push_back(fact(name, fmt::format("{}", fmt::join(v, ", "))));
  }
  void operator()(const char*, const std::vector<trace::ProposalVerdict>& v) {
    for (const auto& p : v)
      out.push_back(
          fact(fmt::format("proposal {}", p.number),
               fmt::format("{}: {} {}", p.text, p.accepted ? "accepted" : "refused", p.reason)));
  }
  void operator()(const char*, const std::vector<trace::NamedValue>& v) {
    for (const auto& i : v) out.push_back(fact(i.name, grouped_hex(i.value), {}, true));
  }
  void operator()(const char*, const std::vector<trace::LabelledRange>& v) {
    for (const auto& r : v)
      out.push_back(fact(r.label, fmt::format("octets {} to {}", r.begin, r.end)));
  }
};

}  // namespace

bool OctetBlock::is_covered(std::size_t octet) const {
  return std::any_of(covered.begin(), covered.end(),
                     [octet](const auto& r) { return r.first <= octet && octet < r.second; });
}

const wire::Field* OctetBlock::field_at(std::size_t begin, std::size_t end) const {
  const wire::Field* best = nullptr;
  for (const FieldLine& line : lines) {
    const wire::Field& f = *line.field;
    if (f.bits || f.begin > begin || f.end < end || f.begin == f.end) continue;
    if (best == nullptr || f.end - f.begin <= best->end - best->begin) best = &f;
  }
  return best;
}

const OctetBlock* Inspection::block(bool plain) const {
  for (const auto& b : blocks)
    if (b->plain == plain) return b.get();
  return nullptr;
}

std::vector<Fact> event_facts(const trace::Event& event) {
  std::vector<Fact> out;
  std::visit([&out](const auto& b) { std::decay_t<decltype(b)>::fields(b, FactCollector{out}); },
             event.body);
  return out;
}

Inspection inspect(const RunModel& run, const Selection& s) {
  if (s.kind == Selection::Kind::message) {
    if (const MessageRow* row = run.traffic().message(s.id)) return inspect_message(run, *row);
  } else if (s.kind == Selection::Kind::packet) {
    if (const Packet* p = run.traffic().packet(s.id)) return inspect_packet(run, *p);
  } else if (s.kind == Selection::Kind::sa) {
    if (const SaRow* row = run.sas().find(s.name)) return inspect_sa(run.info(), *row);
  } else if (s.kind == Selection::Kind::key || s.kind == Selection::Kind::event) {
    if (const EventPtr e = run.event(s.id)) return inspect_event(run, *e);
  }
  return {};
}

}  // namespace ikelab::view
