#include "sim/store/database.hpp"

#include <sqlite3.h>

#include <chrono>
#include <ctime>
#include <fstream>

#include "sim/store/error.hpp"
#include "sim/store/schema.hpp"

namespace ikelab::store {
namespace {

constexpr int busy_timeout_ms = 10'000;  // a writer holds the lock for one batch, some milliseconds
constexpr const char* connection_pragmas =
    "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 2000; PRAGMA "
    "foreign_keys = ON";

/// SQLite's result codes in our words: code of the Error, and what it means for a person.
struct Meaning {
  int result;
  const char* code;
  const char* words;
  const char* hint;
};
constexpr Meaning meanings[] = {
    {SQLITE_NOTADB, "E-DB-001", "is not an ikelab database", "name another file with --db"},
    {SQLITE_CORRUPT, "E-DB-001", "is damaged or truncated",
     "what is left of it: sqlite3 FILE .recover"},
    {SQLITE_FULL, "E-DB-003", "cannot be written: the disk is full",
     "what was committed before is kept"},
    {SQLITE_IOERR, "E-DB-003", "cannot be written: input/output error",
     "what was committed before is kept"},
    {SQLITE_READONLY, "E-DB-003", "cannot be written: no permission",
     "name another file with --db"},
    {SQLITE_PERM, "E-DB-003", "cannot be written: no permission", "name another file with --db"},
    {SQLITE_CANTOPEN, "E-DB-003", "cannot be opened or created",
     "does its folder exist, and may you write there?"},
    {SQLITE_BUSY, "E-DB-003", "is being written by another program",
     "try again when it has finished"},
};

Error database_error(int result, const std::filesystem::path& file, const std::string& detail) {
  for (const Meaning& meaning : meanings) {
    if (meaning.result == (result & 0xff)) {
      return Error{meaning.code, "'" + file.string() + "' " + meaning.words}.expect(meaning.hint);
    }
  }
  return error("E-DB-003", "'" + file.string() + "': " + detail);
}

/// SQLite notices whole pages that are missing by itself, but takes a part of a page for zeros
/// (sqlite.org/fileformat2, 1.3).
Result<void> check_whole_pages(const std::filesystem::path& file) {
  unsigned char header[100] = {};
  std::ifstream in(file, std::ios::binary);
  in.read(reinterpret_cast<char*>(header), sizeof header);
  if (in.gcount() == 0) return {};  // a new one, or not readable: opening it will say so
  if (std::string_view(reinterpret_cast<char*>(header), 15) != "SQLite format 3")
    return database_error(SQLITE_NOTADB, file, "");
  const std::uint64_t raw = std::uint64_t{header[16]} << 8 | header[17];
  std::error_code none;
  const std::uint64_t size = std::filesystem::file_size(file, none);
  const bool whole =
      in.gcount() == sizeof header && raw != 0 && size % (raw == 1 ? 65536 : raw) == 0;
  return whole ? Result<void>() : database_error(SQLITE_CORRUPT, file, "");
}

Error newer(const std::filesystem::path& file, std::int64_t version) {
  return error("E-DB-002",
               "'" + file.string() + "' was written by a newer ikelab (schema " +
                   std::to_string(version) + ", this one knows " + std::to_string(schema_version) +
                   ")",
               "update ikelab, or name another file with --db");
}

/// 0 for a new file, else its schema version.
Result<std::int64_t> known_version(const Database& database) {
  // One statement, so one snapshot: another program may be creating the database at this moment.
  IKELAB_TRY(Statement query,
             database.prepare(
                 "SELECT (SELECT application_id FROM pragma_application_id), "
                 "(SELECT user_version FROM pragma_user_version), count(*) FROM sqlite_master"));
  IKELAB_TRY(const bool row, query.step());
  IKELAB_ASSERT(row);
  const std::int64_t application = query.integer(0), version = query.integer(1),
                     objects = query.integer(2);
  if (application != application_id && (application != 0 || version != 0 || objects != 0)) {
    return database_error(SQLITE_NOTADB, database.file(), "");
  }
  if (version > schema_version) return newer(database.file(), version);
  return version;
}

}  // namespace

// ---- statements ---------------------------------------------------------------------------------

void Statement::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Result<void> Statement::bind(std::initializer_list<Value> values) {
  sqlite3_stmt* s = statement_.get();
  sqlite3_reset(s);
  int index = 0;
  for (const Value& value : values) {
    ++index;
    const int result = std::visit(
        [&](const auto& v) {
          using T = std::decay_t<decltype(v)>;
          if constexpr (std::is_same_v<T, std::int64_t>)
            return sqlite3_bind_int64(s, index, v);
          else if constexpr (std::is_same_v<T, double>)
            return sqlite3_bind_double(s, index, v);
          else if constexpr (std::is_same_v<T, std::string_view>) {
            return sqlite3_bind_text(s, index, v.data() ? v.data() : "", static_cast<int>(v.size()),
                                     SQLITE_STATIC);
          } else if constexpr (std::is_same_v<T, ByteView>) {
            return v.empty() ? sqlite3_bind_zeroblob(s, index, 0)
                             : sqlite3_bind_blob(s, index, v.data(), static_cast<int>(v.size()),
                                                 SQLITE_STATIC);
          } else
            return sqlite3_bind_null(s, index);
        },
        value.state());
    if (result != SQLITE_OK) return database_->last_error("bind");
  }
  return {};
}

Result<bool> Statement::step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) {
    sqlite3_reset(statement_.get());
    return false;
  }
  const Error error = database_->last_error("step");
  sqlite3_reset(statement_.get());
  return error;
}

