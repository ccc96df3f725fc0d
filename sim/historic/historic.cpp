#include "sim/historic/historic.hpp"

#include <algorithm>
#include <array>

namespace ikelab::historic {
namespace {

const auto& rows() {
  static const std::array all = {
      &cve_2013_2944,         &cve_2014_2338,   &cve_2015_3240,        &cve_2015_4171,
      &cve_2015_8023,         &cve_2016_10396,  &cve_2016_5361,        &cve_2018_0131,
      &cve_2021_45079,        &answers_any_spi, &believes_any_auth,    &believes_every_icmp,
      &goes_on_after_restore, &obeys_the_clear, &reuses_ephemeral_keys};
  return all;
}

}  // namespace

void Front::saw_esp(const IpAddress&, ByteView) {}
void Front::saw_change(const esp::SadChange&) {}

std::vector<const Bug*> bugs() {
  return {rows().begin(), rows().end()};
}

const Bug* find(std::string_view name) {
  const auto row =
      std::find_if(rows().begin(), rows().end(), [&](const Bug* bug) { return bug->name == name; });
  return row == rows().end() ? nullptr : *row;
}

ProviderPtr with_bugs(ProviderPtr provider, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (const Bug* bug = find(name); bug != nullptr && bug->provider != nullptr)
      provider = bug->provider(std::move(provider));
  return provider;
}

ikev2::Decisions decisions_with(const std::vector<std::string>& names) {
  ikev2::Decisions decisions;
  for (const std::string& name : names)
    if (const Bug* bug = find(name); bug != nullptr && bug->decide != nullptr)
      bug->decide(decisions);
  return decisions;
}

ikev1::Habits habits_with(const std::vector<std::string>& names) {
  ikev1::Habits habits;
  for (const std::string& name : names)
    if (const Bug* bug = find(name); bug != nullptr && bug->acquire != nullptr)
      bug->acquire(habits);
  return habits;
}

std::vector<std::unique_ptr<Front>> fronts_of(const std::vector<std::string>& names) {
  std::vector<std::unique_ptr<Front>> fronts;
  for (const std::string& name : names)
    if (const Bug* bug = find(name); bug != nullptr && bug->front != nullptr)
      fronts.push_back(bug->front());
  return fronts;
}

}  // namespace ikelab::historic
