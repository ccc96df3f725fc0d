// Proposals of IKEv1 to and from those of the configuration: a transform of phase 1 is one whole
// suite (RFC 2409, appendix A), a transform of phase 2 one cipher with its attributes (RFC 2407,
// 4.5). Negotiation itself is proposal.hpp's, so that its reasons read the same for both versions.
#pragma once
#include "protocol/base/time.hpp"
#include "protocol/policy/proposal.hpp"
#include "protocol/wire/ikev1_iana.hpp"

namespace ikelab::policy::v1 {

/// The SA payload of phase 1: every configured suite that IKEv1 has words for, by preference.
wire::v1::SaPayload isakmp_sa(const std::vector<wire::Proposal>& configured, std::uint16_t method,
                              Duration lifetime);
/// The SA payload of Quick Mode. `group`: with PFS, as the suites say. `mode`: RFC 2407, 4.5.
wire::v1::SaPayload esp_sa(const std::vector<wire::Proposal>& configured, ByteView spi,
                           std::uint16_t mode, Duration lifetime);

/// One offered transform in the words of the configuration.
struct Offer {
  wire::Proposal words;  ///< number: its place in the list, from 1
  const wire::v1::Proposal* proposal = nullptr;
  const wire::v1::Transform* transform = nullptr;
};
/// The transforms of an SA payload for `protocol` (1 ISAKMP, 3 ESP), in order; they point into
/// `sa`.
std::vector<Offer> offers(const wire::v1::SaPayload& sa, std::uint8_t protocol);

struct Choice {
  Selection selection;
  wire::v1::SaPayload answer;  ///< the chosen transform as it was offered; empty when there is none
};
/// Phase 1: `method` is the authentication we are configured for.
Choice choose_isakmp(const wire::v1::SaPayload& offered,
                     const std::vector<wire::Proposal>& configured, std::uint16_t method);
/// Quick Mode; `spi` is ours.
Choice choose_esp(const wire::v1::SaPayload& offered, const std::vector<wire::Proposal>& configured,
                  ByteView spi);

}  // namespace ikelab::policy::v1
