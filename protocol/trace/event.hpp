// The trace: everything that happened, as typed events. It is the only truth that viewers, graders
// and exporters see.
//
// Each body is a struct with a `kind` (stable name) and a `fields` visitor that names every member
// once; the canonical encoding (encode.hpp), JSON, and the fingerprint all come from that one list.
// Adding an event is one struct plus one entry of `Body`. Members are std::string, Bytes, bool,
// std::uint64_t, std::int64_t, or vectors of strings or of such structs. Invariant: no floating
// point, no pointers, no wall clock; the same run gives the same events to the byte. Invariant:
// secret octets appear only when the run says `disclose_secrets: true`; otherwise the fields are
// empty.
#pragma once
#include <bitset>
#include <string>
#include <variant>
#include <vector>

#include "protocol/base/bytes.hpp"
#include "protocol/base/time.hpp"

namespace ikelab::trace {

#define IKELAB_EVENT(name) static constexpr std::string_view kind = name

// ---- parts of bodies ---------------------------------------------------------------------------

/// An input of a derivation: what it is called (`Ni`, `SK_d`, `g^ir`), its octets, and where it
/// comes from ("message 1, Nonce").
struct NamedValue {
  std::string name;
  Bytes value;
  std::string source;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("name", s.name);
    v("value", s.value);
    v("source", s.source);
  }
};

/// A labelled half-open range [begin, end) of the octets beside it.
struct LabelledRange {
  std::string label;
  std::uint64_t begin = 0, end = 0;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("label", s.label);
    v("begin", s.begin);
    v("end", s.end);
  }
};

/// Why one offered proposal was taken or refused (RFC 7296, 2.7).
struct ProposalVerdict {
  std::uint64_t number = 0;
  std::string protocol;  ///< IKE, ESP
  std::string text;      ///< "aes256gcm16-prfsha384-ecp384"
  bool accepted = false;
  std::string
      reason;  ///< in words, e.g. "no common KE method: offered CURVE25519; configured ECP_384"
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("number", s.number);
    v("protocol", s.protocol);
    v("text", s.text);
    v("accepted", s.accepted);
    v("reason", s.reason);
  }
};

// ---- datagrams and messages --------------------------------------------------------------------

/// A UDP datagram (or an ESP packet, protocol "ESP") left a node. `id` is unique in the run and
/// follows it through the network.
struct DatagramSent {
  IKELAB_EVENT("datagram_sent");
  std::uint64_t id = 0;
  std::string protocol;  ///< "IKE", "ESP", "ESP-in-UDP", "keepalive"
  std::string src, dst;  ///< "192.0.2.1:500"; without a port for protocol 50
  Bytes
      payload;  ///< of UDP or of IP protocol 50; may be empty when the record level is below `full`
  std::uint64_t size = 0;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("id", s.id);
    v("protocol", s.protocol);
    v("src", s.src);
    v("dst", s.dst);
    v("payload", s.payload);
    v("size", s.size);
  }
};
struct DatagramReceived {
  IKELAB_EVENT("datagram_received");
  std::uint64_t id = 0;
  std::string protocol, src, dst;
  Bytes payload;
  std::uint64_t size = 0;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("id", s.id);
    v("protocol", s.protocol);
    v("src", s.src);
    v("dst", s.dst);
    v("payload", s.payload);
    v("size", s.size);
  }
};
/// A datagram was not delivered or not processed: where ("link wan", "gw-b"), and why.
struct DatagramDropped {
  IKELAB_EVENT("datagram_dropped");
  std::uint64_t id = 0;
  std::string where, reason;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("id", s.id);
    v("where", s.where);
    v("reason", s.reason);
  }
};
/// A packet crossed one link: for the topology view. Times in ns of simulated time; lost when
/// arrives is 0.
struct PacketOnLink {
  IKELAB_EVENT("packet_on_link");
  std::uint64_t id = 0;  ///< the datagram's id, 0 for traffic that is not IKE or ESP
  std::string link, from, to, protocol;  ///< protocol: IKE, ESP, ICMP, TCP, UDP, ARP
  std::uint64_t size = 0;
  std::int64_t sent_ns = 0, arrives_ns = 0;
  std::string lost;  ///< empty, or why it never arrived
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("id", s.id);
    v("link", s.link);
    v("from", s.from);
    v("to", s.to);
    v("protocol", s.protocol);
    v("size", s.size);
    v("sent_ns", s.sent_ns);
    v("arrives_ns", s.arrives_ns);
    v("lost", s.lost);
  }
};
/// An IKE message was built and sent, or received and accepted for processing. `plain` is the
/// decrypted content of the SK payload (a payload chain that begins with payload type
/// `plain_first`), when there is one and secrets are disclosed.
struct Message {
  IKELAB_EVENT("message");
  std::string direction;  ///< "sent", "received"
  std::uint64_t datagram = 0;
  std::string src, dst, spi_i, spi_r,
      exchange;  ///< exchange: IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL
  bool response = false;
  std::uint64_t message_id = 0, attempt = 0;  ///< attempt: 0 the first, n the nth retransmission
  /// 2, 3: the second of three fragments (RFC 7383); 0, 0: unfragmented. Of fragments, only the one
  /// that completes the message (sent: the last; received: that came last) has payloads and plain.
  std::uint64_t fragment = 0, fragments = 0;
  std::string
      payloads;  ///< "IDi, AUTH, SA"; of encrypted messages the inner ones, behind any in the clear
  bool encrypted = false;
  Bytes bytes;  ///< from the first octet of the IKE header
  std::uint64_t plain_first = 0;
  Bytes plain;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("direction", s.direction);
    v("datagram", s.datagram);
    v("src", s.src);
    v("dst", s.dst);
    v("spi_i", s.spi_i);
    v("spi_r", s.spi_r);
    v("exchange", s.exchange);
    v("response", s.response);
    v("message_id", s.message_id);
    v("attempt", s.attempt);
    v("fragment", s.fragment);
    v("fragments", s.fragments);
    v("payloads", s.payloads);
    v("encrypted", s.encrypted);
    v("bytes", s.bytes);
    v("plain_first", s.plain_first);
    v("plain", s.plain);
  }
};
/// Something a message or packet broke, or a node's refusal: `code` is an Error's.
struct Diagnostic {
  IKELAB_EVENT("diagnostic");
  std::string severity;  ///< "error" (refused), "warning" (accepted)
  std::string code, message, rfc;
  std::uint64_t datagram = 0, begin = 0, end = 0;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("severity", s.severity);
    v("code", s.code);
    v("message", s.message);
    v("rfc", s.rfc);
    v("datagram", s.datagram);
    v("begin", s.begin);
    v("end", s.end);
  }
};

