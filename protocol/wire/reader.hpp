// A cursor over octets that names what it reads. With a tree it dissects, without one it only
// decodes; the code that reads is the same, so what a viewer shows is what the engine saw.
//
// Invariant: every octet between the start and the limit is read exactly once, by a leaf or by what
// a closing group leaves over. Reading past the limit is a programmer's mistake (assertion): codecs
// check left() first, then read meaning.
#pragma once
#include <fmt/format.h>

#include "protocol/wire/diagnostic.hpp"
#include "protocol/wire/field.hpp"

namespace ikelab::wire {

/// What a field is called, what it is for, where it is defined. Static text only.
struct FieldInfo {
  const char* name;
  const char* meaning;
  const char* rfc;
};

class Reader {
 public:
  /// `root`, when given, receives the tree; it is filled by finish().
  Reader(ByteView input, std::vector<Diagnostic>& diagnostics, Field* root = nullptr);

  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] std::size_t limit() const { return limit_; }
  [[nodiscard]] std::size_t left() const { return limit_ - at_; }
  [[nodiscard]] ByteView peek() const {
    return input_.subspan(at_, left());
  }  ///< what is left, unread

  /// A big-endian number of 1, 2, 4 or 8 octets as one leaf; its value reads as decimal until
  /// says() knows better.
  std::uint8_t u8(const FieldInfo& info) { return static_cast<std::uint8_t>(number(1, info)); }
  std::uint16_t u16(const FieldInfo& info) { return static_cast<std::uint16_t>(number(2, info)); }
  std::uint32_t u32(const FieldInfo& info) { return static_cast<std::uint32_t>(number(4, info)); }
  std::uint64_t u64(const FieldInfo& info) { return number(8, info); }
  /// Octets as one leaf (none when size is 0); the value reads as hex.
  ByteView octets(std::size_t size, const FieldInfo& info);
  ByteView rest(const FieldInfo& info) { return octets(left(), info); }
  /// Reserved octets: a remark when they are not zero, never an error.
  void reserved(std::size_t size, const FieldInfo& info);

  /// Better words for the field just read, or for the group just opened. `text` runs only when a
  /// tree is built.
  template <class F>
  void says(F&& text) {
    if (Field* f = current()) f->value = text();
  }
  template <class F>
  void means(F&& text) {
    if (Field* f = current()) f->meaning = text();
  }
  /// A part of the octet(s) just read: bits first..last, 0 the most significant.
  void bits(unsigned first, unsigned last, const FieldInfo& info, std::string value);

  /// A field with children, exactly `size` octets long: narrows the limit, and when it goes, turns
  /// what was not read into a leaf.
  class Group {
   public:
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;
    ~Group() { reader_.close(outer_limit_); }
    /// The group's own value, whatever was read since.
    template <class F>
    void says(F&& text) {
      if (reader_.root_) reader_.open_[depth_].value = text();
    }

   private:
    friend class Reader;
    Group(Reader& reader, std::size_t outer_limit)
        : reader_(reader),
          outer_limit_(outer_limit),
          depth_(reader.open_.empty() ? 0 : reader.open_.size() - 1) {}
    Reader& reader_;
    std::size_t outer_limit_, depth_;
  };
  [[nodiscard]] Group group(const FieldInfo& info, std::size_t size);

  /// A diagnostic about [begin, end).
  void remark(Severity severity, const char* code, std::size_t begin, std::size_t end,
              const char* rfc, std::string message);
  /// An error about everything from `begin` to the limit; returns false so that a codec can `return
  /// r.refuse(...)`.
  bool refuse(const char* code, std::size_t begin, const char* rfc, std::string message);
  void warn(const char* code, std::size_t begin, const char* rfc, std::string message) {
    remark(Severity::warning, code, begin, at_, rfc, std::move(message));
  }

  /// Nothing below may read beyond the next `size` octets (a message's Length field); finish()
  /// lifts it.
  void narrow(std::size_t size);
  /// Ends the reading; octets left over become a leaf, octets beyond narrow() one called
  /// `trailing`. Afterwards the root covers the whole input.
  void finish();
  void finish(const FieldInfo& trailing);

 private:
  std::uint64_t number(std::size_t size, const FieldInfo& info);
  void leaf(std::size_t begin, const FieldInfo& info, std::string value);
  void left_over();
  void close(std::size_t outer_limit);
  Field* current();

  ByteView input_;
  std::vector<Diagnostic>& diagnostics_;
  Field* root_;
  std::size_t at_ = 0, limit_;
  std::vector<Field> open_;  // the groups around the cursor, outermost (the root) first
  enum class Last { nothing, group, leaf };
  Last last_ = Last::group;  // what says() is about: the group itself until something is read in it
};

/// Hex, shortened to its ends beyond 24 octets: "0a1b2c3d4e5f6071 ... 99aabbcc (256 octets)".
std::string brief_hex(ByteView octets);
/// The text in quotes when every octet is printable ASCII, else brief_hex.
std::string text_or_hex(ByteView octets);
/// "1 octet", "28 octets"
std::string count_octets(std::size_t count);

}  // namespace ikelab::wire
