// A table is named in the singular and is ours to change; the view over it is named in the plural
// and keeps its columns.
#include "sim/store/schema.hpp"

namespace ikelab::store {
namespace {

// ---- version 1 ----------------------------------------------------------------------------------

constexpr const char* tables_1 = R"sql(
CREATE TABLE run (
  run_id INTEGER PRIMARY KEY AUTOINCREMENT, scenario TEXT NOT NULL, about TEXT NOT NULL,
  seed INTEGER NOT NULL, config TEXT NOT NULL, config_hash TEXT NOT NULL, versions TEXT NOT NULL,
  trace_version INTEGER NOT NULL, epoch INTEGER NOT NULL, disclosed INTEGER NOT NULL,
  record TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'unfinished', expectations_met INTEGER,
  fingerprint TEXT, events INTEGER NOT NULL DEFAULT 0, last_time INTEGER NOT NULL DEFAULT 0,
  started_at TEXT NOT NULL, finished_at TEXT);
CREATE TABLE node (
  run_id INTEGER NOT NULL REFERENCES run, name TEXT NOT NULL, role TEXT NOT NULL,
  addresses TEXT NOT NULL, x REAL NOT NULL, y REAL NOT NULL, PRIMARY KEY (run_id, name));
CREATE TABLE link (
  run_id INTEGER NOT NULL REFERENCES run, name TEXT NOT NULL, a TEXT NOT NULL, b TEXT NOT NULL,
  about TEXT NOT NULL, PRIMARY KEY (run_id, name));

-- Every event as it happened; body is the canonical encoding of protocol/trace/encode.hpp. The
-- tables below repeat, for SQL, what the body says. They carry (run_id, seq) of their event and
-- join it for time, node and sa.
CREATE TABLE event (
  run_id INTEGER NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, node TEXT NOT NULL,
  sa TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (run_id, seq));
CREATE TABLE datagram (
  run_id INTEGER NOT NULL, seq INTEGER NOT NULL, what TEXT NOT NULL, datagram INTEGER NOT NULL,
  protocol TEXT, src TEXT, dst TEXT, size INTEGER, place TEXT, reason TEXT,
  PRIMARY KEY (run_id, seq)) WITHOUT ROWID;
CREATE TABLE message (
  run_id INTEGER NOT NULL, seq INTEGER NOT NULL, direction TEXT NOT NULL,
  datagram INTEGER NOT NULL, src TEXT NOT NULL, dst TEXT NOT NULL, spi_i TEXT NOT NULL,
  spi_r TEXT NOT NULL, exchange TEXT NOT NULL, response INTEGER NOT NULL,
  message_id INTEGER NOT NULL, attempt INTEGER NOT NULL, fragment INTEGER NOT NULL,
  fragments INTEGER NOT NULL, payloads TEXT NOT NULL,
  encrypted INTEGER NOT NULL, bytes BLOB NOT NULL, plain_first INTEGER NOT NULL,
  plain BLOB NOT NULL, PRIMARY KEY (run_id, seq)) WITHOUT ROWID;
CREATE TABLE diagnostic (
  run_id INTEGER NOT NULL, seq INTEGER NOT NULL, severity TEXT NOT NULL, code TEXT NOT NULL,
  message TEXT NOT NULL, rfc TEXT NOT NULL, datagram INTEGER NOT NULL, first INTEGER NOT NULL,
  past INTEGER NOT NULL, PRIMARY KEY (run_id, seq)) WITHOUT ROWID;
CREATE TABLE task (
  run_id INTEGER NOT NULL, seq INTEGER NOT NULL, task TEXT NOT NULL, role TEXT NOT NULL,
  outcome TEXT NOT NULL, detail TEXT NOT NULL, duration INTEGER NOT NULL,
  PRIMARY KEY (run_id, seq)) WITHOUT ROWID;
CREATE TABLE proposal (
  run_id INTEGER NOT NULL, seq INTEGER NOT NULL, position INTEGER NOT NULL,
  protocol TEXT NOT NULL, role TEXT NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL,
  accepted INTEGER NOT NULL, reason TEXT NOT NULL, chosen TEXT NOT NULL,
  PRIMARY KEY (run_id, seq, position)) WITHOUT ROWID;
CREATE TABLE authentication (
  run_id INTEGER NOT NULL, seq INTEGER NOT NULL, subject TEXT NOT NULL, local INTEGER NOT NULL,
  method TEXT NOT NULL, identity TEXT NOT NULL, ok INTEGER NOT NULL, octets BLOB NOT NULL,
  reason TEXT NOT NULL, rfc TEXT NOT NULL, PRIMARY KEY (run_id, seq)) WITHOUT ROWID;
CREATE TABLE key_derivation (
  run_id INTEGER NOT NULL, seq INTEGER NOT NULL, name TEXT NOT NULL, function TEXT NOT NULL,
  algorithm TEXT NOT NULL, output BLOB NOT NULL, length INTEGER NOT NULL, rfc TEXT NOT NULL,
  PRIMARY KEY (run_id, seq)) WITHOUT ROWID;
CREATE TABLE key_input (
  run_id INTEGER NOT NULL, seq INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL,
  value BLOB NOT NULL, source TEXT NOT NULL, PRIMARY KEY (run_id, seq, position)) WITHOUT ROWID;
CREATE TABLE sa (
  run_id INTEGER NOT NULL, seq INTEGER NOT NULL, node TEXT NOT NULL, protocol TEXT NOT NULL,
  direction TEXT NOT NULL, spi TEXT NOT NULL, peer_spi TEXT NOT NULL, src TEXT NOT NULL,
  dst TEXT NOT NULL, name TEXT NOT NULL, encryption TEXT NOT NULL, integrity TEXT NOT NULL,
  prf TEXT NOT NULL, ke TEXT NOT NULL, encryption_key BLOB NOT NULL, integrity_key BLOB NOT NULL,
  ts_src TEXT NOT NULL, ts_dst TEXT NOT NULL, replay_window INTEGER NOT NULL,
  reason TEXT NOT NULL, removed_at INTEGER, removed_reason TEXT,
  PRIMARY KEY (run_id, seq)) WITHOUT ROWID;
CREATE INDEX sa_by_spi ON sa (run_id, spi, node);
CREATE TABLE esp_packet (
  run_id INTEGER NOT NULL, seq INTEGER NOT NULL, action TEXT NOT NULL, datagram INTEGER NOT NULL,
  spi TEXT NOT NULL, sequence INTEGER NOT NULL, inner_size INTEGER, outer_size INTEGER,
  summary TEXT, code TEXT, reason TEXT, PRIMARY KEY (run_id, seq)) WITHOUT ROWID;
CREATE TABLE attack_event (
  run_id INTEGER NOT NULL, seq INTEGER NOT NULL, action TEXT NOT NULL, datagram INTEGER,
  result INTEGER, note TEXT NOT NULL, before BLOB, after BLOB, item TEXT, how TEXT, value BLOB,
  PRIMARY KEY (run_id, seq)) WITHOUT ROWID;
CREATE TABLE alert (
  run_id INTEGER NOT NULL, seq INTEGER NOT NULL, monitor TEXT NOT NULL, severity TEXT NOT NULL,
  text TEXT NOT NULL, datagram INTEGER NOT NULL, PRIMARY KEY (run_id, seq)) WITHOUT ROWID;
CREATE TABLE metric (
  run_id INTEGER NOT NULL, seq INTEGER NOT NULL, subject TEXT NOT NULL, name TEXT NOT NULL,
  value INTEGER NOT NULL, unit TEXT NOT NULL, PRIMARY KEY (run_id, seq)) WITHOUT ROWID;
CREATE TABLE mark (
  run_id INTEGER NOT NULL, seq INTEGER NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (run_id, seq)) WITHOUT ROWID;

CREATE TABLE experiment (
  experiment_id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, about TEXT NOT NULL,
  config TEXT NOT NULL, config_hash TEXT NOT NULL, points INTEGER NOT NULL,
  versions TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT);
CREATE TABLE sweep_point (
  point_key TEXT PRIMARY KEY, experiment_id INTEGER NOT NULL REFERENCES experiment,
  cell TEXT NOT NULL, parameters TEXT NOT NULL, seed INTEGER NOT NULL, status TEXT NOT NULL,
  error TEXT NOT NULL, config_hash TEXT NOT NULL, versions TEXT NOT NULL,
  fingerprint TEXT NOT NULL, wall_ms INTEGER NOT NULL, finished_at TEXT NOT NULL);
CREATE TABLE sweep_value (
  point_key TEXT NOT NULL REFERENCES sweep_point, measure TEXT NOT NULL, value REAL,
  unit TEXT NOT NULL, PRIMARY KEY (point_key, measure)) WITHOUT ROWID;

-- Written by labs/store. Wall-clock times are ISO 8601 in UTC.
CREATE TABLE lab_attempt (
  attempt_id INTEGER PRIMARY KEY AUTOINCREMENT, student TEXT NOT NULL, lab TEXT NOT NULL,
  lab_version INTEGER NOT NULL, seed INTEGER NOT NULL, attempt INTEGER NOT NULL,
  started_at TEXT NOT NULL, submitted_at TEXT, graded_at TEXT, hints INTEGER NOT NULL DEFAULT 0,
  score INTEGER, max_score INTEGER, run_id INTEGER, fingerprint TEXT,
  versions TEXT NOT NULL DEFAULT '', submission TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT '', UNIQUE (student, lab, attempt));
CREATE TABLE lab_goal (
  attempt_id INTEGER NOT NULL REFERENCES lab_attempt, position INTEGER NOT NULL,
  goal TEXT NOT NULL, title TEXT NOT NULL, points INTEGER NOT NULL, max_points INTEGER NOT NULL,
  met INTEGER NOT NULL, code TEXT NOT NULL, feedback TEXT NOT NULL,
  PRIMARY KEY (attempt_id, goal)) WITHOUT ROWID;
)sql";

constexpr const char* views_1 = R"sql(
CREATE VIEW runs AS SELECT run_id, scenario, about, seed, status, expectations_met, fingerprint,
  record, disclosed, epoch, events, last_time, config, config_hash, versions, started_at,
  finished_at FROM run;
CREATE VIEW nodes AS SELECT run_id, name, role, addresses, x, y FROM node;
CREATE VIEW links AS SELECT run_id, name, a, b, about FROM link;
CREATE VIEW events AS SELECT run_id, seq, time, node, sa, kind, body FROM event;
CREATE VIEW datagrams AS SELECT d.run_id, d.seq, e.time, e.node, d.what, d.datagram, d.protocol,
  d.src, d.dst, d.size, d.place, d.reason FROM datagram d JOIN event e USING (run_id, seq);
CREATE VIEW messages AS SELECT m.run_id, m.seq, e.time, e.node, e.sa, m.direction, m.src, m.dst,
  m.exchange, m.message_id, m.response, m.attempt, m.fragment, m.fragments,
  m.payloads, m.encrypted, m.spi_i, m.spi_r,
  m.datagram, m.bytes, m.plain_first, m.plain FROM message m JOIN event e USING (run_id, seq);
CREATE VIEW diagnostics AS SELECT d.run_id, d.seq, e.time, e.node, e.sa, d.severity, d.code,
  d.message, d.rfc, d.datagram, d.first, d.past FROM diagnostic d JOIN event e USING (run_id,
  seq);
CREATE VIEW tasks AS SELECT t.run_id, t.seq, e.time - t.duration AS started_at, e.time AS
  ended_at, e.node, e.sa, t.task, t.role, t.outcome, t.detail, t.duration FROM task t JOIN event e
  USING (run_id, seq);
CREATE VIEW proposals AS SELECT p.run_id, p.seq, e.time, e.node, e.sa, p.protocol, p.role,
  p.number, p.text, p.accepted, p.reason, p.chosen FROM proposal p JOIN event e USING (run_id,
  seq);
CREATE VIEW authentications AS SELECT a.run_id, a.seq, e.time, e.node, e.sa, a.subject, a.local,
  a.method, a.identity, a.ok, a.octets, a.reason, a.rfc FROM authentication a JOIN event e USING
  (run_id, seq);
CREATE VIEW key_inputs AS SELECT i.run_id, i.seq, e.time, e.node, e.sa, k.name AS derived,
  i.position, i.name, i.value, i.source FROM key_input i JOIN key_derivation k USING (run_id, seq)
  JOIN event e USING (run_id, seq);
CREATE VIEW key_derivations AS SELECT k.run_id, k.seq, e.time, e.node, e.sa, k.name, k.function,
  k.algorithm, (SELECT json_group_array(json_object('name', name, 'value', value, 'source',
  source)) FROM (SELECT name, lower(hex(value)) AS value, source FROM key_input i WHERE i.run_id =
  k.run_id AND i.seq = k.seq ORDER BY position)) AS inputs, k.output, k.length, k.rfc FROM
  key_derivation k JOIN event e USING (run_id, seq);
CREATE VIEW sas AS SELECT s.run_id, s.seq, s.node, e.sa AS ike_sa, s.protocol, s.direction, s.spi,
  s.peer_spi, s.src, s.dst, s.name, s.encryption, s.integrity, s.prf, s.ke, s.encryption_key,
  s.integrity_key, s.ts_src, s.ts_dst, s.replay_window, e.time AS installed_at, s.reason,
  s.removed_at, s.removed_reason FROM sa s JOIN event e USING (run_id, seq);
CREATE VIEW esp_packets AS SELECT p.run_id, p.seq, e.time, e.node, p.action, p.datagram, p.spi,
  p.sequence, p.inner_size, p.outer_size, p.summary, p.code, p.reason FROM esp_packet p JOIN event
  e USING (run_id, seq);
CREATE VIEW attack_events AS SELECT a.run_id, a.seq, e.time, e.node, a.action, a.datagram,
  a.result, a.note, a.before, a.after, a.item, a.how, a.value FROM attack_event a JOIN event e
  USING (run_id, seq);
CREATE VIEW alerts AS SELECT a.run_id, a.seq, e.time, e.node, a.monitor, a.severity, a.text,
  a.datagram FROM alert a JOIN event e USING (run_id, seq);
CREATE VIEW metrics AS SELECT m.run_id, m.seq, e.time, e.node, m.subject, m.name, m.value, m.unit
  FROM metric m JOIN event e USING (run_id, seq);
CREATE VIEW marks AS SELECT m.run_id, m.seq, e.time, e.node, m.text FROM mark m JOIN event e USING
  (run_id, seq);
CREATE VIEW experiments AS SELECT experiment_id, name, about, points, (SELECT count(*) FROM
  sweep_point p WHERE p.experiment_id = x.experiment_id AND p.status = 'done') AS points_done,
  config, config_hash, versions, started_at, finished_at FROM experiment x;
CREATE VIEW sweep_points AS SELECT p.point_key, x.name AS experiment, p.cell, p.parameters,
  p.seed, p.status, p.error, (SELECT json_group_object(measure, value) FROM (SELECT measure, value
  FROM sweep_value v WHERE v.point_key = p.point_key ORDER BY measure)) AS measures,
  p.config_hash, p.versions, p.fingerprint, p.wall_ms, p.finished_at FROM sweep_point p JOIN
  experiment x USING (experiment_id);
CREATE VIEW sweep_values AS SELECT v.point_key, x.name AS experiment, p.cell, p.seed, v.measure,
  v.value, v.unit FROM sweep_value v JOIN sweep_point p USING (point_key) JOIN experiment x USING
  (experiment_id) WHERE p.status = 'done';
CREATE VIEW lab_attempts AS SELECT attempt_id, student, lab, lab_version, seed, attempt,
  started_at, submitted_at, graded_at, hints, score, max_score, run_id, fingerprint, versions,
  submission, note FROM lab_attempt;
CREATE VIEW lab_goals AS SELECT g.attempt_id, a.student, a.lab, a.attempt, g.position, g.goal,
  g.title, g.points, g.max_points, g.met, g.code, g.feedback FROM lab_goal g JOIN lab_attempt a
  USING (attempt_id);
)sql";

