// IANA's transform IDs, of what this house implements and of what it only meets. Names are the
// registry's, except key exchange methods, which take the short form of the algorithm registry
// (crypto/algorithm.hpp): "MODP_2048", "ECP_256", "CURVE25519".
#include "protocol/wire/iana.hpp"
#include "protocol/wire/names.hpp"

namespace ikelab::wire {
namespace {

using names::look_up;
using names::Row;

constexpr Row types[] = {
    {1, "Encryption Algorithm (ENCR)"},
    {2, "Pseudorandom Function (PRF)"},
    {3, "Integrity Algorithm (INTEG)"},
    {4, "Key Exchange Method (KE)"},
    {5, "Extended Sequence Numbers (ESN)"},
    {6, "Additional Key Exchange 1 (ADDKE1)"},
    {7, "Additional Key Exchange 2 (ADDKE2)"},
    {8, "Additional Key Exchange 3 (ADDKE3)"},
    {9, "Additional Key Exchange 4 (ADDKE4)"},
    {10, "Additional Key Exchange 5 (ADDKE5)"},
    {11, "Additional Key Exchange 6 (ADDKE6)"},
    {12, "Additional Key Exchange 7 (ADDKE7)"},
    {13, "Key Wrap Algorithm (KWA)"},
    {14, "Group Controller Authentication Method (GCAUTH)"},
};

constexpr Row encr[] = {
    {1, "ENCR_DES_IV64"},
    {2, "ENCR_DES"},
    {3, "ENCR_3DES"},
    {4, "ENCR_RC5"},
    {5, "ENCR_IDEA"},
    {6, "ENCR_CAST"},
    {7, "ENCR_BLOWFISH"},
    {8, "ENCR_3IDEA"},
    {9, "ENCR_DES_IV32"},
    {11, "ENCR_NULL"},
    {12, "ENCR_AES_CBC"},
    {13, "ENCR_AES_CTR"},
    {14, "ENCR_AES_CCM_8"},
    {15, "ENCR_AES_CCM_12"},
    {16, "ENCR_AES_CCM_16"},
    {18, "ENCR_AES_GCM_8"},
    {19, "ENCR_AES_GCM_12"},
    {20, "ENCR_AES_GCM_16"},
    {21, "ENCR_NULL_AUTH_AES_GMAC"},
    {23, "ENCR_CAMELLIA_CBC"},
    {24, "ENCR_CAMELLIA_CTR"},
    {25, "ENCR_CAMELLIA_CCM_8"},
    {26, "ENCR_CAMELLIA_CCM_12"},
    {27, "ENCR_CAMELLIA_CCM_16"},
    {28, "ENCR_CHACHA20_POLY1305"},
    {29, "ENCR_AES_CCM_8_IIV"},
    {30, "ENCR_AES_GCM_16_IIV"},
    {31, "ENCR_CHACHA20_POLY1305_IIV"},
    {32, "ENCR_KUZNYECHIK_MGM_KTREE"},
    {33, "ENCR_MAGMA_MGM_KTREE"},
    {34, "ENCR_KUZNYECHIK_MGM_MAC_KTREE"},
    {35, "ENCR_MAGMA_MGM_MAC_KTREE"},
};

constexpr Row prf[] = {
    {1, "PRF_HMAC_MD5"},      {2, "PRF_HMAC_SHA1"},     {3, "PRF_HMAC_TIGER"},
    {4, "PRF_AES128_XCBC"},   {5, "PRF_HMAC_SHA2_256"}, {6, "PRF_HMAC_SHA2_384"},
    {7, "PRF_HMAC_SHA2_512"}, {8, "PRF_AES128_CMAC"},   {9, "PRF_HMAC_STREEBOG_512"},
};

constexpr Row integ[] = {
    {0, "NONE"},
    {1, "AUTH_HMAC_MD5_96"},
    {2, "AUTH_HMAC_SHA1_96"},
    {3, "AUTH_DES_MAC"},
    {4, "AUTH_KPDK_MD5"},
    {5, "AUTH_AES_XCBC_96"},
    {6, "AUTH_HMAC_MD5_128"},
    {7, "AUTH_HMAC_SHA1_160"},
    {8, "AUTH_AES_CMAC_96"},
    {9, "AUTH_AES_128_GMAC"},
    {10, "AUTH_AES_192_GMAC"},
    {11, "AUTH_AES_256_GMAC"},
    {12, "AUTH_HMAC_SHA2_256_128"},
    {13, "AUTH_HMAC_SHA2_384_192"},
    {14, "AUTH_HMAC_SHA2_512_256"},
};

constexpr Row ke[] = {
    {0, "NONE"},
    {1, "MODP_768"},
    {2, "MODP_1024"},
    {5, "MODP_1536"},
    {14, "MODP_2048"},
    {15, "MODP_3072"},
    {16, "MODP_4096"},
    {17, "MODP_6144"},
    {18, "MODP_8192"},
    {19, "ECP_256"},
    {20, "ECP_384"},
    {21, "ECP_521"},
    {22, "MODP_1024_160"},
    {23, "MODP_2048_224"},
    {24, "MODP_2048_256"},
    {25, "ECP_192"},
    {26, "ECP_224"},
    {27, "BRAINPOOL_P224R1"},
    {28, "BRAINPOOL_P256R1"},
    {29, "BRAINPOOL_P384R1"},
    {30, "BRAINPOOL_P512R1"},
    {31, "CURVE25519"},
    {32, "CURVE448"},
    {33, "GOST3410_2012_256"},
    {34, "GOST3410_2012_512"},
    {35, "ML_KEM_512"},
    {36, "ML_KEM_768"},
    {37, "ML_KEM_1024"},
};

constexpr Row esn[] = {{0, "No Extended Sequence Numbers"}, {1, "Extended Sequence Numbers"}};

std::span<const Row> rows_of(std::uint8_t type) {
  switch (type) {
    case 1:
      return encr;
    case 2:
      return prf;
    case 3:
      return integ;
    case 5:
      return esn;
    default:
      break;
  }
  // RFC 9370, 2.2.1: the additional key exchanges take their IDs from the registry of type 4.
  if (type == 4 || (type >= 6 && type <= 12)) return ke;
  return {};
}

}  // namespace

std::string transform_name(std::uint8_t type, std::uint16_t id) {
  return look_up(rows_of(type), id, 1024);
}
std::string transform_type_name(std::uint8_t type) {
  return look_up(types, type, 241);
}

}  // namespace ikelab::wire
