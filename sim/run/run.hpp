// Runs a scenario: builds the network, lets simulated time pass, records, checks what was expected.
#pragma once
#include <filesystem>
#include <optional>

#include "protocol/trace/journal.hpp"
#include "sim/scenario/scenario.hpp"

namespace ikelab::run {

/// Where a run's labelled captures go (labelled_capture.hpp): <folder>/<stem>-<link>.pcapng and
/// .csv, of these links.
struct Labels {
  std::filesystem::path folder;
  std::string stem;
  std::vector<std::string> links;  ///< empty: all
};

struct RunOptions {
  std::optional<std::filesystem::path> db;        ///< record here
  std::optional<std::filesystem::path> pcap_dir;  ///< one capture a link: <link>.pcap
  std::optional<std::filesystem::path>
      keys_dir;  ///< Wireshark's key tables: ikev2_decryption_table, esp_sa (only if secrets are
                 ///< disclosed)
  std::optional<Labels> labels;     ///< captures that say who made each packet
  std::vector<trace::Sink*> sinks;  ///< more listeners
  bool progress = false;            ///< a progress bar on stderr for long runs
};

struct ExpectationOutcome {
  std::string text;  ///< as written in the scenario
  bool met = false;
  std::string found;  ///< in words, what was there
};

struct RunReport {
  std::int64_t run_id = 0;  ///< 0 without a database
  std::string
      fingerprint;  ///< hex SHA-256 over the canonical encoding of all events (trace/encode.hpp)
  std::vector<ExpectationOutcome> expectations;
  [[nodiscard]] bool expectations_met() const;
  std::vector<Error> stopped_scripts;  ///< adversary scripts that failed and were switched off
  std::uint64_t events = 0;
  std::string versions;
};

/// Deterministic: the same scenario value gives the same fingerprint. ns-3's global state is used
/// and released; one run at a time per process. Errors: E-RUN-*, E-DB-*, E-LUA-*.
Result<RunReport> run(const scenario::Scenario& scenario, const RunOptions& options);

}  // namespace ikelab::run