// ---- version 2: attacks against their settings --------------------------------------------------

constexpr const char* matrix_2 = R"sql(
CREATE TABLE matrix_run (
  attack TEXT NOT NULL, scenario TEXT NOT NULL, seed INTEGER NOT NULL, id TEXT NOT NULL,
  setting TEXT NOT NULL, as_said INTEGER NOT NULL, winner TEXT NOT NULL, time_to_success INTEGER,
  packets_to_success INTEGER, time_to_alert INTEGER, error TEXT NOT NULL,
  fingerprint TEXT NOT NULL, finished_at TEXT NOT NULL,
  PRIMARY KEY (attack, scenario, seed)) WITHOUT ROWID;
CREATE VIEW attack_matrix AS SELECT id, attack, setting, scenario, seed, as_said, winner,
  time_to_success, packets_to_success, time_to_alert, error, fingerprint, finished_at
  FROM matrix_run;
)sql";

// ---- version 3: what the nodes are told to protect, and whom to believe -------------------------

constexpr const char* policies_3 = R"sql(
CREATE TABLE policy (
  run_id INTEGER NOT NULL REFERENCES run, node TEXT NOT NULL, position INTEGER NOT NULL,
  action TEXT NOT NULL, connection TEXT NOT NULL, child TEXT NOT NULL, mode TEXT NOT NULL,
  local_ts TEXT NOT NULL, remote_ts TEXT NOT NULL, proposals TEXT NOT NULL, lifetime TEXT NOT NULL,
  start TEXT NOT NULL, PRIMARY KEY (run_id, node, position)) WITHOUT ROWID;
