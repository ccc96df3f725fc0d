// The responders' side of each task and the extensions, as rows for registry.cpp.
#pragma once
#include "protocol/ikev2/extension.hpp"
#include "protocol/ikev2/task.hpp"

namespace ikelab::ikev2 {

ResponderRow respond_ike_init();
ResponderRow respond_additional_ke();
ResponderRow respond_ppk_intermediate();
ResponderRow respond_intermediate();
ResponderRow respond_followup_ke();
ResponderRow respond_ike_auth();
ResponderRow respond_child_rekey();
ResponderRow respond_ike_rekey();
ResponderRow respond_child_create();
ResponderRow respond_delete();
ResponderRow respond_informational();

Extension nat_traversal_extension();
Extension fragmentation_extension();
Extension signature_hashes_extension();
Extension initial_contact_extension();
Extension window_extension();
Extension mobike_extension();
Extension configuration_extension();
Extension ocsp_extension();
Extension multiple_auth_extension();
Extension intermediate_extension();
Extension additional_ke_extension();
Extension followup_extension();
Extension ppk_extension();
Extension ppk_intermediate_extension();
Extension full_transcript_extension();
Extension hash_and_url_extension();
Extension auth_announce_extension();
Extension redirect_extension();
Extension childless_extension();
Extension auth_lifetime_extension();
Extension crash_detection_extension();
Extension auth_puzzle_extension();

}  // namespace ikelab::ikev2
