// Exchanges between IKE_SA_INIT and IKE_AUTH, encrypted and so fragmented where that is agreed on
// (RFC 9242). The extension in tasks/intermediate.cpp negotiates them and keeps what AUTH covers of
// them; what they carry is the business of others, who say here that they need them.
#pragma once
#include "protocol/ikev2/ike_sa.hpp"

namespace ikelab::ikev2 {

struct IntermediateState {
  bool supported = false;  ///< both sides announced it
};

/// Whether a configuration has something to put into IKE_INTERMEDIATE: then it is announced.
bool wants_intermediate(const policy::ConnectionConfig& connection);
/// Both sides announced it.
bool has_intermediate(const IkeSa& sa);
/// INTERMEDIATE_EXCHANGE_SUPPORTED stands in an IKE_SA_INIT message.
bool announces_intermediate(const std::vector<wire::Payload>& payloads);

}  // namespace ikelab::ikev2
