// Metrics of a run at intervals (`measure: 1s`): of each gateway its throughput, refusals, SAs by
// state and retransmissions; of each ESP SA, at its end, what it carried and what was lost; of each
// rekey how long it took and how long both SAs were there. They are events as any other, and so in
// the view `metrics`.
//
//   subject "gateway gw-a"          throughput_out, throughput_in (bit/s), rejected,
//   retransmissions,
//                                   ike_sas, esp_sas, ike_<state>
//   subject "sa gw-b in 1a2b3c4d"   packets, octets, lost, lifetime
//   subject "rekey gw-a"            duration, overlap (ns)
//
// Invariant: memory grows with the SAs there are, not with the run's length.
#pragma once
#include <map>

#include "protocol/trace/journal.hpp"
#include "sim/scenario/scenario.hpp"

namespace ikelab::run {

class Meter : public trace::Sink {
 public:
  Meter(const scenario::Scenario& scenario, trace::Journal& journal);
  void record(const trace::Event& event) override;
  [[nodiscard]] trace::Kinds wants() const override {
    return trace::kinds_of<trace::EspSealed, trace::EspOpened, trace::EspRejected, trace::Message,
                           trace::StateChanged, trace::SaInstalled, trace::SaRemoved,
                           trace::TaskEnded>();
  }
  /// An interval is over: what happened in it goes into the trace.
  void tell(Instant now);
  /// The run is over: SAs that are still there tell what they carried.
  void finish(Instant now);

 private:
  struct Gateway {
    std::uint64_t out_octets = 0, in_octets = 0, rejected = 0, retransmissions = 0;
    std::map<std::string, std::string> ike_states;  ///< of each IKE SA
    std::uint64_t esp_sas = 0;
    std::map<std::string, std::uint64_t> told_states;
  };
  struct Sa {
    Instant since;
    std::uint64_t packets = 0, octets = 0, highest = 0;
    std::string name;
    std::optional<Instant> ended;  ///< what is on its way is still waited for
  };
  void open_sa(const trace::Event& event, const trace::SaInstalled& sa);
  void end_sa(Instant now, const std::string& node, const std::string& key);
  void report_sas(Instant now, bool all);
  void metric(Instant now, const std::string& node, std::string subject, std::string name,
              std::int64_t value, const char* unit);

  trace::Journal& journal_;
  Duration interval_{0};
  std::map<std::string, Gateway> gateways_;
  std::map<std::pair<std::string, std::string>, Sa> sas_;       ///< by node, then "in 1a2b3c4d"
  std::vector<std::pair<std::string, trace::Metric>> waiting_;  ///< with their node
  Instant told_;
};

}  // namespace ikelab::run