/// A NAT box made a mapping, forgot it, or could not make it: `inside` is a host behind it,
/// `outside` what stands for it.
struct NatMapping {
  IKELAB_EVENT("nat_mapping");
  std::string action;  ///< "made", "expired", "forgotten", "refused"
  std::string protocol, inside, outside, remote, reason;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("action", s.action);
    v("protocol", s.protocol);
    v("inside", s.inside);
    v("outside", s.outside);
    v("remote", s.remote);
    v("reason", s.reason);
  }
};

// ---- the protocol's inside ---------------------------------------------------------------------

struct StateChanged {
  IKELAB_EVENT("state_changed");
  std::string what;  ///< "IKE" or "Child"
  std::string from, to, event, rfc;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("what", s.what);
    v("from", s.from);
    v("to", s.to);
    v("event", s.event);
    v("rfc", s.rfc);
  }
};
/// A task of the SA began or ended ("ike_init", "ike_auth", "child_create", "child_rekey",
/// "ike_rekey", "delete", "dpd").
struct TaskStarted {
  IKELAB_EVENT("task_started");
  std::string task, role;  ///< role in the exchange: "initiator", "responder"
  std::uint64_t message_id = 0;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("task", s.task);
    v("role", s.role);
    v("message_id", s.message_id);
  }
};
struct TaskEnded {
  IKELAB_EVENT("task_ended");
  std::string task, role, outcome, detail;  ///< outcome: "done", "failed", "retry"
  std::int64_t duration_ns = 0;             ///< simulated time since its TaskStarted
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("task", s.task);
    v("role", s.role);
    v("outcome", s.outcome);
    v("detail", s.detail);
    v("duration_ns", s.duration_ns);
  }
};
struct Negotiated {
  IKELAB_EVENT("negotiated");
  std::string protocol, role, chosen;  ///< chosen: the proposal in swanctl's words, empty when none
  std::vector<ProposalVerdict> verdicts;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("protocol", s.protocol);
    v("role", s.role);
    v("chosen", s.chosen);
    v("verdicts", s.verdicts);
  }
};
/// An AUTH payload was made (local) or verified (RFC 7296, 2.15): the octets it covers, and which
/// part is what.
struct AuthDecided {
  IKELAB_EVENT("auth_decided");
  std::string subject;  ///< whose identity: "initiator" or "responder"
  bool local = false;
  std::string method, identity;
  bool ok = false;
  Bytes octets;                      ///< <InitiatorSignedOctets> or <ResponderSignedOctets>
  std::vector<LabelledRange> parts;  ///< "RealMessage1", "NonceRData", "MACedIDForI"
  std::string reason, rfc;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("subject", s.subject);
    v("local", s.local);
    v("method", s.method);
    v("identity", s.identity);
    v("ok", s.ok);
    v("octets", s.octets);
    v("parts", s.parts);
    v("reason", s.reason);
    v("rfc", s.rfc);
  }
};
/// One value of the key schedule (RFC 7296, 2.13, 2.14, 2.17, 2.18) with what it was made from.
struct KeyDerived {
  IKELAB_EVENT("key_derived");
  std::string name;  ///< "SKEYSEED", "SK_d", "SK_ei", "KEYMAT", "ESP encryption key, initiator to
                     ///< responder" ...
  std::string function;   ///< "prf(Ni | Nr, g^ir)", "prf+(SKEYSEED, Ni | Nr | SPIi | SPIr)[32..64]"
  std::string algorithm;  ///< "PRF_HMAC_SHA2_256"
  std::vector<NamedValue> inputs;
  Bytes output;
  std::uint64_t length = 0;  ///< of the output, also when it is not disclosed
  std::string rfc;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("name", s.name);
    v("function", s.function);
    v("algorithm", s.algorithm);
    v("inputs", s.inputs);
    v("output", s.output);
    v("length", s.length);
    v("rfc", s.rfc);
  }
};
struct SaInstalled {
  IKELAB_EVENT("sa_installed");
  std::string protocol;   ///< "IKE" or "ESP"
  std::string direction;  ///< ESP: "in", "out"; IKE: ""
  std::string spi;        ///< IKE: SPIi of 16 hex digits; ESP: 8 hex digits
  std::string peer_spi;   ///< IKE: SPIr; ESP: the SPI of the other direction
  std::string src, dst, name, encryption, integrity, prf,
      ke;                               ///< RFC names; name: the connection or child
  Bytes encryption_key, integrity_key;  ///< ESP: key | salt; IKE: SK_ei | SK_er in encryption_key
  std::vector<std::string> ts_src, ts_dst;
  std::uint64_t replay_window = 0;
  std::string reason;  ///< "new", "rekey of 1a2b3c4d"
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("protocol", s.protocol);
    v("direction", s.direction);
    v("spi", s.spi);
    v("peer_spi", s.peer_spi);
    v("src", s.src);
    v("dst", s.dst);
    v("name", s.name);
    v("encryption", s.encryption);
    v("integrity", s.integrity);
    v("prf", s.prf);
    v("ke", s.ke);
    v("encryption_key", s.encryption_key);
    v("integrity_key", s.integrity_key);
    v("ts_src", s.ts_src);
    v("ts_dst", s.ts_dst);
    v("replay_window", s.replay_window);
    v("reason", s.reason);
  }
};
struct SaRemoved {
  IKELAB_EVENT("sa_removed");
  std::string protocol, direction, spi, reason;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("protocol", s.protocol);
    v("direction", s.direction);
    v("spi", s.spi);
    v("reason", s.reason);
  }
};
/// The addresses of an SA changed while it lives: a NAT, or a peer that moved. `src`, `dst` are the
/// new ones, as SaInstalled's.
struct SaMoved {
  IKELAB_EVENT("sa_moved");
  std::string protocol, direction, spi, src, dst, reason;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("protocol", s.protocol);
    v("direction", s.direction);
    v("spi", s.spi);
    v("src", s.src);
    v("dst", s.dst);
    v("reason", s.reason);
  }
};
/// An inner address was given to the peer, got from it, or came back (RFC 7296, 2.19). `more`: what
/// else was said ("DNS 10.2.0.53, subnet 10.2.0.0/24").
struct Configured {
  IKELAB_EVENT("configured");
  std::string action;  ///< "given", "got", "released"
  std::string address, pool, peer, more;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("action", s.action);
    v("address", s.address);
    v("pool", s.pool);
    v("peer", s.peer);
    v("more", s.more);
  }
};
struct TimerFired {
  IKELAB_EVENT("timer_fired");
  std::string timer, detail;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("timer", s.timer);
    v("detail", s.detail);
  }
};

