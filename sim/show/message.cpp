// `show message N`: every octet of one message beside the field it belongs to, outside and inside
// the encryption.
#include <fmt/format.h>

#include <set>

#include "protocol/wire/dissect.hpp"
#include "sim/show/views.hpp"

namespace ikelab::show {
namespace {

constexpr std::size_t octets_a_line = 8;
constexpr std::size_t text_column = 2 + 4 + 2 + 19 + 2 + 8 + 2;  // offset, hex in groups, ASCII

struct IcvRow {
  std::string_view name;
  std::size_t octets;
};
constexpr IcvRow integrity_sizes[] = {
    {"AUTH_HMAC_SHA1_96", 12},      {"AUTH_HMAC_SHA2_256_128", 16}, {"AUTH_HMAC_SHA2_384_192", 24},
    {"AUTH_HMAC_SHA2_512_256", 32}, {"AUTH_AES_XCBC_96", 12},       {"AUTH_AES_CMAC_96", 12}};

// RFC 4106, RFC 7634: combined algorithms have an IV of 8 octets; RFC 3602: AES-CBC one of 16.
std::optional<wire::CipherHint> hint_of(const trace::SaInstalled& sa) {
  const std::string_view encryption = sa.encryption;
  if (encryption.starts_with("ENCR_AES_GCM_16") || encryption.starts_with("ENCR_CHACHA20_POLY1305"))
    return wire::CipherHint{8, 16};
  if (!encryption.starts_with("ENCR_AES_CBC")) return std::nullopt;
  for (const IcvRow& row : integrity_sizes)
    if (std::string_view(sa.integrity).starts_with(row.name))
      return wire::CipherHint{16, row.octets};
  return std::nullopt;
}

std::optional<wire::CipherHint> hint_for(const Events& events, const trace::Message& m) {
  for (const trace::Event& event : events)
    if (const auto* sa = std::get_if<trace::SaInstalled>(&event.body);
        sa && sa->protocol == "IKE" && sa->spi == m.spi_i)
      return hint_of(*sa);
  return std::nullopt;
}

// "RFC 7296, 3.1" as one word.
std::string unbroken(std::string text) {
  for (std::size_t at = text.find(' '); at != std::string::npos; at = text.find(' ', at))
    text.replace(at, 1, no_break);
  return text;
}

class FieldPrinter {
 public:
  FieldPrinter(Terminal& t, ByteView octets) : t_(t), octets_(octets) {}

  void print(const wire::Field& field, std::size_t depth) {
    if (field.is_leaf()) return leaf(field, depth);
    rows({}, 0, text_of(field, depth, Role::heading));
    groups_.push_back(field.rfc);
    for (const wire::Field& child : field.children) print(child, depth + 1);
    groups_.pop_back();
  }

 private:
  struct Text {
    Role role;
    std::string line;
  };

  // A field is explained where it first appears, and names its section where that is not its
  // group's.
  std::vector<Text> text_of(const wire::Field& field, std::size_t depth, Role role) {
    const std::string indent(2 * depth, ' ');
    const std::size_t width = t_.width() > text_column + indent.size() + 20
                                  ? t_.width() - text_column - indent.size()
                                  : 20;
    std::vector<Text> out;
    const std::string value = field.value.empty() ? "" : ": " + field.value;
    for (const std::string& part : wrapped(field.name + value, width))
      out.push_back({role, indent + part});
    if (!explained_.insert(field.name + field.meaning).second) return out;
    const std::string where = field.rfc.empty() || (!groups_.empty() && groups_.back() == field.rfc)
                                  ? ""
                                  : " [" + unbroken(field.rfc) + "]";
    for (const std::string& part : wrapped(field.meaning + where, width))
      out.push_back({Role::muted, indent + part});
    return out;
  }

  void leaf(const wire::Field& field, std::size_t depth) {
    std::vector<Text> text = text_of(field, depth, Role::text);
    for (const wire::Field& bit : field.children) {
      const std::string place = bit.bits->first == bit.bits->last
                                    ? fmt::format("bit {}", bit.bits->first)
                                    : fmt::format("bits {}-{}", bit.bits->first, bit.bits->last);
      text.push_back({Role::muted, std::string(2 * depth + 2, ' ') +
                                       fmt::format("{} {} = {}", place, bit.name, bit.value)});
    }
    rows(octets_.subspan(field.begin, field.end - field.begin), field.begin, text);
  }

  // Octets left, words right, as many lines as the longer of both needs.
  void rows(ByteView octets, std::size_t offset, const std::vector<Text>& text) {
    const std::size_t lines =
        std::max(text.size(), (octets.size() + octets_a_line - 1) / octets_a_line);
    for (std::size_t i = 0; i < lines; ++i) {
      const std::size_t begin = i * octets_a_line;
      std::string left(text_column, ' ');
      if (begin < octets.size()) {
        const ByteView part = octets.subspan(begin, std::min(octets_a_line, octets.size() - begin));
        left = fmt::format(
            "  {}  {}  {}  ", t_.paint(Role::muted, fmt::format("{:>4}", offset + begin)),
            padded(hex_groups(part), 19), t_.paint(Role::muted, padded(ascii(part), 8)));
      }
      t_.line(left + (i < text.size() ? t_.paint(text[i].role, text[i].line) : ""));
    }
  }

