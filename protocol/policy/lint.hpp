// The linter: what in a configuration is out of date or careless, and what an attacker gains from
// it. It refuses nothing; it is for people who want to know before somebody else does.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "protocol/policy/connection.hpp"
#include "protocol/policy/requirement_level.hpp"

namespace ikelab::policy {

/// note: will be out of date. warning: SHOULD NOT, or careless. error: MUST NOT, or no protection.
enum class Severity { note, warning, error };
std::string_view to_string(Severity severity);

struct Finding {
  Severity severity = Severity::note;
  std::string rule;   ///< stable, for programs: "algorithm", "short-secret" ...
  std::string place;  ///< "site: proposals 1", "site, child net: rekey_time"
  std::string what;   ///< one sentence
  std::string gain;   ///< one sentence: what an attacker gains
  std::string instead;
  std::string source;  ///< "RFC 8247, 2.4: SHOULD NOT"
};

/// Tells the kind of key in a certificate (DER): "RSA 1024"; "" when it is none.
using KeyTypeOf = std::string (*)(ByteView certificate);

/// Rules of a connection and its children, in the order of the configuration. Without `key_type_of`
/// nothing is said about certificates' keys.
std::vector<Finding> lint(const ConnectionConfig& connection, KeyTypeOf key_type_of = nullptr);
/// Those about one proposal; `place` is put into each finding.
std::vector<Finding> lint(const wire::Proposal& proposal, const std::string& place);
/// Every rule but "algorithm" (which the table of requirement_level.hpp makes), and what it asks.
struct LintRule {
  std::string_view name, about;
};
std::span<const LintRule> lint_rules();

}  // namespace ikelab::policy
