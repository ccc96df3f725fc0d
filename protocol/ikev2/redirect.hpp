// Sending clients to another gateway (RFC 5685); the exchanges are in tasks/redirect.cpp.
#pragma once
#include "protocol/ikev2/ike_sa.hpp"

namespace ikelab::ikev2 {

/// We are its responder, and the initiator said REDIRECT_SUPPORTED or REDIRECTED_FROM.
bool takes_redirects(const IkeSa& sa);
/// INFORMATIONAL with N(REDIRECT), in the middle of a session.
std::unique_ptr<Task> make_redirect(const IpAddress& gateway);

}  // namespace ikelab::ikev2