// ---- ESP ---------------------------------------------------------------------------------------

struct EspSealed {
  IKELAB_EVENT("esp_sealed");
  std::uint64_t datagram = 0;
  std::string spi;
  std::uint64_t sequence = 0, inner_size = 0, outer_size = 0;
  std::string summary;  ///< of the inner packet: "ICMP echo request 10.1.0.10 > 10.2.0.10"
  Bytes inner;          ///< record level full and secrets disclosed
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("datagram", s.datagram);
    v("spi", s.spi);
    v("sequence", s.sequence);
    v("inner_size", s.inner_size);
    v("outer_size", s.outer_size);
    v("summary", s.summary);
    v("inner", s.inner);
  }
};
struct EspOpened {
  IKELAB_EVENT("esp_opened");
  std::uint64_t datagram = 0;
  std::string spi;
  std::uint64_t sequence = 0, inner_size = 0;
  std::string summary;
  Bytes inner;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("datagram", s.datagram);
    v("spi", s.spi);
    v("sequence", s.sequence);
    v("inner_size", s.inner_size);
    v("summary", s.summary);
    v("inner", s.inner);
  }
};
struct EspRejected {
  IKELAB_EVENT("esp_rejected");
  std::uint64_t datagram = 0;
  std::string spi;
  std::uint64_t sequence = 0;
  std::string code, reason;  ///< "E-ESP-REPLAY", "E-ESP-ICV", "E-ESP-NO-SA", "E-ESP-POLICY", ...
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("datagram", s.datagram);
    v("spi", s.spi);
    v("sequence", s.sequence);
    v("code", s.code);
    v("reason", s.reason);
  }
};