CREATE TABLE peer (
  run_id INTEGER NOT NULL REFERENCES run, node TEXT NOT NULL, position INTEGER NOT NULL,
  connection TEXT NOT NULL, address TEXT NOT NULL, identity TEXT NOT NULL, proof TEXT NOT NULL,
  own_identity TEXT NOT NULL, own_proof TEXT NOT NULL, version TEXT NOT NULL,
  proposals TEXT NOT NULL, lifetime TEXT NOT NULL, PRIMARY KEY (run_id, node, position))
  WITHOUT ROWID;
CREATE VIEW policies AS SELECT run_id, node, position, action, connection, child, mode, local_ts,
  remote_ts, proposals, lifetime, start FROM policy;
CREATE VIEW peers AS SELECT run_id, node, position, connection, address, identity, proof,
  own_identity, own_proof, version, proposals, lifetime FROM peer;
)sql";

// ---- version 4: detectors over labelled traffic -------------------------------------------------

constexpr const char* measure_4 = R"sql(
CREATE TABLE measure_run (
  detector TEXT NOT NULL, scenario TEXT NOT NULL, load TEXT NOT NULL, seed INTEGER NOT NULL,
  blocks INTEGER NOT NULL, attacked INTEGER NOT NULL, true_alerts INTEGER NOT NULL,
  false_alerts INTEGER NOT NULL, at_packet INTEGER NOT NULL, first_alert INTEGER,
  honest_packets INTEGER NOT NULL, forged_packets INTEGER NOT NULL,
  honest_blocked INTEGER NOT NULL, forged_blocked INTEGER NOT NULL, goal INTEGER,
  finished_at TEXT NOT NULL,
  PRIMARY KEY (detector, scenario, load, seed, blocks)) WITHOUT ROWID;
