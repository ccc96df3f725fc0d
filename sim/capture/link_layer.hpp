// From a captured frame to the IP packet in it.
#pragma once
#include <optional>

#include "sim/capture/capture_file.hpp"

namespace ikelab::capture {

/// Ethernet (with VLAN tags), PPP, raw IP, Linux cooked v1 and v2, BSD loopback. Nothing: it is no
/// IP, or the link type is not known (knows() tells them apart).
std::optional<ByteView> ip_packet_of(LinkType link, ByteView frame);
bool knows(LinkType link);

}  // namespace ikelab::capture
