#include "protocol/policy/connection.hpp"

#include <map>

namespace ikelab::policy {
namespace {

std::vector<const AuthConfig*> rounds_of(const AuthConfig& first,
                                         const std::vector<AuthConfig>& more) {
  std::vector<const AuthConfig*> out = {&first};
  for (const AuthConfig& one : more) out.push_back(&one);
  return out;
}

}  // namespace

std::vector<const AuthConfig*> ConnectionConfig::local_rounds() const {
  return rounds_of(local, more_local);
}
std::vector<const AuthConfig*> ConnectionConfig::remote_rounds() const {
  return rounds_of(remote, more_remote);
}

std::vector<Bytes> published(const std::vector<Published>& all, Instant now) {
  std::map<std::string, const Published*> newest;
  for (const Published& one : all) {
    const Published*& known = newest[one.source];
    if (one.at <= now && (known == nullptr || known->at <= one.at)) known = &one;
  }
  std::vector<Bytes> out;
  for (const auto& [source, one] : newest)
    if (one != nullptr) out.push_back(one->der);
  return out;
}

}  // namespace ikelab::policy
