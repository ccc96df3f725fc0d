// Post-quantum preshared keys: what RFC 8784 (in IKE_AUTH) and RFC 9867 (in IKE_INTERMEDIATE and
// CREATE_CHILD_SA) have in common. Which of the two an IKE SA uses is agreed on in IKE_SA_INIT:
//
//   HDR, SAi1, KEi, Ni, [N(USE_PPK_INT)], [N(USE_PPK)]  -->
//        <--  HDR, SAr1, KEr, Nr, N(USE_PPK_INT) or N(USE_PPK)
#pragma once
#include "protocol/ikev2/ike_sa.hpp"

namespace ikelab::ikev2 {

/// What both sides said in IKE_SA_INIT.
struct PpkAgreement {
  enum class Where { nowhere, in_auth, in_intermediate } where = Where::nowhere;
};
[[nodiscard]] PpkAgreement::Where ppk_agreement(const IkeSa& sa);

/// nullptr: none has this id.
const policy::Ppk* find_ppk(const policy::ConnectionConfig& connection, const std::string& id);
/// What an initiator offers (first); nullptr: it uses none.
const policy::Ppk* own_ppk(const policy::ConnectionConfig& connection);
/// Without a PPK there is to be no IKE SA.
bool is_ppk_required(const policy::ConnectionConfig& connection);

/// PPK_ID of the type PPK_ID_FIXED (RFC 8784, 5.1), and back; nullopt: another type, or empty.
Bytes ppk_id_data(const std::string& id);
std::optional<std::string> read_ppk_id(ByteView data);

}  // namespace ikelab::ikev2
