// Proposals as swanctl writes them ("aes256gcm16-prfsha384-ecp384") and their negotiation (RFC
// 7296, 2.7 and 3.3).
#pragma once
#include <array>

#include "protocol/crypto/algorithm.hpp"
#include "protocol/trace/event.hpp"
#include "protocol/wire/message.hpp"

namespace ikelab::policy {

/// Whether what is historic may be named: IKEv1's connections and labs may.
enum class Era { current, historic };

/// Errors: E-POL-001 unknown keyword (says which, and near names), E-POL-002 an incomplete
/// combination (no PRF, AEAD with integ..), E-POL-003 a historic algorithm where nobody asked for
/// one.
Result<wire::Proposal> parse_proposal(std::string_view text, wire::ProtocolId protocol,
                                      Era era = Era::current);
/// Whether some proposal asks for Additional Key Exchanges.
bool asks_for_additional(const std::vector<wire::Proposal>& proposals);
/// Back to swanctl's words; unknown transforms as "encr-4711".
std::string to_string(const wire::Proposal& proposal);

/// One algorithm per transform type: what a negotiation ended in. Null where the type is absent.
struct Suite {
  const crypto::Algorithm* encr = nullptr;
  const crypto::Algorithm* integ = nullptr;  ///< null with AEAD
  const crypto::Algorithm* prf = nullptr;
  const crypto::Algorithm* ke = nullptr;
  /// Additional Key Exchange 1 to 7 (RFC 9370, 2.2.1); null where there is none.
  std::array<const crypto::Algorithm*, crypto::additional_key_exchanges> addke{};
  bool esn = false;

  /// Those of `addke` that take place, in their order.
  [[nodiscard]] std::vector<const crypto::Algorithm*> additional() const;
  /// "CURVE25519, ML_KEM_768"; empty without a key exchange.
  [[nodiscard]] std::string ke_names() const;
};

struct Selection {
  std::optional<wire::Proposal> chosen;  ///< offered number and SPI, exactly one transform a type
  Suite suite;
  std::vector<trace::ProposalVerdict>
      verdicts;  ///< one per offered proposal, with the reason in words
};

/// The responder's choice among `offered` by its own order of `configured`. `additional`: there may
/// be Additional Key Exchanges; else proposals that have such transforms are skipped. `explain`:
/// with the verdicts.
Selection select(const std::vector<wire::Proposal>& offered,
                 const std::vector<wire::Proposal>& configured, bool additional = true,
                 bool explain = true);
/// The initiator's check that `answer` is one of what it offered (RFC 7296, 2.7). Errors:
/// E-POL-010.
Result<Suite> check_answer(const std::vector<wire::Proposal>& offered,
                           const wire::Proposal& answer);

}  // namespace ikelab::policy
