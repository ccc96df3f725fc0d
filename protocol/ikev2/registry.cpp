// Every exchange a peer may begin with us: one row a task, tried in order.
#include <array>

#include "protocol/ikev2/tasks/rows.hpp"

namespace ikelab::ikev2 {

std::span<const ResponderRow> responders() {
  static const std::array rows = {
      respond_ike_init(),       // IKE_SA_INIT
      respond_ike_auth(),       // IKE_AUTH
      respond_child_rekey(),    // CREATE_CHILD_SA with N(REKEY_SA)
      respond_ike_rekey(),      // CREATE_CHILD_SA with an SA payload for IKE
      respond_child_create(),   // CREATE_CHILD_SA otherwise
      respond_delete(),         // INFORMATIONAL with Delete
      respond_informational(),  // INFORMATIONAL otherwise: liveness, notifications
  };
  return rows;
}

}  // namespace ikelab::ikev2
