// `show keys`: each derived value with its function and inputs, in the order of derivation (RFC
// 7296, 2.13 to 2.18). Both ends derive the same; the second end is told in one line, and a
// difference is told as one.
#include <fmt/format.h>

#include "sim/show/views.hpp"

namespace ikelab::show {
namespace {

struct Group {
  std::string node, sa;
  std::vector<const trace::KeyDerived*> keys;
  std::vector<Instant> times;
};

std::vector<Group> groups_of(const Events& events) {
  std::vector<Group> groups;
  for (const trace::Event& event : events) {
    const auto* key = std::get_if<trace::KeyDerived>(&event.body);
    if (!key) continue;
    auto at = std::find_if(groups.begin(), groups.end(), [&](const Group& g) {
      return g.node == event.node && g.sa == event.sa;
    });
    if (at == groups.end()) at = groups.insert(groups.end(), Group{event.node, event.sa, {}, {}});
    at->keys.push_back(key);
    at->times.push_back(event.time);
  }
  return groups;
}

bool is_same(const trace::KeyDerived& a, const trace::KeyDerived& b) {
  return a.name == b.name && !a.output.empty() && a.output == b.output;
}

// How many values of `group` an earlier group derived as well.
std::size_t shared(const Group& group, const Group& earlier) {
  std::size_t count = 0;
  for (const trace::KeyDerived* key : group.keys)
    count += std::any_of(earlier.keys.begin(), earlier.keys.end(),
                         [&](const trace::KeyDerived* k) { return is_same(*key, *k); });
  return count;
}

std::string octets_text(const Bytes& value, const std::string& instead) {
  return value.empty() ? "(" + instead + ")" : hex_groups(value);
}

void print_key(Terminal& t, const trace::KeyDerived& key, Instant time) {
  t.line(fmt::format("  {}  {}  {}", t.paint(Role::heading, padded(key.name, 12)),
                     t.paint(Role::muted, padded_left(at(time), 14)),
                     t.paint(Role::muted, fmt::format("{}, {} [{}]", key.algorithm,
                                                      count_of(key.length, "octet"), key.rfc))));
  t.entry("=", key.function, 4, 2);
  t.entry("=", octets_text(key.output, count_of(key.length, "octet") + ", not disclosed"), 4, 2,
          Role::secret);
  for (const trace::NamedValue& input : key.inputs) {
    const std::string source = input.source.empty() ? "" : "  from " + input.source;
    t.entry(input.name, octets_text(input.value, "not disclosed") + source, 8, 16, Role::muted);
  }
}

}  // namespace

void print_keys(Terminal& t, const Events& events) {
  const std::vector<Group> groups = groups_of(events);
  if (groups.empty()) {
    t.paragraph(
        "No key was derived in this run. Keys appear here once an IKE_SA_INIT exchange is "
        "complete.");
    return;
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Group& group = groups[i];
    t.heading(fmt::format("{} at {}: {}", group.sa, group.node,
                          count_of(group.keys.size(), "derived value")));
    const auto twin = std::find_if(
        groups.begin(), groups.begin() + static_cast<std::ptrdiff_t>(i),
        [&](const Group& earlier) { return shared(group, earlier) == group.keys.size(); });
    if (twin != groups.begin() + static_cast<std::ptrdiff_t>(i)) {
      t.paragraph(fmt::format("The same values as {} at {}, derived independently: that is how "
                              "both ends know them.",
                              twin->sa, twin->node),
                  2);
      continue;
    }
    for (std::size_t k = 0; k < group.keys.size(); ++k)
      print_key(t, *group.keys[k], group.times[k]);
  }
}

Json keys_json(const Events& events) {
  Json keys = Json::array();
  for (const trace::Event& event : events) {
    const auto* key = std::get_if<trace::KeyDerived>(&event.body);
    if (!key) continue;
    Json inputs = Json::array();
    for (const trace::NamedValue& i : key->inputs)
      inputs.push_back({{"name", i.name}, {"value", to_hex(i.value)}, {"source", i.source}});
    keys.push_back({{"time_ns", event.time.ns},
                    {"node", event.node},
                    {"sa", event.sa},
                    {"name", key->name},
                    {"function", key->function},
                    {"algorithm", key->algorithm},
                    {"inputs", inputs},
                    {"output", to_hex(key->output)},
                    {"length", key->length},
                    {"rfc", key->rfc}});
  }
  return {{"keys", keys}};
}

}  // namespace ikelab::show
