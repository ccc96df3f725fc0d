#include "protocol/trace/encode.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <type_traits>

namespace ikelab::trace {
namespace {

template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {};

// An event is encoded twice: the first time its octets are counted, the second time there is room
// for them.
class Counter {
 public:
  void varint(std::uint64_t value) {
    size += (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
  }
  void octet(std::uint8_t) { ++size; }
  void raw(const void*, std::size_t count) { size += count; }
  std::size_t size = 0;
};

class Writer {
 public:
  explicit Writer(std::uint8_t* to) : to_(to) {}
  void varint(std::uint64_t value) {
    for (; value >= 128; value >>= 7) *to_++ = static_cast<std::uint8_t>(value | 128);
    *to_++ = static_cast<std::uint8_t>(value);
  }
  void octet(std::uint8_t value) { *to_++ = value; }
  void raw(const void* from, std::size_t count) {
    if (count == 0) return;
    std::memcpy(to_, from, count);
    to_ += count;
  }

 private:
  std::uint8_t* to_;
};

template <class Out>
class Encoder {
 public:
  explicit Encoder(Out out, bool names = true) : out_(out), names_(names) {}

  void zigzag(std::int64_t value) {
    out_.varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void varint(std::uint64_t value) { out_.varint(value); }
  void octets(const auto& bytes) {
    out_.varint(bytes.size());
    out_.raw(bytes.data(), bytes.size());
  }

  template <class T>
  void value(const T& x) {
    if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, Bytes>)
      octets(x);
    else if constexpr (std::is_same_v<T, bool>)
      out_.octet(x ? 1 : 0);
    else if constexpr (std::is_same_v<T, std::uint64_t>)
      out_.varint(x);
    else if constexpr (std::is_same_v<T, std::int64_t>)
      zigzag(x);
    else if constexpr (is_vector<T>::value) {
      out_.varint(x.size());
      for (const auto& element : x) value(element);
    } else {
      std::uint64_t count = 0;
      T::fields(x, [&](const char*, const auto&) { ++count; });
      out_.varint(count);
      T::fields(x, *this);
    }
  }
  template <std::size_t N, class T>
  void operator()(const char (&name)[N], const T& x) {
    if (names_) octets(std::string_view(name, N - 1));
    value(x);
  }
  [[nodiscard]] const Out& out() const { return out_; }

 private:
  Out out_;
  bool names_;
};

/// Whatever `encode` puts into an Encoder, behind what `out` has.
void append(Bytes& out, bool names, const auto& encode) {
  Encoder counted(Counter(), names);
  encode(counted);
  const std::size_t before = out.size();
  out.resize(before + counted.out().size);
  Encoder written(Writer(out.data() + before), names);
  encode(written);
}

Bytes encoded(const Body& body, bool names) {
  Bytes out;
  std::visit([&](const auto& b) { append(out, names, [&](auto& to) { to.value(b); }); }, body);
  return out;
}

// Reads what Encoder wrote. After the first failure everything reads as empty; `failed` holds the
// error.
class Decoder {
 public:
  explicit Decoder(ByteView in, bool names = true) : in_(in), names_(names) {}
  std::optional<Error> failed;
  [[nodiscard]] bool at_end() const { return at_ == in_.size(); }
  [[nodiscard]] std::size_t offset() const { return at_; }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (failed || at_ >= in_.size()) break;
      const std::uint8_t octet = in_[at_++];
      value |= std::uint64_t{octet & 127U} << shift;
      if (octet < 128) return value;
    }
    fail("E-TRACE-001", "truncated or oversized number");
    return 0;
  }
  std::int64_t zigzag() {
    const std::uint64_t raw = varint();
    return static_cast<std::int64_t>(raw >> 1) ^ -static_cast<std::int64_t>(raw & 1);
  }
  ByteView octets() {
    const std::uint64_t size = varint();
    if (failed || size > in_.size() - at_)
      return fail("E-TRACE-001", "truncated octets"), ByteView{};
    const ByteView view = in_.subspan(at_, size);
    at_ += size;
    return view;
  }
  std::string_view text() {
    const ByteView view = octets();
    return {static_cast<const char*>(static_cast<const void*>(view.data())), view.size()};
  }
  [[nodiscard]] ByteView rest() const { return in_.subspan(at_); }
  template <class T>
  void value(T& x) {
    if (failed) return;
    if constexpr (std::is_same_v<T, std::string>)
      x = to_text(octets());
    else if constexpr (std::is_same_v<T, Bytes>)
      x = to_bytes(octets());
    else if constexpr (std::is_same_v<T, bool>)
      x = varint() != 0;
    else if constexpr (std::is_same_v<T, std::uint64_t>)
      x = varint();
    else if constexpr (std::is_same_v<T, std::int64_t>)
      x = zigzag();
    else if constexpr (is_vector<T>::value) {
      const std::uint64_t count = varint();
      if (count > in_.size() - at_) return fail("E-TRACE-001", "more elements than octets");
      x.resize(count);
      for (auto& element : x) value(element);
    } else {
      std::uint64_t count = 0;
      T::fields(x, [&](const char*, auto&) { ++count; });
      if (varint() != count)
        return fail("E-TRACE-002", "another number of fields than this version knows");
      T::fields(x, *this);
    }
  }
  template <class T>
  void operator()(const char* name, T& x) {
    if (failed) return;
    if (names_ && !equal(octets(), as_bytes(name)))
      return fail("E-TRACE-002", std::string("expected the field '") + name + "'");
    value(x);
  }

