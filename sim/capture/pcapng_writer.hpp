// A pcapng file with several interfaces and a comment a packet (draft-ietf-opsawg-pcapng): raw IP,
// nanoseconds, little endian.
#pragma once
#include <filesystem>
#include <fstream>

#include "sim/capture/capture_file.hpp"

namespace ikelab::capture {

class PcapngWriter {
 public:
  /// Errors: E-RUN-003 the file cannot be written.
  static Result<PcapngWriter> open(const std::filesystem::path& file,
                                   const std::vector<Interface>& interfaces);
  /// `comment` may be empty; it is cut at 1,000 octets.
  void write(std::size_t interface, std::int64_t unix_ns, ByteView ip_packet,
             const std::string& comment);
  /// Errors: E-RUN-003 it could not be written whole.
  Result<void> finish();

 private:
  explicit PcapngWriter(const std::filesystem::path& file);
  std::filesystem::path file_;
  std::ofstream out_;
};

}  // namespace ikelab::capture
