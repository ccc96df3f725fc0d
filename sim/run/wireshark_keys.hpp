// Wireshark's key tables from a disclosed run: ikev2_decryption_table and esp_sa, for
// WIRESHARK_CONFIG_DIR.
#pragma once
#include <filesystem>

#include "protocol/trace/event.hpp"

namespace ikelab::run {

/// Collects SaInstalled and KeyDerived events; writes at the end. Transforms that Wireshark 4.0
/// cannot decrypt (ChaCha20-Poly1305) get a line in README.txt instead of a row.
class WiresharkKeys : public trace::Sink {
 public:
  void record(const trace::Event& event) override;
  /// Errors: E-RUN-003.
  Result<void> write(const std::filesystem::path& directory) const;

 private:
  void add_ike(const trace::SaInstalled& sa);
  void add_esp(const trace::SaInstalled& sa);
  std::vector<std::string> ike_, esp_, left_out_;
};

}  // namespace ikelab::run
