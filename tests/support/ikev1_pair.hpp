// Two nodes with both versions of IKE and an in-memory wire between them, for the exchanges of
// IKEv1. Time moves only when a test says so.
#pragma once
#include <deque>
#include <functional>

#include "protocol/engine/engine.hpp"
#include "tests/support/pair.hpp"

namespace ikelab::test {

struct V1Side {
  std::unique_ptr<crypto::Provider> provider;
  std::unique_ptr<engine::Engine> engine;
  IpAddress address;
  std::vector<trace::LocalEvent> events;
  std::map<EspSpi, esp::SaParameters> inbound, outbound;  ///< the SAD as installed
  std::vector<ikev2::Datagram> sent;

  [[nodiscard]] std::string state() const;  ///< of the only IKE SA, "none" or "several"
  [[nodiscard]] bool diagnosed(const std::string& code) const;
  /// "Main Mode: SA, VID, VID", in order; in braces what is encrypted.
  [[nodiscard]] std::vector<std::string> said() const;
  template <class T>
  std::vector<const T*> all() const {
    std::vector<const T*> out;
    for (const trace::LocalEvent& event : events)
      if (const T* body = std::get_if<T>(&event.body)) out.push_back(body);
    return out;
  }
  /// The last value of this name that was derived.
  [[nodiscard]] Bytes derived(const std::string& name) const;
};

class V1Pair {
 public:
  V1Pair(policy::EndpointConfig a_config, policy::EndpointConfig b_config,
         ikev1::Habits b_habits = {}, std::uint64_t seed = 7);

  V1Side a, b;
  Instant now;
  /// True: lost. May change the datagram.
  std::function<bool(const V1Side& from, ikev2::Datagram&)> lose;

  Result<void> command(V1Side& side, const ikev2::Command& command);
  void deliver(V1Side& to, const ikev2::Datagram& datagram);
  void settle();              ///< until nothing is on its way; no timers
  void drive(Duration time);  ///< with timers
  /// One established SA on both sides with the same cookies, and ESP SAs whose keys fit.
  [[nodiscard]] bool consistent() const;

 private:
  void drain(V1Side& side);
  std::deque<std::pair<V1Side*, ikev2::Datagram>> flying_;
};

/// site_a() and site_b() in IKEv1's words.
policy::EndpointConfig v1_site_a(bool aggressive = false, const char* ike = "aes128-sha1-modp1024",
                                 const char* esp = "aes128-sha1");
policy::EndpointConfig v1_site_b(bool aggressive = false, const char* ike = "aes128-sha1-modp1024",
                                 const char* esp = "aes128-sha1");

}  // namespace ikelab::test
