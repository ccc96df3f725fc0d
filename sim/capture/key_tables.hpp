// Wireshark's key tables as files, read and written: ikev2_decryption_table, esp_sa and
// ikev1_decryption_table, as in WIRESHARK_CONFIG_DIR. Rows that Wireshark would refuse stand beside
// them, in the same form, in ikev2_decryption_table.ikelab and esp_sa.ikelab.
#pragma once
#include <filesystem>
#include <optional>
#include <vector>

#include "protocol/base/address.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/crypto/algorithm.hpp"

namespace ikelab::capture {

/// Of an IKE SA. With AEAD sk_e is key | salt and sk_a empty.
struct IkeKeyRow {
  IkeSpi spi_i, spi_r;
  Bytes sk_ei, sk_er, sk_ai, sk_ar;
  const crypto::Algorithm* encr = nullptr;
  const crypto::Algorithm* integ = nullptr;  ///< nullptr with AEAD
};

/// Of an ESP SA. What is left out matches everything (Wireshark's "*").
struct EspKeyRow {
  std::optional<IpAddress> src, dst;
  std::optional<EspSpi> spi;
  Bytes key;  ///< with salt
  const crypto::Algorithm* encr = nullptr;
  Bytes integ_key;
  const crypto::Algorithm* integ = nullptr;
};

/// Of an IKEv1 SA: ikev1_decryption_table.
struct Ikev1KeyRow {
  IkeSpi cookie_i;
  Bytes key;  ///< the cipher's: SKEYID_e cut, or stretched (RFC 2409, appendix B)
};

struct KeyTables {
  std::vector<IkeKeyRow> ike;
  std::vector<EspKeyRow> esp;
  std::vector<Ikev1KeyRow> ikev1;
  /// nullptr: no row for it.
  [[nodiscard]] const IkeKeyRow* find(IkeSpi spi_i, IkeSpi spi_r) const;
  [[nodiscard]] const EspKeyRow* find(const IpAddress& src, const IpAddress& dst, EspSpi spi) const;
  [[nodiscard]] const Ikev1KeyRow* find_ikev1(IkeSpi cookie_i) const;
};

/// Errors: E-CAP-010 none of the files is there, E-CAP-011 a row that cannot be, with file,
/// line and column.
Result<KeyTables> read_key_tables(const std::filesystem::path& directory);

/// Errors: E-RUN-003 the folder cannot be written.
Result<void> write_key_tables(const KeyTables& tables, const std::filesystem::path& directory);

}  // namespace ikelab::capture
