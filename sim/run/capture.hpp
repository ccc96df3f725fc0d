// Captures: one pcap file a link, with every packet as it was put on the wire (raw IP, nanosecond
// times), and all.pcapng with every link as an interface and a comment on what each packet is.
#pragma once
#include <filesystem>
#include <map>

#include "sim/capture/pcap_writer.hpp"
#include "sim/capture/pcapng_writer.hpp"
#include "sim/ns3/network.hpp"

namespace ikelab::run {

class Capture : public sim::WireTap, public trace::Sink {
 public:
  /// Errors: E-RUN-003 the folder cannot be written.
  static Result<std::unique_ptr<Capture>> open(const std::filesystem::path& directory,
                                               const scenario::Scenario& scenario);
  void on_wire(const std::string& link, Instant time, std::uint64_t datagram,
               ByteView ip_packet) override;
  /// Learns what datagrams are, for the comments.
  void record(const trace::Event& event) override;
  [[nodiscard]] trace::Kinds wants() const override {
    return trace::kinds_of<trace::Message, trace::EspSealed, trace::AttackAction>();
  }
  /// Errors: E-RUN-003 what could not be written.
  Result<void> finish();

 private:
  struct Link {
    std::size_t interface = 0;
    capture::PcapWriter file;
  };
  explicit Capture(capture::PcapngWriter all) : all_(std::move(all)) {}
  void remember(std::uint64_t datagram, std::string comment);

  std::int64_t epoch_ = 0;
  std::map<std::string, Link> links_;
  capture::PcapngWriter all_;
  std::map<std::uint64_t, std::string> comments_;  ///< of the latest datagrams
};

}  // namespace ikelab::run
