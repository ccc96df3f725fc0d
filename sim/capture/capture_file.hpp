// Captures as files: pcap in both byte orders with micro- or nanoseconds (draft-ietf-opsawg-pcap),
// and pcapng with several sections and interfaces (draft-ietf-opsawg-pcapng). What is read is
// hostile: every length is held against what is left, and nothing is allocated on its word.
#pragma once
#include <filesystem>
#include <vector>

#include "protocol/base/bytes.hpp"

namespace ikelab::capture {

/// https://www.tcpdump.org/linktypes.html
enum class LinkType : std::uint16_t {
  null = 0,
  ethernet = 1,
  ppp = 9,
  raw_bsd = 12,
  ppp_hdlc = 50,
  raw = 101,
  loop = 108,
  linux_sll = 113,
  ipv4 = 228,
  ipv6 = 229,
  linux_sll2 = 276
};

/// Where packets were captured.
struct Interface {
  LinkType link{};
  std::string name;  ///< pcapng's if_name; may be empty
};

struct Packet {
  std::int64_t unix_ns = 0;  ///< nanoseconds since 1970
  std::size_t interface = 0;
  std::size_t begin = 0, size = 0;  ///< its octets in CaptureFile::content
  std::size_t original_size = 0;    ///< on the wire; larger when the capture cut it
};

struct CaptureFile {
  Bytes content;
  std::vector<Interface> interfaces;
  std::vector<Packet> packets;  ///< in the order of the file
  std::string remark;           ///< not empty: the file ends in the middle of something
  [[nodiscard]] ByteView octets(const Packet& packet) const {
    return ByteView(content).subspan(packet.begin, packet.size);
  }
};

inline constexpr std::size_t largest_capture = std::size_t{1} << 30;  ///< octets: it is read whole

/// Errors: E-CAP-001 the file cannot be read, or is larger than largest_capture; E-CAP-002 it is no
/// capture; E-CAP-003 broken inside, with the octet.
Result<CaptureFile> read_capture(const std::filesystem::path& file);
Result<CaptureFile> parse_capture(Bytes content, const std::string& name);

}  // namespace ikelab::capture
