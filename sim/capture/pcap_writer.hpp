// A pcap file of one link (draft-ietf-opsawg-pcap): raw IP, nanoseconds, little endian.
#pragma once
#include <filesystem>
#include <fstream>

#include "protocol/base/bytes.hpp"
#include "protocol/base/result.hpp"

namespace ikelab::capture {

class PcapWriter {
 public:
  /// Errors: E-RUN-003 the file cannot be written.
  static Result<PcapWriter> open(const std::filesystem::path& file);
  void write(std::int64_t unix_ns, ByteView ip_packet);
  /// Errors: E-RUN-003 it could not be written whole.
  Result<void> finish();

 private:
  explicit PcapWriter(const std::filesystem::path& file);
  std::filesystem::path file_;
  std::ofstream out_;
};

}  // namespace ikelab::capture
