#include "protocol/policy/connection.hpp"

#include <map>

namespace ikelab::policy {

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
