// What a run must show of tunnels: which SAs live at the end, with which properties.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "labs/engine/condition_rows.hpp"

namespace ikelab::labs {
namespace {

struct Installed {
  const trace::SaInstalled* sa = nullptr;
  std::uint64_t seq = 0;
};

/// The SAs of a node that live at the end of the run, in the order of their installation.
std::vector<Installed> living(const Facts& facts, std::string_view node) {
  std::vector<Installed> out;
  for (const trace::Event& event : facts.events()) {
    if (event.node != node) continue;
    if (const auto* sa = std::get_if<trace::SaInstalled>(&event.body))
      out.push_back({sa, event.seq});
    if (const auto* gone = std::get_if<trace::SaRemoved>(&event.body))
      std::erase_if(out, [&](const Installed& i) {
        return i.sa->protocol == gone->protocol && i.sa->direction == gone->direction &&
               i.sa->spi == gone->spi;
      });
  }
  return out;
}

bool one_of(std::string_view words, std::string_view value) {
  const auto all = alternatives(words);
  return std::find(all.begin(), all.end(), value) != all.end();
}

std::string joined(const std::vector<std::string>& texts) {
  return fmt::format("{}", fmt::join(texts, ", "));
}

struct Property {
  std::string_view argument;
  bool of_ike;
  std::string (*value)(const trace::SaInstalled&);
};
constexpr Property properties[] = {
    {"ike_encryption", true, [](const auto& sa) { return sa.encryption; }},
    {"ike_prf", true, [](const auto& sa) { return sa.prf; }},
    {"ike_ke", true, [](const auto& sa) { return sa.ke; }},
    {"encryption", false, [](const auto& sa) { return sa.encryption; }},
    {"integrity", false, [](const auto& sa) { return sa.integrity; }},
    {"local_ts", false, [](const auto& sa) { return joined(sa.ts_src); }},
    {"remote_ts", false, [](const auto& sa) { return joined(sa.ts_dst); }},
    {"replay_window", false, [](const auto& sa) { return std::to_string(sa.replay_window); }},
};

const Installed* find_sa(const std::vector<Installed>& all, std::string_view protocol,
                         std::string_view direction, std::string_view name) {
  for (const Installed& i : all)
    if (i.sa->protocol == protocol && i.sa->direction == direction &&
        (name.empty() || i.sa->name == name))
      return &i;
  return nullptr;
}

Result<Holding> judge_tunnel(const RunView& run, const Arguments& arguments) {
  const std::string_view node = argument(arguments, "node");
  const auto alive = living(*run.facts, node);
  const Installed* ike = find_sa(alive, "IKE", "", argument(arguments, "connection"));
  const Installed* out_sa = find_sa(alive, "ESP", "out", argument(arguments, "child"));
  const Installed* in_sa = find_sa(alive, "ESP", "in", argument(arguments, "child"));
  Holding out{0, 0, "", "", 0};
  for (const Property& p : properties) out.parts += argument(arguments, p.argument).empty() ? 0 : 1;
  out.parts = std::max<std::uint64_t>(out.parts, 1);
  if (ike == nullptr || out_sa == nullptr || in_sa == nullptr) {
    out.mistake = ike == nullptr ? "no_ike_sa" : "no_child_sa";
    out.event = first_trouble(*run.facts, node);
    return out;
  }
  bool asked = false;
  for (const Property& p : properties) {
    const std::string_view wanted = argument(arguments, p.argument);
    if (wanted.empty()) continue;
    asked = true;
    // The replay window belongs to what comes in; selectors and algorithms are told of what goes
    // out.
    const Installed* from = p.of_ike ? ike : p.argument == "replay_window" ? in_sa : out_sa;
    const std::string value = p.value(*from->sa);
    if (one_of(wanted, value)) {
      ++out.held;
    } else if (out.mistake.empty()) {
      out.mistake = "other_" + std::string(p.argument);
      out.found = fmt::format("{} is {}", p.argument, value.empty() ? "none" : value);
      out.event = from->seq;
    }
  }
  if (!asked) out.held = 1;
  return out;
}

// A Child SA of a later exchange whose keys have a g^ir of their own (RFC 7296, 2.17).
Result<Holding> judge_pfs(const RunView& run, const Arguments& arguments) {
  const std::string_view node = argument(arguments, "node");
  Holding out{0, 1, "not_rekeyed", "", 0};
  bool rekeyed = false;
  for (const trace::Event& event : run.facts->events()) {
    if (event.node != node) continue;
    if (const auto* task = std::get_if<trace::TaskEnded>(&event.body))
      if (task->task == "child_rekey" && task->outcome == "done") rekeyed = true;
    const auto* key = std::get_if<trace::KeyDerived>(&event.body);
    if (key == nullptr || key->name != "KEYMAT") continue;
    const bool fresh = std::any_of(key->inputs.begin(), key->inputs.end(), [](const auto& input) {
      return input.name.starts_with("g^ir");
    });
    if (fresh) return Holding{1, 1, "", "", 0};
    out.event = event.seq;
  }
  if (rekeyed) out.mistake = "from_sk_d";
  return out;
}

// Pings that were answered: each of the `of` that are asked for is a part.
Result<Holding> judge_delivered(const RunView& run, const Arguments& arguments) {
  IKELAB_TRY(const std::uint64_t of, count_argument(arguments, "of", 1));
  const std::string prefix = fmt::format("ping {}", argument(arguments, "from"));
  std::int64_t received = 0;
  bool ran = false;
  for (const trace::Event& event : run.facts->events()) {
    const auto* m = std::get_if<trace::Metric>(&event.body);
    if (m == nullptr || m->name != "received") continue;
    if (m->subject != prefix && !m->subject.starts_with(prefix + " ")) continue;
    const std::string_view to = argument(arguments, "to");
    if (!to.empty() && !m->subject.ends_with(to)) continue;
    ran = true;
    received = m->value;
  }
  if (!ran) return Error{"E-LAB-015", fmt::format("the run has no '{}'", prefix)};
  Holding out{std::min(of, static_cast<std::uint64_t>(std::max<std::int64_t>(received, 0))), of, "",
              "", 0};
  if (out.held == of) return out;
  out.mistake = received == 0 ? "nothing_arrived" : "some_lost";
  out.found = fmt::format("{} pings of {} were answered", received, argument(arguments, "from"));
  out.event = first_trouble(*run.facts, argument(arguments, "node"));
  return out;
}

}  // namespace

std::vector<std::string> alternatives(std::string_view words) {
  std::vector<std::string> out;
  while (!words.empty()) {
    const std::size_t bar = words.find('|');
    std::string_view word = words.substr(0, bar);
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    out.emplace_back(word);
    words.remove_prefix(bar == std::string_view::npos ? words.size() : bar + 1);
  }
  return out;
}

Condition tunnel_condition() {
  Condition out{"tunnel",
                "at the end a node has an IKE SA and Child SAs both ways, with these properties",
                {"node"},
                {"connection", "child"},
                {{"no_ike_sa",
                  "There is no IKE SA at the end: the two never agreed, or did not "
                  "believe each other."},
                 {"no_child_sa", "There is an IKE SA, but no Child SA: nothing carries traffic."},
                 {"other_ike_encryption", "The tunnel is there, with another encryption for IKE."},
                 {"other_ike_prf", "The tunnel is there, with another PRF."},
                 {"other_ike_ke", "The tunnel is there, with another key exchange."},
                 {"other_encryption", "The tunnel is there, with another encryption for ESP."},
                 {"other_integrity", "The tunnel is there, with other integrity for ESP."},
                 {"other_local_ts", "The tunnel is there, for other traffic on this side."},
                 {"other_remote_ts", "The tunnel is there, for other traffic on the far side."},
                 {"other_replay_window", "The tunnel is there, with another replay window."}},
                judge_tunnel};
  for (const Property& p : properties) out.optional.push_back(p.argument);
  return out;
}
Condition pfs_condition() {
  return {"pfs",
          "a Child SA of a node was rekeyed with a key exchange of its own",
          {"node"},
          {},
          {{"not_rekeyed", "No Child SA was rekeyed in this run."},
           {"from_sk_d",
            "The Child SA was rekeyed, but its new keys come from SK_d and two nonces "
            "alone (RFC 7296, 2.17): who has SK_d has them all."}},
          judge_pfs};
}
Condition delivered_condition() {
  return {"delivered",
          "so many pings are answered; each is a part of the points",
          {"from", "of"},
          {"to", "node"},
          {{"nothing_arrived", "No ping was answered."},
           {"some_lost", "Some pings were answered, but not all that could be."}},
          judge_delivered};
}

}  // namespace ikelab::labs
