#include "protocol/wire/reader.hpp"

#include <algorithm>

namespace ikelab::wire {

const Diagnostic* first_error(const std::vector<Diagnostic>& diagnostics) {
  const auto at = std::find_if(diagnostics.begin(), diagnostics.end(),
                               [](const Diagnostic& d) { return d.severity == Severity::error; });
  return at == diagnostics.end() ? nullptr : &*at;
}

bool has_error(const std::vector<Diagnostic>& diagnostics) {
  return first_error(diagnostics) != nullptr;
}

std::string name(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

Error to_error(const Diagnostic& d) {
  return Error{d.code, d.message}.at(d.begin).see(d.rfc);
}

Reader::Reader(ByteView input, std::vector<Diagnostic>& diagnostics, Field* root)
    : input_(input), diagnostics_(diagnostics), root_(root), limit_(input.size()) {
  if (root_) {
    root_->begin = 0;
    root_->end = input.size();
    open_.push_back(std::move(*root_));
  }
}

std::uint64_t Reader::number(std::size_t size, const FieldInfo& info) {
  IKELAB_ASSERT(size <= left());
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | input_[at_ + i];
  at_ += size;
  if (root_) leaf(at_ - size, info, std::to_string(value));
  return value;
}

ByteView Reader::octets(std::size_t size, const FieldInfo& info) {
  IKELAB_ASSERT(size <= left());
  const ByteView view = input_.subspan(at_, size);
  at_ += size;
  last_ = Last::nothing;
  if (root_ && size > 0) leaf(at_ - size, info, brief_hex(view));
  return view;
}

void Reader::reserved(std::size_t size, const FieldInfo& info) {
  const ByteView view = octets(size, info);
  const bool zero = std::all_of(view.begin(), view.end(), [](std::uint8_t b) { return b == 0; });
  if (!zero)
    warn("E-WIRE-010", at_ - size, info.rfc, "a reserved field is not zero; it is ignored");
}

void Reader::bits(unsigned first, unsigned last, const FieldInfo& info, std::string value) {
  Field* parent = current();
  if (!parent) return;
  parent->children.push_back(Field{info.name,
                                   std::move(value),
                                   info.meaning,
                                   info.rfc,
                                   parent->begin,
                                   parent->end,
                                   Field::Bits{first, last},
                                   {}});
}

Reader::Group Reader::group(const FieldInfo& info, std::size_t size) {
  IKELAB_ASSERT(size <= left());
  const std::size_t outer = limit_;
  limit_ = at_ + size;
  if (root_)
    open_.push_back(Field{
        info.name, count_octets(size), info.meaning, info.rfc, at_, limit_, std::nullopt, {}});
  last_ = Last::group;
  return {*this, outer};
}

void Reader::close(std::size_t outer_limit) {
  left_over();
  limit_ = outer_limit;
  if (!root_) return;
  Field field = std::move(open_.back());
  open_.pop_back();
  last_ = field.begin == field.end ? Last::nothing : Last::leaf;
  if (field.begin != field.end) open_.back().children.push_back(std::move(field));
}

// What a codec did not read: it refused the field, or knows nothing behind it.
void Reader::left_over() {
  static constexpr FieldInfo info{"Malformed",
                                  "These octets could not be read as the fields that belong here.",
                                  "RFC 7296, 2.21"};
  if (left() == 0) return;
  const std::size_t begin = at_;
  octets(left(), info);
  const auto about =
      std::find_if(diagnostics_.rbegin(), diagnostics_.rend(), [&](const Diagnostic& d) {
        return d.severity == Severity::error && d.begin < limit_ && d.end > begin;
      });
  if (about == diagnostics_.rend()) {
    remark(Severity::error, "E-WIRE-009", begin, limit_, info.rfc,
           fmt::format("{} left over where nothing more may follow", count_octets(limit_ - begin)));
  } else {
    means([&] { return about->message; });
  }
}

void Reader::narrow(std::size_t size) {
  IKELAB_ASSERT(size <= left());
  limit_ = at_ + size;
}

void Reader::finish() {
  finish(FieldInfo{"Trailing octets", "They follow the end of what was read and belong to nothing.",
                   ""});
}

void Reader::finish(const FieldInfo& trailing) {
  left_over();
  limit_ = input_.size();
  octets(left(), trailing);
  if (!root_) return;
  IKELAB_ASSERT(open_.size() == 1);
  *root_ = std::move(open_.front());
}

void Reader::remark(Severity severity, const char* code, std::size_t begin, std::size_t end,
                    const char* rfc, std::string message) {
  diagnostics_.push_back(Diagnostic{severity, code, std::move(message), rfc, begin, end});
}

bool Reader::refuse(const char* code, std::size_t begin, const char* rfc, std::string message) {
  remark(Severity::error, code, begin, limit_, rfc, std::move(message));
  return false;
}

void Reader::leaf(std::size_t begin, const FieldInfo& info, std::string value) {
  open_.back().children.push_back(
      Field{info.name, std::move(value), info.meaning, info.rfc, begin, at_, std::nullopt, {}});
  last_ = Last::leaf;
}

Field* Reader::current() {
  if (!root_ || last_ == Last::nothing) return nullptr;
  return last_ == Last::group ? &open_.back() : &open_.back().children.back();
}

std::string brief_hex(ByteView octets) {
  if (octets.size() <= 24) return to_hex(octets);
  return fmt::format("{} ... {} ({})", to_hex(octets.first(8)), to_hex(octets.last(8)),
                     count_octets(octets.size()));
}

std::string text_or_hex(ByteView octets) {
  const bool printable =
      std::all_of(octets.begin(), octets.end(), [](std::uint8_t b) { return b >= 32 && b < 127; });
  return printable && !octets.empty() ? "\"" + to_text(octets) + "\"" : brief_hex(octets);
}

std::string count_octets(std::size_t count) {
  return fmt::format("{} octet{}", count, count == 1 ? "" : "s");
}

}  // namespace ikelab::wire
