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
  };
  virtual Handed take(Instant now, const ikev2::Datagram& datagram) = 0;
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
extern const Bug cve_2013_2944, cve_2014_2338, cve_2015_3240, cve_2016_10396, cve_2016_5361,
    cve_2018_0131, obeys_the_clear, reuses_ephemeral_keys;

}  // namespace ikelab::historic
