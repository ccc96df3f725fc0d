#include "sim/store/reader.hpp"

#include <nlohmann/json.hpp>

#include "protocol/trace/encode.hpp"
#include "sim/store/database.hpp"
#include "sim/store/error.hpp"
#include "sim/store/words.hpp"

namespace ikelab::store {
namespace {

constexpr const char* run_columns =
    "SELECT run_id, scenario, about, seed, config, config_hash, versions, trace_version, epoch, "
    "disclosed, status, "
    "expectations_met, fingerprint, started_at, finished_at FROM run ";

RunInfo run_info(const Statement& row) {
  RunInfo info;
  info.id = row.integer(0);
  info.scenario = row.text(1);
  info.about = row.text(2);
  info.seed = row.unsigned_integer(3);
  info.config = row.text(4);
  info.config_hash = row.text(5);
  info.versions = row.text(6);
  info.epoch = row.integer(8);
  info.disclosed = row.integer(9) != 0;
  info.status = run_status(row.text(10));
  info.expectations_met = row.integer(11) != 0;
  info.fingerprint = row.text(12);
  info.started_at = row.text(13);
  info.finished_at = row.text(14);
  return info;
}

class SqliteReader final : public Reader {
 public:
  explicit SqliteReader(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  Result<std::vector<RunInfo>> runs() override {
    IKELAB_TRY(Statement query, database_->prepare(std::string(run_columns) + "ORDER BY run_id"));
    std::vector<RunInfo> out;
    while (true) {
      IKELAB_TRY(const bool row, query.step());
      if (!row) return out;
      out.push_back(run_info(query));
    }
  }

  Result<RunInfo> run(const std::string& which) override {
    const bool is_id = !which.empty() &&
                       which.find_first_not_of("0123456789") == std::string::npos &&
                       which.size() < 19;
    const char* condition =
        is_id ? "WHERE run_id = ?1" : "WHERE ?1 IN ('', scenario) ORDER BY run_id DESC LIMIT 1";
    IKELAB_TRY(Statement query, database_->prepare(std::string(run_columns) + condition));
    IKELAB_CHECK(is_id ? query.bind({std::int64_t{std::stoll(which)}}) : query.bind({which}));
    IKELAB_TRY(const bool row, query.step());
    if (!row) return no_such_run(which);
    if (query.unsigned_integer(7) > trace::trace_version) {
      return Error{"E-DB-002",
                   "run " + std::to_string(query.integer(0)) + " was recorded by a newer ikelab"}
          .in(database_->file().string())
          .expect("update ikelab");
    }
    RunInfo info = run_info(query);
    query = Statement();
    IKELAB_CHECK(read_network(info));
    return info;
  }

  Result<std::vector<trace::Event>> events(std::int64_t run_id, std::uint64_t after,
                                           std::size_t limit) override {
    IKELAB_TRY(Statement query,
               database_->prepare("SELECT seq, time, node, sa, kind, body FROM event WHERE run_id "
                                  "= ? AND seq > ? ORDER BY seq LIMIT ?"));
    IKELAB_CHECK(query.bind({run_id, after, std::uint64_t{limit}}));
    std::vector<trace::Event> out;
    while (true) {
      IKELAB_TRY(const bool row, query.step());
      if (!row) return out;
      auto body = trace::decode_body(query.text(4), query.view(5));
      if (!body.ok()) {
        Error error = body.error();
        error.place = database_->file().string() + ", run " + std::to_string(run_id) + ", event " +
                      query.text(0);
        return error;
      }
      out.push_back({Instant{query.integer(1)}, query.unsigned_integer(0), query.text(2),
                     query.text(3), std::move(*body)});
    }
  }

 private:
  Result<void> read_network(RunInfo& info) {
    IKELAB_TRY(Statement nodes,
               database_->prepare(
                   "SELECT name, role, addresses, x, y FROM node WHERE run_id = ? ORDER BY rowid"));
    IKELAB_CHECK(nodes.bind({info.id}));
    while (true) {
      IKELAB_TRY(const bool row, nodes.step());
      if (!row) break;
      NodeInfo node{nodes.text(0), nodes.text(1), {}, nodes.real(3), nodes.real(4)};
      const auto addresses = nlohmann::json::parse(nodes.text(2), nullptr, false);
      for (const auto& a : addresses.is_array() ? addresses : nlohmann::json::array()) {
        if (a.is_string()) node.addresses.push_back(a.get<std::string>());
      }
      info.nodes.push_back(std::move(node));
    }
    IKELAB_TRY(
        Statement links,
        database_->prepare("SELECT name, a, b, about FROM link WHERE run_id = ? ORDER BY rowid"));
    IKELAB_CHECK(links.bind({info.id}));
    while (true) {
      IKELAB_TRY(const bool row, links.step());
      if (!row) break;
      info.links.push_back({links.text(0), links.text(1), links.text(2), links.text(3)});
    }
    return read_policies(info);
  }

  Result<void> read_policies(RunInfo& info) {
    IKELAB_TRY(Statement policies,
               database_->prepare("SELECT node, action, connection, child, mode, local_ts, "
                                  "remote_ts, proposals, lifetime, start FROM policy WHERE run_id "
                                  "= ? ORDER BY position"));
    IKELAB_CHECK(policies.bind({info.id}));
    while (true) {
      IKELAB_TRY(const bool row, policies.step());
      if (!row) break;
      info.policies.push_back({policies.text(0), policies.text(1), policies.text(2),
                               policies.text(3), policies.text(4), policies.text(5),
                               policies.text(6), policies.text(7), policies.text(8),
                               policies.text(9)});
    }
    IKELAB_TRY(Statement peers,
               database_->prepare("SELECT node, connection, address, identity, proof, "
                                  "own_identity, own_proof, version, proposals, lifetime FROM peer "
                                  "WHERE run_id = ? ORDER BY position"));
    IKELAB_CHECK(peers.bind({info.id}));
    while (true) {
      IKELAB_TRY(const bool row, peers.step());
      if (!row) return {};
      info.peers.push_back({peers.text(0), peers.text(1), peers.text(2), peers.text(3),
                            peers.text(4), peers.text(5), peers.text(6), peers.text(7),
                            peers.text(8), peers.text(9)});
    }
  }

  Result<RunInfo> no_such_run(const std::string& which) {
    IKELAB_TRY(const auto all, runs());
    std::string hint = "nothing is recorded yet; record with: ikelab run site-to-site";
    if (!all.empty()) {
      hint = "there are: ";
      const std::size_t first = all.size() > 5 ? all.size() - 5 : 0;
      for (std::size_t i = first; i < all.size(); ++i) {
        hint += (i > first ? ", " : "") + std::to_string(all[i].id) + " (" + all[i].scenario + ")";
      }
    }
    const std::string what = which.empty() ? "there is no run" : "there is no run '" + which + "'";
    return error("E-DB-010", what + " in '" + database_->file().string() + "'", hint);
  }

  std::unique_ptr<Database> database_;
};

}  // namespace

Result<std::unique_ptr<Reader>> Reader::open(const std::filesystem::path& file) {
  IKELAB_TRY(auto database, Database::open_read_only(file));
  return std::unique_ptr<Reader>(new SqliteReader(std::move(database)));
}

}  // namespace ikelab::store
