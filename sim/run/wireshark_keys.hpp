// Wireshark's key tables from a disclosed run, for WIRESHARK_CONFIG_DIR and for `ikelab open`.
#pragma once
#include "protocol/trace/journal.hpp"
#include "sim/capture/key_tables.hpp"

namespace ikelab::run {

/// Collects SaInstalled events; writes at the end (sim/capture/key_tables.hpp).
class WiresharkKeys : public trace::Sink {
 public:
  void record(const trace::Event& event) override;
  [[nodiscard]] trace::Kinds wants() const override {
    return trace::kinds_of<trace::SaInstalled>();
  }
  /// Errors: E-RUN-003.
  Result<void> write(const std::filesystem::path& directory) const {
    return capture::write_key_tables(tables_, directory);
  }

 private:
  void add_ike(const trace::SaInstalled& sa);
  void add_esp(const trace::SaInstalled& sa);
  capture::KeyTables tables_;
};

}  // namespace ikelab::run
