#include "sim/store/typed_rows.hpp"

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
  return ~kinds_of<PacketOnLink, NatMapping, StateChanged, TaskStarted, SaMoved, Configured,
                   TimerFired>();
}

Result<TypedRows> TypedRows::prepare(const Database& database) {
  TypedRows rows;
  for (std::size_t i = 0; i < inserts.size(); ++i) {
    IKELAB_TRY(rows.statements_[i], database.prepare(inserts[i]));
  }
  return rows;
}

Result<void> TypedRows::insert(std::int64_t run, const Event& event) {
  const std::uint64_t seq = event.seq;
  auto& s = statements_;
  return std::visit(
      Overload{
          [&](const DatagramSent& b) {
            return s[datagram].run(
                {run, seq, "sent", b.id, b.protocol, b.src, b.dst, b.size, event.node, ""});
          },
          [&](const DatagramReceived& b) {
            return s[datagram].run(
                {run, seq, "received", b.id, b.protocol, b.src, b.dst, b.size, event.node, ""});
          },
          [&](const DatagramDropped& b) {
            return s[datagram].run(
                {run, seq, "dropped", b.id, nullptr, nullptr, nullptr, nullptr, b.where, b.reason});
          },
          [&](const Message& b) {
            return s[message].run({run, seq, b.direction, b.datagram, b.src, b.dst, b.spi_i,
                                   b.spi_r, b.exchange, b.response, b.message_id, b.attempt,
                                   b.fragment, b.fragments, b.payloads, b.encrypted, b.bytes,
                                   b.plain_first, b.plain});
          },
          [&](const Diagnostic& b) {
            return s[diagnostic].run(
                {run, seq, b.severity, b.code, b.message, b.rfc, b.datagram, b.begin, b.end});
          },
          [&](const TaskEnded& b) {
            return s[task].run({run, seq, b.task, b.role, b.outcome, b.detail, b.duration_ns});
          },
          [&](const Negotiated& b) -> Result<void> {
            int position = 0;
            for (const ProposalVerdict& v : b.verdicts) {
              IKELAB_CHECK(s[proposal].run({run, seq, position++,
                                            v.protocol.empty() ? b.protocol : v.protocol, b.role,
                                            v.number, v.text, v.accepted, v.reason, b.chosen}));
            }
            return {};
          },
          [&](const AuthDecided& b) {
            return s[authentication].run({run, seq, b.subject, b.local, b.method, b.identity, b.ok,
                                          b.octets, b.reason, b.rfc});
          },
          [&](const KeyDerived& b) -> Result<void> {
            IKELAB_CHECK(s[key_derivation].run(
                {run, seq, b.name, b.function, b.algorithm, b.output, b.length, b.rfc}));
            int position = 0;
            for (const NamedValue& input : b.inputs) {
              IKELAB_CHECK(
                  s[key_input].run({run, seq, position++, input.name, input.value, input.source}));
            }
            return {};
          },
          [&](const SaInstalled& b) {
            const std::string ts_src = join(b.ts_src), ts_dst = join(b.ts_dst);
            return s[sa].run({run,         seq,    event.node,       b.protocol,
                              b.direction, b.spi,  b.peer_spi,       b.src,
                              b.dst,       b.name, b.encryption,     b.integrity,
                              b.prf,       b.ke,   b.encryption_key, b.integrity_key,
                              ts_src,      ts_dst, b.replay_window,  b.reason});
          },
          [&](const SaRemoved& b) {
            return s[sa_removal].run(
                {event.time.ns, b.reason, run, b.spi, event.node, b.protocol, b.direction});
          },
          [&](const EspSealed& b) {
            return s[esp_packet].run({run, seq, "sealed", b.datagram, b.spi, b.sequence,
                                      b.inner_size, b.outer_size, b.summary, nullptr, nullptr});
          },
          [&](const EspOpened& b) {
            return s[esp_packet].run({run, seq, "opened", b.datagram, b.spi, b.sequence,
                                      b.inner_size, nullptr, b.summary, nullptr, nullptr});
          },
          [&](const EspRejected& b) {
            return s[esp_packet].run({run, seq, "rejected", b.datagram, b.spi, b.sequence, nullptr,
                                      nullptr, nullptr, b.code, b.reason});
          },
          [&](const AttackAction& b) {
            return s[attack_event].run({run, seq, b.action, b.datagram, b.result, b.note, b.before,
                                        b.after, nullptr, nullptr, nullptr});
          },
          [&](const AttackKnowledge& b) {
            return s[attack_event].run({run, seq, "learn", nullptr, nullptr, b.text, nullptr,
                                        nullptr, b.item, b.how, b.value});
          },
          [&](const Alert& b) {
            return s[alert].run({run, seq, b.monitor, b.severity, b.text, b.datagram});
          },
          [&](const Metric& b) {
            return s[metric].run({run, seq, b.subject, b.name, b.value, b.unit});
          },
          [&](const Mark& b) {
            return s[mark].run({run, seq, b.text});
          },
          // Every other kind is told by the raw event alone: see kinds().
          [](const auto&) { return Result<void>(); }},
      event.body);
}

}  // namespace ikelab::store
