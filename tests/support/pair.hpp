// Two endpoints with in-memory queues between them: exchange tests without a network. Time moves
// only when a test says so.
#pragma once
#include <deque>
#include <functional>
#include <map>

#include "protocol/esp/esp.hpp"
#include "protocol/ikev2/endpoint.hpp"
#include "protocol/trace/journal.hpp"

namespace ikelab::test {

/// One side: its endpoint, and everything it ever put out.
struct Side {
  std::unique_ptr<crypto::Provider> provider;
  std::unique_ptr<ikev2::Endpoint> endpoint;
  std::vector<trace::LocalEvent> events;
  std::vector<std::string> sad;  ///< "install in 1a2b3c4d", "remove out 1a2b3c4d", in order
  unsigned sent = 0;
  IpAddress address;  ///< what is sent to another address never arrives
  std::map<EspSpi, esp::SaParameters> inbound, outbound;  ///< the SAD as installed
  std::vector<IpAddress> inner_addresses;                 ///< that the peer gave
  std::deque<std::uint8_t> nonces_begin;  ///< first octets of the next nonces it draws
  std::vector<EspSpi> outbound_order;     ///< the last one is what the data path uses

  [[nodiscard]] std::vector<ikev2::IkeSaInfo> sas()
      const;  ///< without those that only linger (DEAD)
  /// The state of the only IKE SA, "none" or "several".
  [[nodiscard]] std::string state() const;
  [[nodiscard]] std::vector<std::string> diagnostics() const;  ///< codes, in order
  [[nodiscard]] bool diagnosed(const std::string& code) const;
  /// "IKE_SA_INIT request 0", repetitions as "IKE_SA_INIT request 0 again 1".
  [[nodiscard]] std::vector<std::string> messages_sent() const;

  template <class T>
  std::vector<const T*> all() const {
    std::vector<const T*> out;
    for (const trace::LocalEvent& event : events)
      if (const T* body = std::get_if<T>(&event.body)) out.push_back(body);
    return out;
  }
};

/// A NAT that translates address and port (RFC 3022). Packets without ports do not pass.
struct Nat {
  IpAddress outside;
  std::map<std::uint16_t, std::uint16_t> port_of;  ///< inside port to outside port
  std::uint16_t next_port = 40'001;
  /// Every mapping is lost; the next datagram from inside gets another port.
  void reboot() { port_of.clear(); }
};

class Pair {
 public:
  Pair(policy::EndpointConfig a_config, policy::EndpointConfig b_config, std::uint64_t seed = 7);
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  Side a, b;
  Instant now;
  Duration latency = 10ms;
  /// True: the datagram is lost. Called with the sender and the count of its datagrams, from 1.
  std::function<bool(const Side& from, unsigned nth, const ikev2::Datagram&)> lose;
  /// Stands before a: b sees its outside address, and reaches a only through its mappings.
  std::optional<Nat> nat;
  /// May change a datagram on its way.
  std::function<void(const Side& from, ikev2::Datagram&)> tamper;
  std::vector<ikev2::Datagram> wire;  ///< everything ever sent, in order
  /// Markers of ESP packets on the newest outbound SA of each side, one with every step: how many
  /// there were, and how many found no inbound SA where they arrived. Rekeying must lose none.
  std::uint64_t probes = 0, lost_probes = 0;
  trace::MemorySink sink;  ///< both sides' events in one order
  trace::Journal journal;

  Result<void> command(Side& side, const ikev2::Command& command);
  /// Delivers or times out the next thing due at or before `until`. False: nothing was due.
  bool step(Instant until);
  /// Steps until nothing is due within `time` from now, then lets the time pass.
  void drive(Duration time = 1s);
  /// Steps until no datagram is in flight; timers do not fire.
  void settle();
  /// Both sides hold the same one established IKE SA, and Child SAs whose keys and selectors fit,
  /// and nothing else.
  [[nodiscard]] bool consistent() const;
  /// The canonical octets of all events: equal for equal runs.
  [[nodiscard]] Bytes encoded() const;
  /// Loses the nth datagram (from 1) that `from` sends from now on.
  void lose_nth(const Side& from, unsigned nth);
  /// Puts a datagram into `to` at once, as if from the network.
  void deliver(Side& to, const ikev2::Datagram& datagram);

 private:
  struct InFlight {
    Instant at;
    Side* to;
    ikev2::Datagram datagram;  ///< of a probe: addresses only
    EspSpi probe;
  };
  void fly();
  bool route(const Side& from, SocketAddress& src, SocketAddress& dst);
  void take_outputs(Side& side);
  void arrive(const InFlight& flight);
  void note_sad(Side& side, esp::SadChange change);
  void drain(Side& side);
  std::deque<InFlight> flying_;
};

/// A message's payloads without the notifications that extensions added: "SA, KE, Nr, CERTREQ".
std::string without_extensions(const std::string& payloads);

/// gw-a (192.0.2.1, 10.1.0.0/24) and gw-b (192.0.2.2, 10.2.0.0/24) with a shared key; connection
/// "site", child "net".
policy::EndpointConfig site_a(const char* ike = "aes256gcm16-prfsha256-x25519",
                              const char* esp = "aes256gcm16");
policy::EndpointConfig site_b(const char* ike = "aes256gcm16-prfsha256-x25519",
                              const char* esp = "aes256gcm16");

}  // namespace ikelab::test
