#include "protocol/trace/encode.hpp"

#include <type_traits>

namespace ikelab::trace {
namespace {

template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {};

/// Most bodies have fewer, so that their memory is asked for once.
constexpr std::size_t body_octets = 512;

class Encoder {
 public:
  explicit Encoder(Bytes& out, bool names = true) : out_(out), names_(names) {}

  void varint(std::uint64_t value) {
    for (; value >= 128; value >>= 7) out_.push_back(static_cast<std::uint8_t>(value | 128));
    out_.push_back(static_cast<std::uint8_t>(value));
  }
  void zigzag(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void octets(ByteView bytes) {
    varint(bytes.size());
    out_.insert(out_.end(), bytes.begin(), bytes.end());
  }

  template <class T>
  void value(const T& x) {
    if constexpr (std::is_same_v<T, std::string>)
      octets(as_bytes(x));
    else if constexpr (std::is_same_v<T, Bytes>)
      octets(x);
    else if constexpr (std::is_same_v<T, bool>)
      out_.push_back(x ? 1 : 0);
    else if constexpr (std::is_same_v<T, std::uint64_t>)
      varint(x);
    else if constexpr (std::is_same_v<T, std::int64_t>)
      zigzag(x);
    else if constexpr (is_vector<T>::value) {
      varint(x.size());
      for (const auto& element : x) value(element);
    } else {
      std::uint64_t count = 0;
      T::fields(x, [&](const char*, const auto&) { ++count; });
      varint(count);
      T::fields(x, *this);
    }
  }
  template <class T>
  void operator()(const char* name, const T& x) {
    if (names_) octets(as_bytes(name));
    value(x);
  }

 private:
  Bytes& out_;
  bool names_;
};

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

template <std::size_t I = 0>
Result<Body> decode_as(std::string_view kind, ByteView octets, bool names) {
  if constexpr (I == std::variant_size_v<Body>) {
    return Error{"E-TRACE-002", "unknown kind of event '" + std::string(kind) + "'"}.expect(
        "the trace was made by a newer ikelab");
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
  Bytes out;
  out.reserve(body_octets);
  std::visit([&](const auto& b) { Encoder(out).value(b); }, body);
  return out;
}

Result<Body> decode_body(std::string_view kind, ByteView octets) {
  return decode_as(kind, octets, true);
}

Bytes encode_values(const Body& body) {
  Bytes out;
  out.reserve(body_octets);
  std::visit([&](const auto& b) { Encoder(out, false).value(b); }, body);
  return out;
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
  out.clear();
  Encoder encoder(out);
  encoder.zigzag(event.time.ns);
  encoder.varint(event.seq);
  encoder.octets(as_bytes(event.node));
  encoder.octets(as_bytes(event.sa));
  encoder.octets(as_bytes(kind_of(event.body)));
  std::visit([&](const auto& b) { encoder.value(b); }, event.body);
}

}  // namespace ikelab::trace
