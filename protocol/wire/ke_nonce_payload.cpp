// What the shared secret is made from: Key Exchange (RFC 7296, 3.4) and Nonce (RFC 7296, 3.9).
//
//                        1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |   Diffie-Hellman Group Num    |           RESERVED            |   KE
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   ~                       Key Exchange Data                       ~
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   ~                            Nonce Data                         ~   Ni, Nr: 16 to 256 octets
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
#include "protocol/wire/codec.hpp"

namespace ikelab::wire {
namespace {

constexpr const char* rfc_ke = "RFC 7296, 3.4";
constexpr FieldInfo f_method{
    "Key Exchange Method",
    "Which key exchange the data below belongs to (Diffie-Hellman group number).", rfc_ke};
constexpr FieldInfo f_reserved{"RESERVED", "Sent as zero, ignored when received.", rfc_ke};
constexpr FieldInfo f_data{"Key Exchange Data",
                           "The sender's public value; the shared secret g^ir comes from it and "
                           "the receiver's private one.",
                           rfc_ke};
constexpr FieldInfo f_nonce{
    "Nonce Data", "Fresh random octets: they make every key new and bind AUTH to this handshake.",
    "RFC 7296, 3.9"};

constexpr FieldInfo f_puzzle_key{"Key",
                                 "prf(this key, cookie) ends in as many zero bits as the puzzle "
                                 "asked for: only trying finds it.",
                                 "RFC 8019, 7.1.3"};
constexpr std::size_t puzzle_keys = 4;

}  // namespace

bool read_ke(Reader& r, PayloadBody& out) {
  if (r.left() < 4)
    return r.refuse("E-WIRE-012", r.at(), rfc_ke,
                    fmt::format("a KE body needs 4 octets, {} are there", r.left()));
  KePayload ke;
  ke.method = r.u16(f_method);
  r.says([&] { return numbered(ke.method, transform_name(4, ke.method)); });
  r.reserved(2, f_reserved);
  if (r.left() == 0)
    r.remark(Severity::error, "E-WIRE-030", r.at() - 4, r.limit(), rfc_ke,
             "a KE payload without key exchange data");
  ke.data = to_bytes(r.rest(f_data));
  out = std::move(ke);
  return true;
}

void write(Writer& w, const KePayload& body) {
  w.u16(body.method);
  w.zeros(2);
  w.octets(body.data);
}

bool read_nonce(Reader& r, PayloadBody& out) {
  const std::size_t size = r.left(), begin = r.at();
  //= rfc7296#3.9 "The size of the Nonce Data MUST be between 16 and 256 octets, inclusive."
  if (size < bounds::nonce_octets_min || size > bounds::nonce_octets_max)
    r.remark(Severity::error, "E-WIRE-040", begin, r.limit(), "RFC 7296, 3.9",
             fmt::format("a nonce of {}", count_octets(size)));
  out = NoncePayload{to_bytes(r.rest(f_nonce))};
  return true;
}

void write(Writer& w, const NoncePayload& body) {
  w.octets(body.data);
}

bool read_puzzle_solution(Reader& r, PayloadBody& out) {
  const std::size_t size = r.left(), begin = r.at();
  //= rfc8019#8.2 "All of the keys MUST have the same size; therefore, the size of this field is always
  //= a multiple of 4 bytes."
  if (size == 0 || size % puzzle_keys != 0)
    r.remark(Severity::error, "E-WIRE-041", begin, r.limit(), "RFC 8019, 8.2",
             fmt::format("four keys of equal size do not fill {}", count_octets(size)));
  PuzzleSolutionPayload solution;
  if (size % puzzle_keys == 0)
    for (std::size_t i = 0; i < puzzle_keys; ++i) {
      const Bytes key = to_bytes(r.octets(size / puzzle_keys, f_puzzle_key));
      solution.data.insert(solution.data.end(), key.begin(), key.end());
    }
  else
    solution.data = to_bytes(r.rest(f_puzzle_key));
  out = std::move(solution);
  return true;
}

void write(Writer& w, const PuzzleSolutionPayload& body) {
  w.octets(body.data);
}

}  // namespace ikelab::wire