  Terminal& t_;
  ByteView octets_;
  std::set<std::string> explained_;
  std::vector<std::string> groups_;  // the RFC sections of the groups around
};

void print_tree(Terminal& t, const wire::Field& root, ByteView octets,
                const std::vector<wire::Diagnostic>& remarks) {
  t.line(t.paint(Role::muted, fmt::format("  {}  {}  {}  field, value, meaning", "from",
                                          padded("octets", 19), padded("ASCII", 8))));
  FieldPrinter printer(t, octets);
  for (const wire::Field& child : root.children) {
    if (&child != &root.children.front()) t.line();
    printer.print(child, 0);
  }
  for (const wire::Diagnostic& d : remarks)
    t.paragraph(fmt::format("{} {} at octets {} to {}: {} [{}]", name(d.severity), d.code, d.begin,
                            d.end, d.message, d.rfc),
                2, Role::warning);
}

void print_attacks(Terminal& t, const IkeMessage& m) {
  for (const Attack& a : m.attacks)
    t.paragraph(fmt::format("{}  {} {}{}", at(a.time), a.node, a.action->action,
                            a.action->note.empty() ? "" : ": " + a.action->note),
                2, Role::adversary);
}

Json field_json(const wire::Field& f) {
  Json out{{"name", f.name}, {"value", f.value}, {"meaning", f.meaning},
           {"rfc", f.rfc},   {"begin", f.begin}, {"end", f.end}};
  if (f.bits) out["bits"] = {f.bits->first, f.bits->last};
  if (!f.children.empty()) {
    out["children"] = Json::array();
    for (const wire::Field& child : f.children) out["children"].push_back(field_json(child));
  }
  return out;
}

Json diagnostics_json(const std::vector<wire::Diagnostic>& diagnostics) {
  Json out = Json::array();
  for (const wire::Diagnostic& d : diagnostics)
    out.push_back({{"severity", name(d.severity)},
                   {"code", d.code},
                   {"message", d.message},
                   {"rfc", d.rfc},
                   {"begin", d.begin},
                   {"end", d.end}});
  return out;
}

}  // namespace

void print_message(Terminal& t, const Events& events, const Story& story, const IkeMessage& m) {
  const trace::Message& c = *m.content;
  t.heading(fmt::format("Message {} of {}: {}", m.number, story.messages.size(), in_words(m)));
  t.entry("what", fmt::format("{}, message ID {}: {}", title(m), c.message_id, contents(m)), 2, 8);
  t.entry("way", fmt::format("{} ({}) to {} ({})", m.from, c.src, m.to, c.dst), 2, 8);
  t.entry("time",
          m.only_seen() ? fmt::format("seen at {}", at(m.sent))
          : m.arrived   ? fmt::format("sent at {}, arrived {} later", at(m.sent),
                                      to_string(*m.arrived - m.sent))
                        : fmt::format("sent at {}, lost: {}", at(m.sent), m.lost),
          2, 8);
  print_attacks(t, m);
  for (const Remark& r : m.remarks)
    t.paragraph(fmt::format("{} says: {} {} [{}]", r.node, r.diagnostic->code,
                            r.diagnostic->message, r.diagnostic->rfc),
                2, Role::warning);
  if (c.bytes.empty()) {
    t.paragraph(
        "The octets of this message were not recorded (record: control or less keeps them for IKE; "
        "metrics does not).",
        2, Role::muted);
    return;
  }
  const wire::Dissection outer = wire::dissect(c.bytes, hint_for(events, c));
  t.heading(fmt::format("On the wire: {}", count_of(c.bytes.size(), "octet")));
  print_tree(t, outer.root, c.bytes, outer.diagnostics);
  if (!c.encrypted) return;
  t.heading("Inside the encryption");
  if (c.plain.empty()) {
    t.paragraph(c.payloads.empty() ? "Nothing: the payload is empty, which is how liveness is "
                                     "checked and deletions are confirmed."
                                   : "Not disclosed. A run shows decrypted content when its "
                                     "scenario says `disclose_secrets: true`.",
                2, Role::muted);
    return;
  }
  const wire::ChainDissection inner =
      wire::dissect_chain(c.plain, static_cast<wire::PayloadType>(c.plain_first));
  print_tree(t, inner.root, c.plain, inner.diagnostics);
}

Json message_json(const Events& events, const IkeMessage& m) {
  const trace::Message& c = *m.content;
  const wire::Dissection outer = wire::dissect(c.bytes, hint_for(events, c));
  Json out{{"number", m.number},
           {"in_words", in_words(m)},
           {"title", title(m)},
           {"from", m.from},
           {"to", m.to},
           {"src", c.src},
           {"dst", c.dst},
           {"sent_ns", m.sent.ns},
           {"message_id", c.message_id},
           {"payloads", c.payloads},
           {"encrypted", c.encrypted},
           {"octets", to_hex(c.bytes)}};
  if (m.arrived)
    out["arrived_ns"] = m.arrived->ns;
  else
    out["lost"] = m.lost;
  out["fields"] = field_json(outer.root);
  out["diagnostics"] = diagnostics_json(outer.diagnostics);
  if (!c.plain.empty()) {
    const wire::ChainDissection inner =
        wire::dissect_chain(c.plain, static_cast<wire::PayloadType>(c.plain_first));
    out["plain"] = {{"octets", to_hex(c.plain)},
                    {"fields", field_json(inner.root)},
                    {"diagnostics", diagnostics_json(inner.diagnostics)}};
  }
  return out;
}

}  // namespace ikelab::show
