// What the student gets to see of a run: withheld() and record() of simulate.hpp.
#include <algorithm>

#include "labs/engine/simulate.hpp"
#include "protocol/crypto/digest.hpp"
#include "sim/store/recorder.hpp"

namespace ikelab::labs {
namespace {

std::string_view role_name(scenario::Role role) {
  switch (role) {
    case scenario::Role::gateway:
      return "gateway";
    case scenario::Role::router:
      return "router";
    case scenario::Role::nat:
      return "nat";
    case scenario::Role::firewall:
      return "firewall";
    case scenario::Role::host:
      break;
  }
  return "host";
}

store::RunInfo info_of(const Simulated& simulated) {
  const scenario::Scenario& s = simulated.scenario;
  store::RunInfo info;
  info.scenario = s.name;
  info.about = s.about;
  info.seed = s.seed;
  info.config = s.yaml;
  const auto digest = crypto::sha256();
  digest->update(as_bytes(s.yaml));
  info.config_hash = to_hex(digest->finish());
  info.versions = simulated.versions;
  info.epoch = s.epoch;
  info.disclosed = s.disclose_secrets;
  for (const scenario::Node& node : s.nodes) {
    store::NodeInfo row{node.name, std::string(role_name(node.role)), {}, node.x, node.y};
    for (const scenario::Link& link : s.links) {
      if (link.a == node.name) row.addresses.push_back(link.a_address);
      if (link.b == node.name) row.addresses.push_back(link.b_address);
    }
    info.nodes.push_back(std::move(row));
  }
  for (const scenario::Link& link : s.links) info.links.push_back({link.name, link.a, link.b, ""});
  return info;
}

}  // namespace

namespace {

/// What an encrypted message or packet says inside.
void hide_plain(trace::Body& body) {
  if (auto* message = std::get_if<trace::Message>(&body)) message->plain.clear();
  if (auto* auth = std::get_if<trace::AuthDecided>(&body)) {
    auth->octets.clear();
    auth->parts.clear();
  }
  if (auto* sealed = std::get_if<trace::EspSealed>(&body)) {
    sealed->inner.clear();
    sealed->summary.clear();
  }
  if (auto* opened = std::get_if<trace::EspOpened>(&body)) {
    opened->inner.clear();
    opened->summary.clear();
  }
}

}  // namespace

std::vector<trace::Event> withheld(std::vector<trace::Event> events,
                                   const std::vector<std::string>& withhold) {
  const auto hidden = [&](std::string_view name) {
    return std::find(withhold.begin(), withhold.end(), name) != withhold.end();
  };
  for (trace::Event& event : events) {
    if (auto* key = std::get_if<trace::KeyDerived>(&event.body)) {
      if (hidden(key->name)) key->output.clear();
      for (trace::NamedValue& input : key->inputs)
        if (hidden(input.name)) input.value.clear();
    } else if (auto* auth = std::get_if<trace::AuthDecided>(&event.body);
               auth != nullptr && hidden("AUTH")) {
      auth->octets.clear();
      auth->parts.clear();
    }
    if (hidden("PLAIN")) hide_plain(event.body);
  }
  return events;
}

Result<std::int64_t> record(const Simulated& simulated, const std::vector<trace::Event>& events,
                            const std::filesystem::path& db) {
  IKELAB_TRY(const auto recorder, store::Recorder::open(db));
  IKELAB_TRY(const std::int64_t id,
             recorder->begin_run(info_of(simulated), simulated.scenario.record));
  IKELAB_ASSERT(id > 0);
  for (const trace::Event& event : events) recorder->record(event);
  IKELAB_CHECK(recorder->finish_run(store::RunStatus::finished, true, simulated.fingerprint));
  return id;
}

}  // namespace ikelab::labs
