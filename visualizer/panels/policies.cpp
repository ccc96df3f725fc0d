// What each node is told to protect (its SPD), and whom to believe (its PAD): the order counts, the
// first policy that selects a packet decides (RFC 4301, 4.4).
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/models/text.hpp"
#include "visualizer/panels/table.hpp"

namespace ikelab::view {
namespace {

std::vector<Column> policy_columns() {
  return {{"node", 56, 0.3F},      {"#", 20, 0, true, true}, {"action", 84, 0.1F},
          {"local side", 92, 1},   {"remote side", 92, 1},   {"child", 64, 0.6F},
          {"proposals", 88, 1.6F}, {"lifetime", 88, 1.2F},   {"in use", 52, 0, false, true}};
}

std::vector<Column> peer_columns() {
  return {{"node", 56, 0.3F},          {"connection", 72, 0.5F}, {"peer", 84, 0.6F},
          {"must prove to be", 96, 1}, {"by", 84, 0.8F},         {"says it is", 96, 1},
          {"proves by", 84, 0.8F},     {"version", 56, 0.2F},    {"proposals", 88, 2.4F}};
}

// Shape and word, not colour alone: a shield, an open way, a bar.
Cell action_cell(const std::string& action) {
  if (action == "protect") return {"\xE2\x97\x86 protect", Role::responder};
  if (action == "bypass") return {"\xE2\x97\x8B bypass", Role::warning};
  return {"\xC3\x97 discard", Role::adversary};
}

// Child SAs of this policy that are in force now: each has two directions, one is counted.
std::size_t in_use(const View& v, const store::PolicyInfo& p) {
  std::size_t count = 0;
  for (const SaRow& row : v.run.sas().rows())
    count += row.node == p.node && row.sa().direction == "out" && row.sa().name == p.child &&
                     row.state_at(v.session.now()) == SaState::active
                 ? 1
                 : 0;
  return count;
}

// A table of many rows under its title; returns where it ends. Rows that are not seen cost nothing.
template <class Rows, class Draw>
float section(const View& v, float y, const char* title, std::vector<Column> columns,
              const Rows& rows, int first_id, Draw&& cells) {
  put(v.list(), v.kit.fonts.small_strong, {v.min.x, y}, v.kit.ink(Role::text), title, v.width());
  y += v.kit.px(22);
  View shifted = v;
  shifted.min.x -= v.kit.px(8);
  const Table table(shifted, std::move(columns));
  table.head(y);
  y += v.kit.px(Table::head_height);
  std::size_t position = 0;
  const std::string* node = nullptr;
  for (const auto& row : rows) {
    position = node != nullptr && *node == row.node ? position + 1 : 1;
    node = &row.node;
    if (table.is_visible(y)) table.row(first_id, y, cells(row, position), false, false);
    ++first_id;
    y += v.kit.px(Table::row_height);
  }
  return y + v.kit.px(16);
}

}  // namespace

std::string policies_caption(const View& v) {
  const store::RunInfo& info = v.run.info();
  if (info.policies.empty()) return "What is to be protected, and whom to believe";
  return fmt::format("{} and {}: the first policy that selects a packet decides",
                     counted(info.policies.size(), "policy", "policies"),
                     counted(info.peers.size(), "peer", "peers"));
}

void draw_policies(const View& v) {
  const store::RunInfo& info = v.run.info();
  if (info.policies.empty() && info.peers.empty()) {
    empty_state(v.kit, v.list(), v.min, v.max, "No policies are recorded with this run",
                "Runs recorded by this version keep what each node is told to protect (SPD) and "
                "whom to believe (PAD). Record it again: \"ikelab run site-to-site\".");
    return;
  }
  const View inner = begin_scroll(v, "policies", v.min, v.max);
  float y = section(inner, inner.min.y, "Security Policy Database: asked in this order",
                    policy_columns(), info.policies, 0,
                    [&](const store::PolicyInfo& p, std::size_t position) -> std::vector<Cell> {
                      const std::size_t used = p.action == "protect" ? in_use(v, p) : 0;
                      return {{p.node, v.role_of(p.node)},
                              {fmt::format("{}", position), Role::muted},
                              action_cell(p.action),
                              p.local_ts,
                              p.remote_ts,
                              p.child,
                              {p.proposals, Role::text},
                              {p.lifetime, Role::muted},
                              {p.action != "protect" ? ""
                               : used == 0           ? "no"
                                                     : "\xE2\x97\x8F yes",
                               used > 0 ? Role::responder : Role::muted}};
                    });
  y = section(inner, y, "Peer Authorization Database: who may be a peer, proven by what",
              peer_columns(), info.peers, 1'000'000,
              [&](const store::PeerInfo& p, std::size_t) -> std::vector<Cell> {
                return {{p.node, v.role_of(p.node)},
                        p.connection,
                        p.address,
                        p.identity,
                        p.proof,
                        p.own_identity,
                        p.own_proof,
                        {p.version, Role::muted},
                        p.proposals};
              });
  end_scroll(v, y - inner.min.y);
}

}  // namespace ikelab::view
