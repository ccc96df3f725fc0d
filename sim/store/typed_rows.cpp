#include "sim/store/typed_rows.hpp"

#include <span>
#include <type_traits>

namespace ikelab::store {
namespace {

using namespace trace;  // NOLINT(google-build-using-namespace)

template <class... F>
struct Overload : F... {
  using F::operator()...;
};
template <class... F>
Overload(F...) -> Overload<F...>;

constexpr std::array<const char*, TypedRows::table_count> inserts = {
    "INSERT INTO datagram VALUES (?,?,?,?,?,?,?,?,?,?)",
    "INSERT INTO message VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    "INSERT INTO diagnostic VALUES (?,?,?,?,?,?,?,?,?)",
    "INSERT INTO task VALUES (?,?,?,?,?,?,?)",
    "INSERT INTO proposal VALUES (?,?,?,?,?,?,?,?,?,?)",
    "INSERT INTO authentication VALUES (?,?,?,?,?,?,?,?,?,?)",
    "INSERT INTO key_derivation VALUES (?,?,?,?,?,?,?,?)",
    "INSERT INTO key_input VALUES (?,?,?,?,?,?)",
    "INSERT INTO sa VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,NULL,NULL)",
    // the planner would look through all SAs of the run
    "UPDATE sa INDEXED BY sa_by_spi SET removed_at = ?, removed_reason = ? WHERE run_id = ? AND "
    "spi = ? AND node = ? "
    "AND protocol = ? "
    "AND direction = ? AND removed_at IS NULL",
    "INSERT INTO esp_packet VALUES (?,?,?,?,?,?,?,?,?,?,?)",
    "INSERT INTO attack_event VALUES (?,?,?,?,?,?,?,?,?,?,?)",
    "INSERT INTO alert VALUES (?,?,?,?,?,?)",
    "INSERT INTO metric VALUES (?,?,?,?,?,?)",
    "INSERT INTO mark VALUES (?,?,?)",
};

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

bool is_esp(const std::string& protocol) {
  return protocol.starts_with("ESP");
}

// ---- the table of rows --------------------------------------------------------------------------

/// One event on its way into the tables.
struct Row {
  std::span<Statement> statements;
  std::int64_t run;
  const Event& event;

