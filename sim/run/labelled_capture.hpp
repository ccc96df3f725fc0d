// Labelled captures: one pcapng file a link, whose comments say of each packet whether an honest
// node made it or an adversary, and in which attack; beside it a CSV file with the same labels, for
// who measures another intrusion detection system on the same traffic.
#pragma once
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "sim/capture/pcapng_writer.hpp"
#include "sim/ns3/network.hpp"
#include "sim/run/run.hpp"

namespace ikelab::run {

class LabelledCapture : public sim::WireTap, public trace::Sink {
 public:
  /// Errors: E-RUN-003 the folder cannot be written.
  static Result<std::unique_ptr<LabelledCapture>> open(const Labels& labels,
                                                       const scenario::Scenario& scenario);
  void on_wire(const std::string& link, Instant time, std::uint64_t datagram,
               ByteView ip_packet) override;
  /// Learns which packets an adversary made.
  void record(const trace::Event& event) override;
  [[nodiscard]] trace::Kinds wants() const override {
    return trace::kinds_of<trace::AttackAction>();
  }
  /// Errors: E-RUN-003 what could not be written.
  Result<void> finish();

 private:
  struct Link {
    capture::PcapngWriter file;
    std::filesystem::path csv_path;
    std::ofstream csv;
    std::uint64_t packets = 0;
  };
  /// Of a packet that an adversary made, or made what it is.
  struct Label {
    std::string by, attack, action, note;
  };

  std::int64_t epoch_ = 0;
  std::map<std::string, std::string> scripts_;  ///< adversary to its script
  std::map<std::string, Link> links_;
  std::map<std::uint64_t, Label> made_;
};

}  // namespace ikelab::run
