// Flaws that real implementations had, as switches of a node (`bugs: [CVE-2014-2338]`), for patch
// day and for the attacks that used them. They stand beside the engine: a wrapper around its crypto
// port, a filter in front of its socket, or another entry in its table of decisions
// (protocol/ikev2/decisions.hpp). A node without `bugs:` has none of this in its way.
//
// One file a flaw; each opens with its advisory, and ends with its row.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/crypto/provider.hpp"
#include "protocol/esp/sa.hpp"
#include "protocol/ikev1/endpoint.hpp"
#include "protocol/ikev2/decisions.hpp"
#include "protocol/ikev2/endpoint.hpp"

namespace ikelab::historic {

/// What stands between a socket and the engine.
class Front {
 public:
  virtual ~Front() = default;
  /// What the engine gets of a datagram: itself, nothing, or others that waited for it; and what is
  /// done to the engine besides.
  struct Handed {
    std::vector<ikev2::Datagram> datagrams;
    std::vector<ikev2::Command> commands;
    std::string diagnosis;  ///< for the trace: what the flaw just did; empty: nothing
    std::vector<ikev2::Datagram> answers =
        {};  ///< sent at once, and the engine knows nothing of it
  };
  virtual Handed take(Instant, const ikev2::Datagram& datagram) { return {{datagram}, {}, {}}; }
  /// What the data path is told of an ICMP error: what came, or what the flaw takes it for.
  virtual Bytes take_icmp(ByteView message) { return to_bytes(message); }
  /// An ESP packet of the node's is on its way to `dst`.
  virtual void saw_esp(const IpAddress& dst, ByteView packet);
  virtual void saw_change(const esp::SadChange& change);
  /// The machine was set back to a snapshot: what a node that does not notice has then. Nothing: it
  /// notices.
  virtual std::optional<std::vector<esp::SadChange>> restored() { return std::nullopt; }
};

/// A failed assertion: the daemon is gone, and is started again without memory.
struct Crash {
  std::string why;
};

using ProviderPtr = std::unique_ptr<crypto::Provider>;

struct Bug {
  std::string_view name;      ///< "CVE-2014-2338"
  std::string_view product;   ///< "strongSwan 4.0.7 to 5.1.2"
  std::string_view advisory;  ///< a paragraph
  std::string_view repair;    ///< what the engine does instead
  ProviderPtr (*provider)(ProviderPtr) = nullptr;
  std::unique_ptr<Front> (*front)() = nullptr;
  void (*decide)(ikev2::Decisions&) = nullptr;
  void (*acquire)(ikev1::Habits&) = nullptr;  ///< of the IKEv1 engine
};

std::vector<const Bug*> bugs();
const Bug* find(std::string_view name);

/// What a node with these bugs is made with. The names are known (sim/scenario checks them).
ProviderPtr with_bugs(ProviderPtr provider, const std::vector<std::string>& names);
ikev2::Decisions decisions_with(const std::vector<std::string>& names);
ikev1::Habits habits_with(const std::vector<std::string>& names);
std::vector<std::unique_ptr<Front>> fronts_of(const std::vector<std::string>& names);

// One a file.
extern const Bug cve_2013_2944, cve_2014_2338, cve_2015_3240, cve_2015_4171, cve_2015_8023,
    cve_2016_10396, cve_2016_5361, cve_2018_0131, cve_2021_45079, answers_any_spi,
    believes_any_auth, believes_every_icmp, goes_on_after_restore, obeys_the_clear,
    reuses_ephemeral_keys;

}  // namespace ikelab::historic