CREATE VIEW detector_runs AS SELECT detector, scenario, load, seed, blocks, attacked, true_alerts,
  false_alerts, at_packet, first_alert, honest_packets, forged_packets, honest_blocked,
  forged_blocked, goal, finished_at FROM measure_run;
CREATE VIEW detector_scores AS SELECT detector, blocks,
  sum(attacked AND true_alerts > 0) AS caught, sum(attacked AND true_alerts = 0) AS missed,
  sum(NOT attacked AND false_alerts > 0) AS false_alarms,
  sum(NOT attacked AND false_alerts = 0) AS quiet,
  sum(true_alerts) * 1.0 / nullif(sum(true_alerts + false_alerts), 0) AS precision,
  sum(attacked AND true_alerts > 0) * 1.0 / nullif(sum(attacked), 0) AS recall,
  sum(honest_packets) AS honest_packets, sum(honest_blocked) AS honest_blocked,
  sum(forged_blocked) AS forged_blocked
  FROM measure_run GROUP BY detector, blocks;
)sql";

constexpr Migration steps[] = {
    {1, tables_1}, {1, views_1}, {2, matrix_2}, {3, policies_3}, {4, measure_4}};

}  // namespace

std::span<const Migration> migrations() {
  return steps;
}

Result<void> migrate(Database& database, std::span<const Migration> all, int target) {
  IKELAB_TRY(Transaction transaction, Transaction::begin(database));
  IKELAB_TRY(Statement query,
             database.prepare("PRAGMA user_version"));  // again, now that nobody else can migrate
  IKELAB_TRY(const bool row, query.step());
  const std::int64_t from = row ? query.integer(0) : 0;
  query = Statement();
  for (const Migration& step : all) {
    if (step.to > from && step.to <= target) IKELAB_CHECK(database.execute(step.sql));
  }
  if (from < target) {
    IKELAB_CHECK(database.execute("PRAGMA user_version = " + std::to_string(target) +
                                  "; PRAGMA application_id = " + std::to_string(application_id)));
  }
  return transaction.commit();
}

}  // namespace ikelab::store
