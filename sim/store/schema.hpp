// The tables, the public views over them, and how older databases are brought forward.
// docs/SCHEMA.md explains the views.
#pragma once
#include <span>

#include "sim/store/database.hpp"

namespace ikelab::store {

inline constexpr int schema_version = 4;                    ///< PRAGMA user_version
inline constexpr std::int64_t application_id = 0x494b4c42;  ///< PRAGMA application_id: "IKLB"

/// Brings a database from version `to - 1` to `to`.
struct Migration {
  int to;
  const char* sql;
};
std::span<const Migration> migrations();

/// Applies, in one transaction, the steps above the database's version up to `target`. Errors:
/// E-DB-003, E-DB-001.
Result<void> migrate(Database& database, std::span<const Migration> steps, int target);

}  // namespace ikelab::store