 private:
  void fail(const char* code, std::string message) {
    if (!failed) failed = Error{code, std::move(message)}.at(at_);
  }
  ByteView in_;
  bool names_;
  std::size_t at_ = 0;
};

constexpr auto kinds = []<std::size_t... I>(std::index_sequence<I...>) {
  return std::array{std::variant_alternative_t<I, Body>::kind...};
}
(std::make_index_sequence<kind_count>());

Error unknown_kind(std::string_view kind) {
  return Error{"E-TRACE-002", "unknown kind of event '" + std::string(kind) + "'"}.expect(
      "the trace was made by a newer ikelab");
}

template <std::size_t I = 0>
Result<Body> decode_as(std::string_view kind, ByteView octets, bool names) {
  if constexpr (I == std::variant_size_v<Body>) {
    return unknown_kind(kind);
  } else {
    using T = std::variant_alternative_t<I, Body>;
    if (T::kind != kind) return decode_as<I + 1>(kind, octets, names);
    T body;
    Decoder decoder(octets, names);
    decoder.value(body);
    if (decoder.failed) return *decoder.failed;
    if (!decoder.at_end())
      return Error{"E-TRACE-001", "octets after the last field"}.at(decoder.offset());
    return Body{std::move(body)};
  }
}

}  // namespace

Bytes encode_body(const Body& body) {
  return encoded(body, true);
}

Result<Body> decode_body(std::string_view kind, ByteView octets) {
  return decode_as(kind, octets, true);
}

Bytes encode_values(const Body& body) {
  return encoded(body, false);
}

Result<Body> decode_values(std::string_view kind, ByteView octets) {
  return decode_as(kind, octets, false);
}

Bytes encode_event(const Event& event) {
  Bytes out;
  encode_event(event, out);
  return out;
}

void encode_event(const Event& event, Bytes& out) {
  const auto encode = [&](const auto& body) {
    append(out, true, [&](auto& to) {
      to.zigzag(event.time.ns);
      to.varint(event.seq);
      to.octets(event.node);
      to.octets(event.sa);
      to.octets(std::decay_t<decltype(body)>::kind);
      to.value(body);
    });
  };
  std::visit(encode, event.body);
}

Result<EncodedEvent> parse_event(ByteView octets) {
  Decoder decoder(octets);
  EncodedEvent event;
  event.octets = octets;
  event.time.ns = decoder.zigzag();
  event.seq = decoder.varint();
  event.node = decoder.text();
  event.sa = decoder.text();
  event.kind = decoder.text();
  event.body = decoder.rest();
  if (decoder.failed) return *decoder.failed;
  const auto row = std::find(kinds.begin(), kinds.end(), event.kind);
  if (row == kinds.end()) return unknown_kind(event.kind);
  event.index = static_cast<std::size_t>(row - kinds.begin());
  return event;
}

Result<Event> decode_event(const EncodedEvent& event) {
  IKELAB_TRY(Body body, decode_body(event.kind, event.body));
  return Event{event.time, event.seq, std::string(event.node), std::string(event.sa),
               std::move(body)};
}

}  // namespace ikelab::trace
