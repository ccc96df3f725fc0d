// Which octets of a message an AUTH payload covers (RFC 7296, 2.15), found by comparing them with
// the octets that were really signed or MACed.
#pragma once
#include "visualizer/models/inspector.hpp"

namespace ikelab::view {

/// The outer message: covered when it is the RealMessage of an AuthDecided event.
void mark_wire_coverage(const RunModel& run, const MessageRow& row, OctetBlock& block);
/// The decrypted content of IKE_AUTH: the body of IDi or IDr is covered through MACedIDFor.
void mark_plain_coverage(const MessageRow& row, OctetBlock& block);
/// Keys derived because of a message: between it and the next one its receiver or sender derived.
std::vector<EventPtr> keys_after(const RunModel& run, const MessageRow& row);

}  // namespace ikelab::view
