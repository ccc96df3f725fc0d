#include "visualizer/models/copy.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ikelab::view {
namespace {

// The octets the selection means: its range, else its first block, else a key's value.
Bytes octets_of(const RunModel& run, const Selection& s, const Inspection& in) {
  if (s.has_range())
    if (const OctetBlock* block = in.block(s.plain); block != nullptr) {
      const std::size_t end = std::min(s.end, block->bytes.size());
      return to_bytes(ByteView(block->bytes).subspan(std::min(s.begin, end), end - s.begin));
    }
  if (!in.blocks.empty()) return in.blocks.front()->bytes;
  if (const EventPtr e = run.event(s.id); e != nullptr && s.kind != Selection::Kind::sa)
    if (const auto* key = std::get_if<trace::KeyDerived>(&e->body)) return key->output;
  return {};
}

std::string c_array(ByteView bytes) {
  std::string out = fmt::format("static const unsigned char octets[{}] = {{\n", bytes.size());
  for (std::size_t i = 0; i < bytes.size(); i += 12) {
    out += " ";
    for (std::size_t k = i; k < std::min(bytes.size(), i + 12); ++k)
      out += fmt::format(" 0x{:02x},", bytes[k]);
    out += "\n";
  }
  return out + "};\n";
}

std::string words(const Inspection& in) {
  std::string out = fmt::format("{}\n{}\n", in.title, in.sentence);
  if (!in.explanation.empty()) out += fmt::format("{} ({})\n", in.explanation, in.rfc);
  for (const Fact& f : in.facts) out += fmt::format("{}: {}\n", f.label, f.value);
  for (const auto& block : in.blocks) {
    out += fmt::format("\n{}, {} octets\n", block->title, block->bytes.size());
    for (const FieldLine& line : block->lines)
      out += fmt::format("{:{}}{}: {}\n", "", static_cast<std::size_t>(line.depth) * 2,
                         line.field->name, line.field->value);
  }
  return out;
}

}  // namespace

std::string copied(const RunModel& run, Session& session, CopyAs as) {
  const Inspection& in = session.inspection(run);
  if (in.title.empty()) return "";
  if (as == CopyAs::text) return words(in);
  const Bytes bytes = octets_of(run, session.selection(), in);
  if (bytes.empty()) return "";
  return as == CopyAs::hex ? to_hex(bytes) : c_array(bytes);
}

}  // namespace ikelab::view
