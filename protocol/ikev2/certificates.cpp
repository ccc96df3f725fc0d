#include "protocol/ikev2/certificates.hpp"

#include "protocol/base/bounds.hpp"

namespace ikelab::ikev2 {
namespace {

constexpr std::size_t most = bounds::cached_certificates;

/// A name for everything a verdict depends on but the time: SHA-256 of the parts, each with its
/// length in front.
Result<Bytes> name_of(crypto::Provider& provider, std::span<const Bytes> chain,
                      std::span<const Bytes> anchors, const pki::ChainRules& rules) {
  Bytes all = {static_cast<std::uint8_t>(rules.purpose),
               static_cast<std::uint8_t>(rules.revocation)};
  for (const auto& part : {chain, anchors, rules.crls, rules.ocsp_responses}) {
    all.push_back(static_cast<std::uint8_t>(part.size()));
    for (const Bytes& der : part) {
      for (int shift = 24; shift >= 0; shift -= 8)
        all.push_back(static_cast<std::uint8_t>(der.size() >> shift));
      all.insert(all.end(), der.begin(), der.end());
    }
  }
  return provider.hash(crypto::HashId::sha2_256, all);
}

}  // namespace

Result<std::shared_ptr<const pki::CertificateInfo>> Certificates::read(ByteView der) {
  const Bytes key = to_bytes(der);
  if (auto known = certificates_.find(key)) return known;
  IKELAB_TRY(pki::CertificateInfo info, pki::parse_certificate(der));
  return certificates_.keep(key, std::make_shared<const pki::CertificateInfo>(std::move(info)),
                            most);
}

Result<pki::ValidatedChain> Certificates::validate(std::span<const Bytes> chain,
                                                   std::span<const Bytes> anchors,
                                                   std::int64_t unix_time,
                                                   const pki::ChainRules& rules) {
  if (chain.empty()) return Error{"E-PKI-001", "an empty chain"}.see("RFC 7296, 3.6");
  IKELAB_TRY(const Bytes name, name_of(provider_, chain, anchors, rules));
  if (const auto known = chains_.find(name);
      known && known->from <= unix_time && unix_time <= known->until) {
    ++counts_.remembered;
    return *known;
  }
  ++counts_.checked;
  IKELAB_TRY(pki::ValidatedChain verdict,
             pki::validate_chain(chain.front(), chain.subspan(1), anchors, unix_time, rules));
  return *chains_.keep(name, std::make_shared<const pki::ValidatedChain>(std::move(verdict)), most);
}

Result<std::shared_ptr<const crypto::PublicKey>> Certificates::public_key(const Bytes& der) {
  if (auto known = public_keys_.find(der)) return known;
  IKELAB_TRY(auto key, provider_.public_key(der));
  return public_keys_.keep(der, std::shared_ptr<const crypto::PublicKey>(std::move(key)), most);
}

Result<std::shared_ptr<const crypto::PrivateKey>> Certificates::private_key(const Bytes& der) {
  if (auto known = private_keys_.find(der)) return known;
  IKELAB_TRY(auto key, provider_.private_key(der));
  return private_keys_.keep(der, std::shared_ptr<const crypto::PrivateKey>(std::move(key)), most);
}

Result<Bytes> Certificates::authority_hash(const Bytes& der) {
  if (const auto known = authorities_.find(der)) return *known;
  IKELAB_TRY(Bytes hash, pki::authority_hash(der));
  return *authorities_.keep(der, std::make_shared<const Bytes>(std::move(hash)), most);
}

}  // namespace ikelab::ikev2
