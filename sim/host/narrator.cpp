#include "sim/host/narrator.hpp"

#include <fmt/format.h>

namespace ikelab::host {
namespace {

std::string line(std::string_view word, const std::string& text) {
  return fmt::format("{:<13} {}", word, text);
}

/// "AES-GCM-16 / PRF_HMAC_SHA2_256 / CURVE25519", without what is not there.
std::string suite(const trace::SaInstalled& sa) {
  std::string out;
  for (const std::string* name : {&sa.encryption, &sa.integrity, &sa.prf, &sa.ke})
    if (!name->empty()) out += (out.empty() ? "" : " / ") + *name;
  return out;
}

struct Teller {
  const trace::Event& event;
  bool all;

  std::string operator()(const trace::SaInstalled& sa) const {
    if (sa.protocol == "IKE")
      return line(sa.reason == "new" ? "established" : "rekeyed",
                  fmt::format("{} {}: {} and {}, SPIs {} {}, {}{}", event.sa, sa.name, sa.src,
                              sa.dst, sa.spi, sa.peer_spi, suite(sa),
                              sa.reason == "new" ? "" : " (" + sa.reason + ")"));
    return line("child", fmt::format("{} {} {}: {} to {}, SPI {}, {} ({})", event.sa, sa.name,
                                     sa.direction, fmt::join(sa.ts_src, " "),
                                     fmt::join(sa.ts_dst, " "), sa.spi, suite(sa), sa.reason));
  }
  std::string operator()(const trace::SaRemoved& sa) const {
    return line(sa.protocol == "IKE" ? "deleted" : "child gone",
                fmt::format("{} {}{} SPI {}: {}", event.sa, sa.direction,
                            sa.direction.empty() ? "IKE" : "", sa.spi, sa.reason));
  }
  std::string operator()(const trace::SaMoved& sa) const {
    return line("moved", fmt::format("{} {} SPI {}: now {} and {}: {}", event.sa, sa.protocol,
                                     sa.spi, sa.src, sa.dst, sa.reason));
  }
  std::string operator()(const trace::Configured& c) const {
    return line("address", fmt::format("{} {} {}{}{}", event.sa, c.action, c.address,
                                       c.pool.empty() ? "" : " of pool " + c.pool,
                                       c.more.empty() ? "" : ", " + c.more));
  }
  std::string operator()(const trace::AuthDecided& auth) const {
    if (auth.local) return {};
    return line(auth.ok ? "authentic" : "not believed",
                fmt::format("{} {} by {}{}", event.sa, auth.identity, auth.method,
                            auth.ok ? "" : ": " + auth.reason));
  }
  std::string operator()(const trace::Diagnostic& d) const {
    return line(d.severity == "error" ? "error" : "remark",
                fmt::format("{}{}{}: {}{}", event.sa, event.sa.empty() ? "" : " ", d.code,
                            d.message, d.rfc.empty() ? "" : " (" + d.rfc + ")"));
  }
  std::string operator()(const trace::TaskEnded& task) const {
    if (task.outcome != "failed" && !(all && task.outcome == "done")) return {};
    return line(task.outcome, fmt::format("{} {}, as {}{}{}", event.sa, task.task, task.role,
                                          task.detail.empty() ? "" : ": ", task.detail));
  }
  std::string operator()(const trace::TimerFired& timer) const {
    if (timer.timer == "nat_keepalive" && !all) return {};
    return line("timer", fmt::format("{} {}: {}", event.sa, timer.timer, timer.detail));
  }
  std::string operator()(const trace::Negotiated& n) const {
    if (!n.chosen.empty() && !all) return {};
    std::string out =
        line("negotiated", fmt::format("{} {} as {}: {}", event.sa, n.protocol, n.role,
                                       n.chosen.empty() ? "nothing" : n.chosen));
    for (const trace::ProposalVerdict& verdict : n.verdicts)
      if (!verdict.accepted)
        out += fmt::format("\n{:27}not {}: {}", "", verdict.text, verdict.reason);
    return out;
  }
  std::string operator()(const trace::DatagramDropped& drop) const {
    return line("dropped", fmt::format("datagram {} at {}: {}", drop.id, drop.where, drop.reason));
  }
  std::string operator()(const trace::Message& m) const {
    if (!all) return {};
    const std::string content =
        fmt::format("{}{}", m.fragments != 0 ? "SKF " : "", m.payloads.empty() ? "-" : m.payloads);
    return line(m.direction, fmt::format("{} {} {} {}: {} ({} octets, {} to {})", event.sa,
                                         m.exchange, m.response ? "response" : "request",
                                         m.message_id, content, m.bytes.size(), m.src, m.dst));
  }
  std::string operator()(const trace::EspRejected& esp) const {
    if (esp.datagram == 0) return line("not sent", esp.code + " " + esp.reason);
    return line("ESP refused",
                fmt::format("SPI {} number {}: {} {}", esp.spi.empty() ? "-" : esp.spi,
                            esp.sequence, esp.code, esp.reason));
  }
  std::string operator()(const trace::EspSealed& esp) const {
    return all ? line("ESP sent",
                      fmt::format("SPI {} number {}: {}", esp.spi, esp.sequence, esp.summary))
               : std::string();
  }
  std::string operator()(const trace::EspOpened& esp) const {
    return all ? line("ESP received",
                      fmt::format("SPI {} number {}: {}", esp.spi, esp.sequence, esp.summary))
               : std::string();
  }
  std::string operator()(const trace::Mark& mark) const { return line("peer", mark.text); }
  template <class Other>
  std::string operator()(const Other&) const {
    return {};
  }
};

}  // namespace

std::string narrate(const trace::Event& event, bool all) {
  return std::visit(Teller{event, all}, event.body);
}

trace::Kinds Narrator::wants() const {
  using namespace trace;
  const Kinds never =
      kinds_of<DatagramSent, DatagramReceived, PacketOnLink, NatMapping, StateChanged, TaskStarted,
               KeyDerived, AttackAction, AttackKnowledge, Alert, Metric>();
  return ~(all_ ? never : never | kinds_of<Message, EspSealed, EspOpened>());
}

void Narrator::record(const trace::Event& event) {
  const std::string text = narrate(event, all_);
  if (text.empty()) return;
  fmt::print(out_, "{:9.3f} s  {}\n", static_cast<double>(event.time.ns) / 1e9, text);
  std::fflush(out_);
}

}  // namespace ikelab::host