  /// `columns` are those after run_id and seq.
  template <class... Columns>
  Result<void> into(TypedRows::Table table, const Columns&... columns) const {
    return statements[table].run({run, event.seq, columns...});
  }
};

Result<void> add_proposals(const Row& row, const Negotiated& b) {
  int position = 0;
  for (const ProposalVerdict& v : b.verdicts)
    IKELAB_CHECK(row.into(TypedRows::proposal, position++,
                          v.protocol.empty() ? b.protocol : v.protocol, b.role, v.number, v.text,
                          v.accepted, v.reason, b.chosen));
  return {};
}

Result<void> add_derivation(const Row& row, const KeyDerived& b) {
  IKELAB_CHECK(row.into(TypedRows::key_derivation, b.name, b.function, b.algorithm, b.output,
                        b.length, b.rfc));
  int position = 0;
  for (const NamedValue& input : b.inputs)
    IKELAB_CHECK(row.into(TypedRows::key_input, position++, input.name, input.value, input.source));
  return {};
}

Result<void> remove_sa(const Row& row, const SaRemoved& b) {
  return row.statements[TypedRows::sa_removal].run(
      {row.event.time.ns, b.reason, row.run, b.spi, row.event.node, b.protocol, b.direction});
}

/// One line a kind of event; a kind without one is told by the raw event alone.
constexpr Overload rows{
    [](const Row& row, const DatagramSent& b) {
      return row.into(TypedRows::datagram, "sent", b.id, b.protocol, b.src, b.dst, b.size,
                      row.event.node, "");
    },
    [](const Row& row, const DatagramReceived& b) {
      return row.into(TypedRows::datagram, "received", b.id, b.protocol, b.src, b.dst, b.size,
                      row.event.node, "");
    },
    [](const Row& row, const DatagramDropped& b) {
      return row.into(TypedRows::datagram, "dropped", b.id, nullptr, nullptr, nullptr, nullptr,
                      b.where, b.reason);
    },
    [](const Row& row, const Message& b) {
      return row.into(TypedRows::message, b.direction, b.datagram, b.src, b.dst, b.spi_i, b.spi_r,
                      b.exchange, b.response, b.message_id, b.attempt, b.fragment, b.fragments,
                      b.payloads, b.encrypted, b.bytes, b.plain_first, b.plain);
    },
    [](const Row& row, const Diagnostic& b) {
      return row.into(TypedRows::diagnostic, b.severity, b.code, b.message, b.rfc, b.datagram,
                      b.begin, b.end);
    },
    [](const Row& row, const TaskEnded& b) {
      return row.into(TypedRows::task, b.task, b.role, b.outcome, b.detail, b.duration_ns);
    },
    [](const Row& row, const Negotiated& b) { return add_proposals(row, b); },
    [](const Row& row, const AuthDecided& b) {
      return row.into(TypedRows::authentication, b.subject, b.local, b.method, b.identity, b.ok,
                      b.octets, b.reason, b.rfc);
    },
    [](const Row& row, const KeyDerived& b) { return add_derivation(row, b); },
    [](const Row& row, const SaInstalled& b) {
      return row.into(TypedRows::sa, row.event.node, b.protocol, b.direction, b.spi, b.peer_spi,
                      b.src, b.dst, b.name, b.encryption, b.integrity, b.prf, b.ke,
                      b.encryption_key, b.integrity_key, join(b.ts_src), join(b.ts_dst),
                      b.replay_window, b.reason);
    },
    [](const Row& row, const SaRemoved& b) { return remove_sa(row, b); },
    [](const Row& row, const EspSealed& b) {
      return row.into(TypedRows::esp_packet, "sealed", b.datagram, b.spi, b.sequence, b.inner_size,
                      b.outer_size, b.summary, nullptr, nullptr);
    },
    [](const Row& row, const EspOpened& b) {
      return row.into(TypedRows::esp_packet, "opened", b.datagram, b.spi, b.sequence, b.inner_size,
                      nullptr, b.summary, nullptr, nullptr);
    },
    [](const Row& row, const EspRejected& b) {
      return row.into(TypedRows::esp_packet, "rejected", b.datagram, b.spi, b.sequence, nullptr,
                      nullptr, nullptr, b.code, b.reason);
    },
    [](const Row& row, const AttackAction& b) {
      return row.into(TypedRows::attack_event, b.action, b.datagram, b.result, b.note, b.before,
                      b.after, nullptr, nullptr, nullptr);
    },
    [](const Row& row, const AttackKnowledge& b) {
      return row.into(TypedRows::attack_event, "learn", nullptr, nullptr, b.text, nullptr, nullptr,
                      b.item, b.how, b.value);
    },
    [](const Row& row, const Alert& b) {
      return row.into(TypedRows::alert, b.monitor, b.severity, b.text, b.datagram);
    },
    [](const Row& row, const Metric& b) {
      return row.into(TypedRows::metric, b.subject, b.name, b.value, b.unit);
    },
    [](const Row& row, const Mark& b) { return row.into(TypedRows::mark, b.text); },
};

template <class T>
constexpr bool has_rows = std::is_invocable_v<decltype(rows), const Row&, const T&>;

template <class... Bodies>
Kinds kinds_with_rows(std::type_identity<std::variant<Bodies...>>) {
  Kinds out;
  std::size_t kind = 0;
  (out.set(kind++, has_rows<Bodies>), ...);
  return out;
}

}  // namespace

Kinds kept_kinds(RecordLevel level) {
  return level == RecordLevel::metrics ? kinds_of<Metric, SaInstalled, SaRemoved, TaskEnded, Mark>()
                                       : all_kinds;
}

Kinds shortened_kinds(RecordLevel level) {
  return level == RecordLevel::control
             ? kinds_of<PacketOnLink, DatagramSent, DatagramReceived, EspSealed, EspOpened>()
             : Kinds();
}

bool shorten(Event& event, RecordLevel level) {
  if (level != RecordLevel::control) return true;
  return std::visit(Overload{[](const PacketOnLink& b) { return b.protocol == "IKE"; },
                             [](DatagramSent& b) {
                               if (is_esp(b.protocol)) b.payload.clear();
                               return true;
                             },
                             [](DatagramReceived& b) {
                               if (is_esp(b.protocol)) b.payload.clear();
                               return true;
                             },
                             [](EspSealed& b) { return b.inner.clear(), true; },
                             [](EspOpened& b) { return b.inner.clear(), true; },
                             [](const auto&) { return true; }},
                    event.body);
}

Kinds TypedRows::kinds() {
  return kinds_with_rows(std::type_identity<Body>());
}

Result<TypedRows> TypedRows::prepare(const Database& database) {
  TypedRows rows;
  for (std::size_t i = 0; i < inserts.size(); ++i) {
    IKELAB_TRY(rows.statements_[i], database.prepare(inserts[i]));
  }
  return rows;
}

Result<void> TypedRows::insert(std::int64_t run, const Event& event) {
  const Row row{statements_, run, event};
  return std::visit(
      [&]<class T>(const T& body) -> Result<void> {
        if constexpr (has_rows<T>)
          return rows(row, body);
        else
          return {};
      },
      event.body);
}

}  // namespace ikelab::store
