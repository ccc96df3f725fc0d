// The canonical encoding of events: what the fingerprint hashes and what the store keeps.
//
//   event   := varint(time, zigzag) varint(seq) text(node) text(sa) text(kind) fields
//   fields  := for each in the order of the body's `fields` visitor: text(name) value
//   value   := string, Bytes: varint(length) octets | bool: one octet | uint64: varint | int64:
//   zigzag varint
//            | vector: varint(count) values | struct: varint(number of fields) fields
//
// Field names are part of the encoding, so that a reader skips nothing silently: an unknown kind or
// field is E-TRACE-002. Version 1. Changes raise `trace_version`; the store reads one version back.
#pragma once
#include "protocol/trace/event.hpp"

namespace ikelab::trace {

inline constexpr std::uint64_t trace_version = 1;

/// The octets of one body (kind excluded), deterministic. Read back with decode_body.
Bytes encode_body(const Body& body);
/// Errors: E-TRACE-001 truncated or malformed, E-TRACE-002 unknown kind or field.
Result<Body> decode_body(std::string_view kind, ByteView octets);
/// The values alone, without the names of their fields: half the size, for what the same program
/// reads again. Read back with decode_values.
Bytes encode_values(const Body& body);
Result<Body> decode_values(std::string_view kind, ByteView octets);
/// The octets of the whole event as hashed into the fingerprint.
Bytes encode_event(const Event& event);
/// The same behind what `out` has.
void encode_event(const Event& event, Bytes& out);

/// Such octets and what is where in them; valid as long as they are.
struct EncodedEvent {
  ByteView octets;
  Instant time;
  std::uint64_t seq = 0;
  std::string_view node, sa, kind;
  std::size_t index = 0;  ///< of the kind, for Kinds
  ByteView body;
};
/// Errors: E-TRACE-001 truncated or malformed, E-TRACE-002 unknown kind.
Result<EncodedEvent> parse_event(ByteView octets);
/// Errors: as decode_body.
Result<Event> decode_event(const EncodedEvent& event);

}  // namespace ikelab::trace
