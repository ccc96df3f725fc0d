// An adversary's mind: a Lua script in a sandbox that sees packets at its position and says what
// becomes of them. The network (sim/ns3) is its hands. It never reaches into an endpoint: what it
// has not earned it does not know. A monitor's detector is the same kind of script on the other
// side: it sees what an adversary at its place would see, and says when something is wrong.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/address.hpp"
#include "protocol/base/time.hpp"
#include "protocol/policy/connection.hpp"
#include "protocol/trace/event.hpp"

namespace ikelab::script {

/// A packet as the tap sees it: one IP packet on a link.
struct TappedPacket {
  std::uint64_t datagram = 0;  ///< the trace's id (0: not IKE or ESP)
  std::string link, from, to;  ///< node names of the link's ends, direction of travel
  std::string protocol;        ///< "IKE", "ESP", "ICMP", "TCP", "UDP"
  SocketAddress src, dst;      ///< port 0 for protocol 50 and others without ports
  bool fragment = false;       ///< a part of an IP packet that was fragmented
  bool leaving = false;  ///< seen where its sender puts it on the link, before anybody on the way
  Bytes payload;         ///< UDP payload, or the ESP packet; else the IP payload
};

/// What the script wants: the tapped packet's fate, and packets to put on the wire (after a delay,
/// from the adversary's position). Packets the adversary made (modified, replayed, injected) bear
/// ids of its own; the AttackAction in the trace names them as `result`.
struct Injection {
  std::uint64_t datagram = 0;  ///< the new packet's id, from AdversaryOptions::datagram_id_base on
  Duration after{0};
  SocketAddress src, dst;
  std::string protocol;  ///< "IKE" (UDP), "ESP", "ICMP", "UDP"
  Bytes payload;
  std::string towards;  ///< the end of the link it travels to (TappedPacket::to as the packet did,
                        ///< ::from to go back)
  std::uint64_t copy_of = 0;  ///< the datagram it replays, 0 if made
};
struct Decision {
  enum class Fate { pass, drop, modify, delay } fate = Fate::pass;
  Bytes payload;               ///< modify: the new payload
  std::uint64_t datagram = 0;  ///< modify: the id of the packet that goes on in its place
  Duration delay{0};           ///< delay
  std::string note;            ///< drop: why
  std::vector<Injection> injections;
};

/// What the scenario's `compromise:` puts into its hands while the run goes on.
struct Grant {
  std::string what, node, sa;  ///< "SK_d", the node it was taken from, and which IKE SA there
  Bytes value;
};

class Adversary {
 public:
  virtual ~Adversary() = default;
  /// The script's header table: name, about, position ("passive", "on-path", "off-path"; of a
  /// detector also "both-ends": it sees packets as they leave and as they arrive), needs.
  [[nodiscard]] virtual const std::string& about() const = 0;
  [[nodiscard]] virtual const std::string& position() const = 0;
  /// Each returns what to do; a script error or an exhausted budget (instructions, memory) passes
  /// the packet and is a Diagnostic event (E-LUA-002 error in the script with line, E-LUA-003 too
  /// many instructions, E-LUA-004 too much memory), after which the script is off.
  virtual Decision on_packet(Instant now, const TappedPacket& packet) = 0;
  virtual Decision on_timer(Instant now) = 0;
  virtual Decision on_grant(Instant now, const Grant& grant) = 0;
  [[nodiscard]] virtual std::optional<Instant> next_timer() const = 0;
  /// The run ends: last words (what was achieved).
  virtual void on_finish(Instant now) = 0;
  /// Drain after each call: AttackAction, AttackKnowledge, Alert, Diagnostic, Mark; and what its
  /// own endpoint says, with the IKE SA's name.
  virtual std::optional<trace::LocalEvent> poll_event() = 0;
};

/// Which side a script is on: its header is called `attack` or `monitor`.
enum class Side { attack, monitor };

struct AdversaryOptions {
  std::string name;  ///< node name of the adversary in the trace
  /// Where it stands and which script it is, in words; what the trace says of it at the beginning.
  std::string place, script;
  Side side = Side::attack;
  bool blocks = false;  ///< a monitor on the path whose block() takes packets out
  std::map<std::string, std::string> parameters;
  std::uint64_t seed = 0;
  std::map<std::string, Bytes> held;  ///< what it has from the beginning: "psk:gw-a"
  /// The words of a dictionary. Errors: E-RUN-006.
  std::function<Result<std::vector<std::string>>(const std::string& name)> dictionary;
  /// Files whose text follows the script's in its source, each with the line at which it begins.
  std::vector<std::pair<int, std::string>> parts;
  /// Its own IKE endpoint: identities and secrets that the scenario grants. Empty: none.
  std::vector<policy::ConnectionConfig> connections;
  std::int64_t epoch = 0;              ///< Unix seconds at Instant 0, for its certificates
  std::uint64_t datagram_id_base = 0;  ///< ids of packets it makes count up from here
  std::uint64_t instructions_per_call = 1'000'000;
  std::size_t memory_bytes = 16U << 20;
};

/// What a script's header table says of it.
struct Header {
  std::string id, name, about, position, needs, source, vulnerable, hardened;
  std::string unseen;  ///< why no monitor can see this attack in the packets; empty: one can
  /// Scenarios in which the attack succeeds, and in which it does not; of a detector: in which it
  /// gives alarm, and in which it must not.
  std::vector<std::string> falls, holds;
};
/// Runs the script's main chunk and reads its header, nothing else. Errors: as load_adversary.
Result<Header> read_header(const std::string& source, const std::string& file,
                           Side side = Side::attack);

/// Loads and checks a script. Errors: E-LUA-001 syntax or missing header (file, line),
/// E-LUA-002..004 while loading.
Result<std::unique_ptr<Adversary>> load_adversary(const std::string& source,
                                                  const std::string& file,
                                                  const AdversaryOptions& options);

}  // namespace ikelab::script