// ---- people and adversaries --------------------------------------------------------------------

/// An adversary did something with a packet. `datagram` is the one it saw; `result` the one it made
/// (0 if none).
struct AttackAction {
  IKELAB_EVENT("attack_action");
  std::string action;  ///< "observe", "pass", "drop", "delay", "modify", "replay", "inject"
  std::uint64_t datagram = 0, result = 0;
  std::string note;  ///< the script's own words
  Bytes before, after;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("action", s.action);
    v("datagram", s.datagram);
    v("result", s.result);
    v("note", s.note);
    v("before", s.before);
    v("after", s.after);
  }
};
/// Something the adversary knows from now on, and how it came to know it.
struct AttackKnowledge {
  IKELAB_EVENT("attack_knowledge");
  std::string item, text, how;
  Bytes value;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("item", s.item);
    v("text", s.text);
    v("how", s.how);
    v("value", s.value);
  }
};
struct Alert {
  IKELAB_EVENT("alert");
  std::string monitor, severity, text;
  std::uint64_t datagram = 0;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("monitor", s.monitor);
    v("severity", s.severity);
    v("text", s.text);
    v("datagram", s.datagram);
  }
};
/// A number an application or the run measured, e.g. {"ping h1", "rtt", 12345678, "ns"}.
struct Metric {
  IKELAB_EVENT("metric");
  std::string subject, name, unit;
  std::int64_t value = 0;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("subject", s.subject);
    v("name", s.name);
    v("unit", s.unit);
    v("value", s.value);
  }
};
/// A chapter mark of the story or of a lab.
struct Mark {
  IKELAB_EVENT("mark");
  std::string text;
  template <class S, class V>
  static void fields(S& s, V&& v) {
    v("text", s.text);
  }
};

#undef IKELAB_EVENT

// The order of the alternatives is not part of any format: bodies are encoded by their kind.
using Body =
    std::variant<DatagramSent, DatagramReceived, DatagramDropped, PacketOnLink, NatMapping, Message,
                 Diagnostic, StateChanged, TaskStarted, TaskEnded, Negotiated, AuthDecided,
                 KeyDerived, SaInstalled, SaRemoved, SaMoved, Configured, TimerFired, EspSealed,
                 EspOpened, EspRejected, AttackAction, AttackKnowledge, Alert, Metric, Mark>;

/// Where T stands in Body, for sets and tables of kinds in memory.
template <class T, std::size_t At = 0>
constexpr std::size_t index_of() {
  if constexpr (std::is_same_v<T, std::variant_alternative_t<At, Body>>)
    return At;
  else
    return index_of<T, At + 1>();
}
inline constexpr std::size_t kind_count = std::variant_size_v<Body>;
using Kinds = std::bitset<kind_count>;
inline constexpr Kinds all_kinds{(1ULL << kind_count) - 1};
template <class... T>
constexpr Kinds kinds_of() {
  return Kinds{(0ULL | ... | (1ULL << index_of<T>()))};
}

/// One thing that happened: when (ns since the run's start), in which order, at which node, to
/// which IKE SA.
struct Event {
  Instant time;
  std::uint64_t seq = 0;  ///< strictly increasing in a run, from 1
  std::string node;       ///< node or adversary; "" for the network itself
  std::string
      sa;  ///< the IKE SA's local name on that node, e.g. "gw-a#1"; "" when it concerns none
  Body body;
};

/// What an engine hands out through poll_event(): the run's clock, order and node name are the
/// driver's to add.
struct LocalEvent {
  std::string sa;
  Body body;
};

std::string_view kind_of(const Body& body);

}  // namespace ikelab::trace