Result<void> Statement::run(std::initializer_list<Value> values) {
  IKELAB_CHECK(bind(values));
  IKELAB_TRY(const bool row, step());
  IKELAB_ASSERT(!row);
  return {};
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}
double Statement::real(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}
ByteView Statement::view(int column) const {
  const auto* data =
      static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}
std::string Statement::text(int column) const {
  return to_text(view(column));
}
Bytes Statement::octets(int column) const {
  return to_bytes(view(column));
}
bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}
int Statement::columns() const {
  return sqlite3_column_count(statement_.get());
}
std::string Statement::column_name(int column) const {
  return sqlite3_column_name(statement_.get(), column);
}

// ---- connection ---------------------------------------------------------------------------------

Database::Database(std::filesystem::path file, sqlite3* handle)
    : file_(std::move(file)), handle_(handle) {}
Database::~Database() {
  sqlite3_close_v2(handle_);
}

Result<std::unique_ptr<Database>> Database::connect(const std::filesystem::path& file, int flags,
                                                    bool immutable) {
  IKELAB_CHECK(check_whole_pages(file));
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(file).string()) {
    if (c == '?' || c == '#' || c == '%')
      uri += "%" + to_hex(as_bytes(std::string_view(&c, 1)));
    else
      uri += c;
  }
  if (immutable) uri += "?immutable=1";
  sqlite3* handle = nullptr;
  const int result =
      sqlite3_open_v2(uri.c_str(), &handle, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Database> database(new Database(file, handle));
  if (result != SQLITE_OK)
    return database_error(result, file, handle ? sqlite3_errmsg(handle) : "out of memory");
  sqlite3_busy_timeout(handle, busy_timeout_ms);
  return database;
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file,
                                                 const std::function<void()>& created) {
  IKELAB_TRY(auto database, connect(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, false));
  IKELAB_TRY(const std::int64_t version, known_version(*database));
  // There is nothing to lose in a new file: its first checkpoint brings it to the disk whole.
  IKELAB_CHECK(
      database->execute(version == 0 ? "PRAGMA synchronous = OFF" : "PRAGMA synchronous = NORMAL"));
  const auto ready = database->make_ready(version, created);
  if (version == 0) IKELAB_CHECK(database->execute("PRAGMA synchronous = NORMAL"));
  IKELAB_CHECK(ready);
  return database;
}

Result<void> Database::make_ready(std::int64_t version, const std::function<void()>& created) {
  // The switch to WAL does not wait for others by itself: two programs may be creating the database
  // at this moment.
  auto switched = execute(connection_pragmas);
  for (int waited_ms = 0;
       !switched.ok() && sqlite3_errcode(handle_) == SQLITE_BUSY && waited_ms < busy_timeout_ms;
       waited_ms += 10) {
    sqlite3_sleep(10);
    switched = execute(connection_pragmas);
  }
  IKELAB_CHECK(switched);
  if (version == 0 && created) created();
  if (version < schema_version) return migrate(*this, migrations(), schema_version);
  return {};
}

Result<std::unique_ptr<Database>> Database::open_read_only(const std::filesystem::path& file) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(file, none)) {
    return error("E-DB-004", "there is no database '" + file.string() + "'",
                 "record one with: ikelab run site-to-site");
  }
  // A connection that may write, but is told not to: the last one to close a database tidies its
  // WAL away, which a read-only one cannot. Where the file may not be written SQLite falls back to
  // reading by itself.
  IKELAB_TRY(auto database, connect(file, SQLITE_OPEN_READWRITE, false));
  IKELAB_CHECK(database->execute("PRAGMA query_only = ON"));
  auto version = known_version(*database);
  if (!version.ok() && version.error().code == "E-DB-003") {
    // WAL needs its index file beside the database; where we may not write, a database without a
    // WAL is read as it is.
    IKELAB_TRY(database, connect(file, SQLITE_OPEN_READONLY, true));
    version = known_version(*database);
  }
  if (!version.ok()) return version.error();
  if (*version == 0) return database_error(SQLITE_NOTADB, file, "");
  if (*version < schema_version) {
    database.reset();
    IKELAB_TRY(database, open(file));
    IKELAB_CHECK(database->execute("PRAGMA query_only = ON"));
  }
  return database;
}

Result<Statement> Database::prepare(std::string_view sql) const {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr) !=
      SQLITE_OK) {
    return last_error("prepare");
  }
  Statement out;
  out.statement_.reset(statement);
  out.database_ = this;
  return out;
}

Result<void> Database::execute(const std::string& sql) const {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return last_error("execute");
  return {};
}

std::int64_t Database::last_insert_id() const {
  return sqlite3_last_insert_rowid(handle_);
}

Error Database::last_error(const std::string& doing) const {
  return database_error(sqlite3_extended_errcode(handle_), file_,
                        "cannot " + doing + ": " + sqlite3_errmsg(handle_));
}

// ---- transactions -------------------------------------------------------------------------------

Result<Transaction> Transaction::begin(Database& database) {
  IKELAB_CHECK(database.execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_) static_cast<void>(database_->execute("ROLLBACK").ok());
}

Result<void> Transaction::commit() {
  IKELAB_CHECK(database_->execute("COMMIT"));
  database_ = nullptr;
  return {};
}

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

}  // namespace ikelab::store
