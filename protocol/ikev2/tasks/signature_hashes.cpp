// SIGNATURE_HASH_ALGORITHMS: which hashes we verify signatures with, said in IKE_SA_INIT (RFC 7427,
// 4).
#include "protocol/ikev2/ike_sa.hpp"
#include "protocol/ikev2/tasks/rows.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::NotifyType;

bool is_refusal(const std::vector<wire::Payload>& payloads) {
  return wire::first<wire::SaPayload>(payloads) == nullptr;
}

void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  if (out.exchange != wire::ExchangeType::ike_sa_init || is_refusal(payloads) ||
      !sa.connection->signature_authentication)
    return;
  // SHA2-256, SHA2-384, SHA2-512, Identity (RFC 8420), in the order of IANA
  payloads.push_back(notify(NotifyType::signature_hash_algorithms, {0, 2, 0, 3, 0, 4, 0, 5}));
}

void read(IkeSa& sa, const Inbound& in) {
  if (in.header.exchange != wire::ExchangeType::ike_sa_init) return;
  const auto* hashes = find_notify(in.payloads, NotifyType::signature_hash_algorithms);
  if (hashes == nullptr) return;
  sa.peer_hashes.clear();
  for (std::size_t i = 0; i + 1 < hashes->data.size(); i += 2)
    sa.peer_hashes.push_back(
        static_cast<crypto::HashId>(hashes->data[i] << 8 | hashes->data[i + 1]));
}

}  // namespace

Extension signature_hashes_extension() {
  return {.name = "signature_hashes", .rfc = "RFC 7427, 4", .add = add, .read = read};
}

}  // namespace ikelab::ikev2
