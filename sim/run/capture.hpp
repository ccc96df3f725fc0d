// Captures: one pcap file a link, with every packet as it was put on the wire (raw IP, nanosecond
// times).
#pragma once
#include <filesystem>
#include <fstream>
#include <map>

#include "sim/ns3/network.hpp"

namespace ikelab::run {

class Capture : public sim::WireTap {
 public:
  /// `epoch`: Unix seconds of simulated time 0. Errors: E-RUN-003 the folder cannot be written.
  static Result<std::unique_ptr<Capture>> open(const std::filesystem::path& directory,
                                               const scenario::Scenario& scenario);
  void on_wire(const std::string& link, Instant time, ByteView ip_packet) override;
  /// Errors: E-RUN-003 what could not be written.
  Result<void> finish();

 private:
  std::int64_t epoch_ = 0;
  std::map<std::string, std::ofstream> files_;
};

}  // namespace ikelab::run
