// Every exchange a peer may begin with us, and every extension we speak: one row each, tried in
// order.
#include <array>

#include "protocol/ikev2/extension.hpp"
#include "protocol/ikev2/tasks/rows.hpp"

namespace ikelab::ikev2 {

std::span<const ResponderRow> responders() {
  static const std::array rows = {
      respond_ike_init(),          // IKE_SA_INIT
      respond_additional_ke(),     // IKE_INTERMEDIATE with a KE payload
      respond_ppk_intermediate(),  // IKE_INTERMEDIATE with N(PPK_IDENTITY_KEY)
      respond_intermediate(),      // IKE_INTERMEDIATE otherwise
      respond_ike_auth(),          // IKE_AUTH
      respond_child_rekey(),       // CREATE_CHILD_SA with N(REKEY_SA)
      respond_ike_rekey(),         // CREATE_CHILD_SA with an SA payload for IKE
      respond_child_create(),      // CREATE_CHILD_SA otherwise
      respond_followup_ke(),       // IKE_FOLLOWUP_KE
      respond_delete(),            // INFORMATIONAL with Delete
      respond_informational(),     // INFORMATIONAL otherwise: liveness, notifications
  };
  return rows;
}

std::span<const Extension> extensions() {
  static const std::array rows = {
      nat_traversal_extension(),     // RFC 7296, 2.23 and RFC 3948
      initial_contact_extension(),   // RFC 7296, 2.4
      window_extension(),            // RFC 7296, 2.3
      mobike_extension(),            // RFC 4555
      fragmentation_extension(),     // RFC 7383
      signature_hashes_extension(),  // RFC 7427
      auth_announce_extension(),     // RFC 9593
      configuration_extension(),     // RFC 7296, 2.19
      hash_and_url_extension(),      // RFC 7296, 3.6
      ocsp_extension(),              // RFC 4806
      multiple_auth_extension(),     // RFC 4739
      intermediate_extension(),      // RFC 9242
      full_transcript_extension(),   // draft-ietf-ipsecme-ikev2-downgrade-prevention
      ppk_extension(),               // RFC 8784
      childless_extension(),         // RFC 6023
      auth_lifetime_extension(),     // RFC 4478
      redirect_extension(),          // RFC 5685
      crash_detection_extension(),   // RFC 6290
      followup_extension(),          // RFC 9370, 2.2.4
      additional_ke_extension(),     // RFC 9370, 2.2.2; after what authenticates its messages
      ppk_intermediate_extension(),  // RFC 9867; after every other change of keys
      auth_puzzle_extension(),       // RFC 8019, 7.2; after what announces IKE_INTERMEDIATE
  };
  return rows;
}

}  // namespace ikelab::ikev2
