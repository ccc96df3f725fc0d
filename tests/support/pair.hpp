// Two endpoints with in-memory queues between them: exchange tests without a network. Time moves only when a test says so.
#pragma once
#include <deque>
#include <functional>

#include "protocol/esp/esp.hpp"
#include "protocol/ikev2/endpoint.hpp"

namespace ikelab::test {

/// One side: its endpoint, and everything it ever put out.
struct Side {
  std::unique_ptr<crypto::Provider> provider;
  std::unique_ptr<ikev2::Endpoint> endpoint;
  std::vector<trace::LocalEvent> events;
  std::vector<std::string> sad;  ///< "install in 1a2b3c4d", "remove out 1a2b3c4d", in order
  unsigned sent = 0;

  template <class T>
  std::vector<const T*> all() const {
    std::vector<const T*> out;
    for (const trace::LocalEvent& event : events)
      if (const T* body = std::get_if<T>(&event.body)) out.push_back(body);
    return out;
  }
};

class Pair {
 public:
  Pair(policy::EndpointConfig a_config, policy::EndpointConfig b_config, std::uint64_t seed = 7);

  Side a, b;
  Instant now;
  Duration latency = 10ms;
  /// True: the datagram is lost. Called with the sender and the count of its datagrams, from 1.
  std::function<bool(const Side& from, unsigned nth, const ikev2::Datagram&)> lose;
  /// May change a datagram on its way.
  std::function<void(const Side& from, ikev2::Datagram&)> tamper;
  std::vector<ikev2::Datagram> wire;  ///< everything ever sent, in order

  Result<void> command(Side& side, const ikev2::Command& command);
  /// Delivers or times out the next thing due at or before `until`. False: nothing was due.
  bool step(Instant until);
  /// Steps until nothing is due within `time` from now, then lets the time pass.
  void drive(Duration time = 1s);
  /// Puts a datagram into `to` at once, as if from the network.
  void deliver(Side& to, const ikev2::Datagram& datagram);

 private:
  struct InFlight {
    Instant at;
    Side* to;
    ikev2::Datagram datagram;
  };
  void drain(Side& side);
  std::deque<InFlight> flying_;
};

/// gw-a (192.0.2.1, 10.1.0.0/24) and gw-b (192.0.2.2, 10.2.0.0/24) with a shared key; connection "site", child "net".
policy::EndpointConfig site_a();
policy::EndpointConfig site_b();

}  // namespace ikelab::test
