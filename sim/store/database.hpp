// A thin owner of one SQLite connection and its statements: for */store/ only. Every failure is an
// Error in one clear line.
//
// Invariant: nobody outside */store/ includes SQLite; this header names its types without including
// it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "protocol/base/bytes.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace ikelab::store {

/// What a parameter is bound to. Texts and octets must live until the call that takes them returns.
class Value {
 public:
  Value(std::nullptr_t) {}                    // NOLINT(google-explicit-constructor)
  Value(bool v) : state_(std::int64_t{v}) {}  // NOLINT(google-explicit-constructor)
  Value(int v) : state_(std::int64_t{v}) {}   // NOLINT(google-explicit-constructor)
  Value(std::int64_t v) : state_(v) {}        // NOLINT(google-explicit-constructor)
  Value(std::uint64_t v)
      : state_(static_cast<std::int64_t>(v)) {}          // NOLINT(google-explicit-constructor)
  Value(double v) : state_(v) {}                         // NOLINT(google-explicit-constructor)
  Value(const char* v) : state_(std::string_view(v)) {}  // NOLINT(google-explicit-constructor)
  Value(std::string_view v) : state_(v) {}               // NOLINT(google-explicit-constructor)
  Value(const std::string& v)
      : state_(std::string_view(v)) {}            // NOLINT(google-explicit-constructor)
  Value(ByteView v) : state_(v) {}                // NOLINT(google-explicit-constructor)
  Value(const Bytes& v) : state_(ByteView(v)) {}  // NOLINT(google-explicit-constructor)
  using State = std::variant<std::nullptr_t, std::int64_t, double, std::string_view, ByteView>;
  [[nodiscard]] const State& state() const { return state_; }

 private:
  State state_ = nullptr;
};

class Database;

/// A prepared statement. Use: bind(...), then step() until it says false; or run(...) for
/// statements without rows.
class Statement {
 public:
  Statement() = default;
  /// Resets the statement and binds its parameters 1, 2, ...
  Result<void> bind(std::initializer_list<Value> values);
  /// True: a row is there. False: done (and reset).
  Result<bool> step();
  /// bind, and one step that must not give a row.
  Result<void> run(std::initializer_list<Value> values);

  // Columns of the current row, from 0. NULL reads as 0, "" or no octets.
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::uint64_t unsigned_integer(int column) const {
    return static_cast<std::uint64_t>(integer(column));
  }
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] Bytes octets(int column) const;
  [[nodiscard]] ByteView view(int column) const;  ///< valid until the next step()
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] int columns() const;
  [[nodiscard]] std::string column_name(int column) const;

 private:
  friend class Database;
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
  const Database* database_ = nullptr;
};

/// One connection. Not movable: statements point to it.
class Database {
 public:
  /// Opens or creates for writing: WAL, busy timeout, foreign keys, migrated to schema_version.
  /// `created` is called once a new one was written to and only its tables are missing. Errors:
  /// E-DB-001 not a database or damaged, E-DB-002 of a newer version, E-DB-003 cannot be written.
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file,
                                                const std::function<void()>& created = {});
  /// Opens an existing one read-only. Errors: E-DB-001, E-DB-002, E-DB-004 no such file.
  static Result<std::unique_ptr<Database>> open_read_only(const std::filesystem::path& file);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  Result<Statement> prepare(std::string_view sql) const;
  /// One or more statements without parameters and rows.
  Result<void> execute(const std::string& sql) const;
  [[nodiscard]] std::int64_t last_insert_id() const;
  /// The last failure of this connection as an Error: `doing` completes "cannot ...".
  [[nodiscard]] Error last_error(const std::string& doing) const;
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

 private:
  Database(std::filesystem::path file, sqlite3* handle);
  static Result<std::unique_ptr<Database>> connect(const std::filesystem::path& file, int flags,
                                                   bool immutable);
  Result<void> make_ready(std::int64_t version, const std::function<void()>& created);
  std::filesystem::path file_;
  sqlite3* handle_;
};

/// BEGIN IMMEDIATE now, ROLLBACK unless commit() was called.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(other.database_) {
    other.database_ = nullptr;
  }
  Transaction& operator=(Transaction&&) = delete;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

/// Wall clock as the tables write it: "2026-11-23T11:22:34Z".
std::string utc_now();

}  // namespace ikelab::store
