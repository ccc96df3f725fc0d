// A light node of an access cloud: an IKE endpoint, an ESP data path and a source of UDP echoes,
// and nothing of ns-3's stack. It makes and reads its IP packets itself.
#pragma once
#include <functional>
#include <memory>

#include "protocol/esp/esp.hpp"
#include "protocol/ikev2/endpoint.hpp"
#include "protocol/trace/journal.hpp"
#include "sim/ns3/ns3.hpp"
#include "sim/scenario/scenario.hpp"

namespace ikelab::sim {

class Subscriber {
 public:
  struct Surroundings {
    crypto::Provider* provider = nullptr;  ///< one for the whole cloud
    trace::Journal* journal = nullptr;
    /// Puts an IP packet on the subscriber's line.
    std::function<void(std::uint64_t id, const char* protocol, Bytes packet)> send;
  };
  Subscriber(const scenario::Node& config, const scenario::Scenario& scenario,
             const scenario::Cloud& cloud, std::size_t index, std::uint64_t ordinal,
             const IpAddress& echo_server, Surroundings around);
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  /// Its first call, its echoes, its rekey.
  void schedule();
  void receive(std::uint64_t id, ByteView packet);
  void command(const ikev2::Command& command);
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t answered() const { return answered_; }

 private:
  void on_udp(std::uint64_t id, const IpAddress& src, const IpAddress& dst, ByteView udp);
  void on_esp(std::uint64_t id, const SocketAddress& src, const SocketAddress& dst, ByteView header,
              ByteView packet);
  void on_inner(ByteView packet);
  void send_udp(std::uint64_t id, const char* what, const SocketAddress& src,
                const SocketAddress& dst, ByteView payload);
  void echo();
  void drain();
  void on_timeout();
  void emit(trace::Body body);

  const scenario::Node& config_;
  const scenario::Scenario& scenario_;
  const scenario::Cloud& cloud_;
  std::size_t index_;
  std::uint64_t esp_datagrams_;
  IpAddress echo_server_;
  Surroundings around_;
  std::unique_ptr<crypto::RngSource> random_;
  std::unique_ptr<crypto::Rng> esp_iv_;
  std::unique_ptr<ikev2::Endpoint> endpoint_;
  esp::DataPath data_path_;
  ns3::EventId timer_;
  std::uint64_t sent_ = 0, answered_ = 0;
};

}  // namespace ikelab::sim
