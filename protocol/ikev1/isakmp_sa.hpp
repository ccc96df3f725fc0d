// One ISAKMP SA, from its first message to its end: phase 1 as a row of steps (phase1.cpp), a user
// where one is due (transaction.cpp), and what runs under its protection: quick modes,
// informational exchanges (RFC 2408, 4; RFC 2409, 5).
//
// Invariant: nothing that is not authenticated changes it, except that a first message begins one.
#pragma once
#include <map>

#include "protocol/ikev1/services.hpp"
#include "protocol/keys/ikev1_keys.hpp"
#include "protocol/wire/decode.hpp"
#include "protocol/wire/ikev1_iana.hpp"

namespace ikelab::ikev1 {

using Payloads = std::vector<wire::Payload>;

/// admitting: phase 1 is over, and a user has to be named (XAuth).
enum class State { offering, keying, authenticating, admitting, established, dead };
std::string_view to_string(State state);

/// The dance of one Message ID: what was last heard and last said, so that a repetition is answered
/// by a repetition (RFC 2408, 5.1).
struct Exchange {
  wire::ExchangeType type{};
  MessageId id;
  bool initiator = false;  ///< we began it
  unsigned messages = 0;   ///< sent and received so far
  Bytes iv;
  Bytes last_in, last_out;
  wire::Header last_header;
  Payloads last_payloads;
  Bytes last_plain;
  unsigned attempt = 0, again = 0;
  std::optional<Instant> resend_at;
  Instant begun;
};

/// A message that was opened: where its payloads stand in `octets`.
struct Inbound {
  Instant now;
  wire::Header header;
  std::uint64_t datagram = 0;
  SocketAddress src, dst;
  Bytes octets;  ///< the datagram, or what decryption gave
  Payloads payloads;
  [[nodiscard]] ByteView body_of(const wire::Payload& payload) const {
    return ByteView(octets).subspan(payload.begin + 4, payload.end - payload.begin - 4);
  }
};

/// The first payload of a type, or nullptr.
const wire::Payload* find(const Payloads& payloads, wire::PayloadType type, unsigned nth = 0);
/// Its octets, of KE, HASH, SIG, NONCE, VID, NAT-D.
const Bytes* data_of(const Payloads& payloads, wire::PayloadType type);
wire::Payload data_payload(wire::PayloadType type, Bytes data);

struct ChildSa {
  const policy::ChildConfig* config = nullptr;
  EspSpi spi_in, spi_out;
  wire::TrafficSelector local_ts, remote_ts;
  std::optional<Instant> rekey_at;
  std::string reason;
};

/// A quick mode on its way.
struct Quick {
  Exchange exchange;
  const policy::ChildConfig* child = nullptr;
  std::string replaces;  ///< "rekey of 1a2b3c4d", or "new"
  std::optional<EspSpi> old_in;
  Bytes ni_b, nr_b, g_xi, g_xr;
  std::unique_ptr<crypto::KeyExchange> ke;
  std::optional<Secret> g_xy;
  EspSpi spi_in, spi_out;
  policy::Suite suite;
  wire::v1::SaPayload offered;
  wire::TrafficSelector local_ts, remote_ts;
  bool transport = false;
};

class IsakmpSa {
 public:
  IsakmpSa(Services& services_in, const policy::ConnectionConfig& connection_in, bool initiator_in,
           SocketAddress local_in, SocketAddress peer_in);

  void start(Instant now, const std::string& child);
  void receive(Instant now, const Datagram& datagram, const wire::Decoded& decoded);
  void handle_timeout(Instant now);
  [[nodiscard]] std::optional<Instant> next_timeout() const;

  // ---- what runs under its protection
  void begin_quick(Instant now, const policy::ChildConfig& child, const ChildSa* old);
  void delete_child(Instant now, EspSpi spi_in, const std::string& reason);
  void delete_self(Instant now, const std::string& reason);
  void check_liveness(Instant now);

  /// A notification under HASH(1) (RFC 2409, 5.7).
  void notify(Instant now, std::uint16_t type, Bytes spi, Bytes data);
  /// Children live on under `other` (RFC 2408 knows no rekeying of an ISAKMP SA: a new one comes).
  void hand_children_to(IsakmpSa& other);

  // ---- for the steps of phase 1
  void emit(trace::Body body) { services.event(name, std::move(body)); }
  void emit_keys(keys::Derivations& derivations);
  void become(State to, const char* event, const char* rfc);
  void die(Instant now, const std::string& reason);
  [[nodiscard]] ChildSa* child_by_name(const std::string& child);
  /// There are keys, and phase 1 has proven whose.
  [[nodiscard]] bool proven() const {
    return state == State::admitting || state == State::established;
  }
  [[nodiscard]] bool asks_for_user() const;  ///< XAuth: the peer must name one
  [[nodiscard]] bool names_user() const;     ///< XAuth: we must
  [[nodiscard]] IkeSpi own_cookie() const { return initiator ? cky_i : cky_r; }
  [[nodiscard]] bool aggressive() const {
    return phase1.type == wire::ExchangeType::aggressive_mode;
  }

  Services& services;
  const policy::ConnectionConfig* connection;
  std::string name;
  bool initiator;
  SocketAddress local, peer;
  IkeSpi cky_i, cky_r;
  State state = State::offering;
  Exchange phase1;
  policy::Suite suite;
  std::uint16_t method = 0;
  wire::v1::SaPayload offered;  ///< ours, as initiator
  Bytes sai_b, idii_b, idir_b, ni_b, nr_b, g_xi, g_xr;
  std::unique_ptr<crypto::KeyExchange> ke;
  Secret g_xy;
  keys::v1::Skeyids keys;
  Secret cipher_key;
  Bytes last_block;  ///< of phase 1: where phase 2's IVs come from
  std::string peer_identity;
  bool peer_has_dpd = false, peer_has_nat_t = false, nat_here = false, nat_there = false;
  std::vector<std::string> wanted;            ///< children to ask for when it is established
  std::map<std::uint32_t, ChildSa> children;  ///< by our inbound SPI
  IkeSpi replaces;                            ///< our cookie of the SA this one takes over from
  std::optional<Instant> rekey_at;
  std::vector<IpAddress> inner_local, inner_peer;  ///< of mode config

 private:
  /// Sends `payloads` as the exchange's next message; `waits`: an answer is expected.
  Result<void> send(Instant now, Exchange& exchange, const Payloads& payloads, bool encrypt,
                    bool waits);
  void resend(Exchange& exchange);
  std::optional<Inbound> open(Instant now, Exchange& exchange, const Datagram& datagram,
                              const wire::Decoded& decoded);
  void emit_message(const Exchange& exchange, bool sent, const wire::Header& header,
                    std::uint64_t datagram, ByteView octets, const Payloads& payloads,
                    ByteView plain, const SocketAddress& src, const SocketAddress& dst,
                    bool by_us) const;
  wire::Header header_of(const Exchange& exchange, bool encrypt) const;
  void arm(Instant now, Exchange& exchange, bool waits);
  Result<Bytes> fresh_iv(MessageId id) const;

  // phase 1
  void take_phase1(Instant now, const Datagram& datagram, const wire::Decoded& decoded);
  void next_of_phase1(Instant now);
  void end_phase1(Instant now);
  void establish(Instant now, const char* why);
  void begin_wanted(Instant now);
  void refuse(const Inbound& in, const Error& error);

  // phase 2
  void take_quick(Instant now, const Datagram& datagram, const wire::Decoded& decoded);
  void take_informational(Instant now, const Datagram& datagram, const wire::Decoded& decoded);
  void inform(Instant now, const wire::PayloadBody& body);
  void take_transaction(Instant now, const Datagram& datagram, const wire::Decoded& decoded);
  void ask_attributes(Instant now, wire::v1::AttributePayload body);
  Result<void> say_attributes(Instant now, Exchange& exchange, wire::v1::AttributePayload body,
                              bool waits);
  void answer_transaction(Instant now, Exchange& exchange, const wire::v1::AttributePayload& asked);
  void hear_answer(Instant now, const wire::v1::AttributePayload& answer);
  void begin_admission(Instant now);
  void name_user(const wire::v1::AttributePayload& asked, wire::v1::AttributePayload& answer);
  bool ask_address(Instant now);  ///< false: none is wanted
  void give_address(const wire::v1::AttributePayload& asked, wire::v1::AttributePayload& answer);
  void take_address(Instant now, const wire::v1::AttributePayload& answer);
  void release_addresses();
  /// What a child's `local_ts` or `remote_ts` are here, with `dynamic` filled in.
  [[nodiscard]] std::vector<wire::TrafficSelector> selectors(const policy::ChildConfig& child,
                                                             bool local_side) const;
  Result<void> offer_quick(Instant now, Quick& quick);
  Result<void> answer_quick(Quick& quick, const Inbound& in);
  Result<void> accept_quick(Quick& quick, const Inbound& in);
  Result<void> derive_quick(Quick& quick, ByteView theirs);
  Result<void> install_quick(Instant now, Quick& quick, bool inbound, bool outbound);
  void finish_quick(Instant now, Quick& quick);
  void quick_failed(Instant now, Quick& quick, const std::string& why);

  std::map<std::uint32_t, Quick> quick_;
  std::map<std::uint32_t, Exchange> transactions_;
  bool admitted_ = false;                          ///< XAuth: the user we asked for is known
  std::map<std::uint32_t, Bytes> finished_quick_;  ///< last message each, for repetitions
  std::optional<Instant> give_up_at_, dpd_at_;
  std::uint32_t dpd_sequence_ = 0;
  unsigned dpd_unanswered_ = 0;
};

/// Phase 1's IV and keys, once both public values and nonces are there (RFC 2409, 5 and appendix
/// B).
Result<void> make_phase1_keys(IsakmpSa& sa);
/// Our HASH or SIG with the certificates that go with it.
Result<Payloads> make_proof(IsakmpSa& sa);
/// The peer's HASH or SIG.
Result<void> check_proof(IsakmpSa& sa, const Inbound& in);
/// HASH(1) = prf(SKEYID_a, M-ID | what follows it): of notifications, deletions, transactions.
Result<Bytes> hash_of_message(const IsakmpSa& sa, MessageId id, ByteView rest);
/// Whether the first payload is that hash, of all the others.
bool vouched_for(const IsakmpSa& sa, const Inbound& in);
/// Who we say we are.
wire::v1::IdPayload own_id(const IsakmpSa& sa);
/// KE, ID and Nonce with RSA encryption (RFC 2409, 5.2), and the peer's.
Result<Payloads> hidden_key_exchange(IsakmpSa& sa);
Result<void> take_hidden_key_exchange(IsakmpSa& sa, const Inbound& in);
/// NAT-D payloads, and what the peer's say (RFC 3947, 3.2 and 4).
Payloads nat_detection(IsakmpSa& sa);
void read_nat_detection(IsakmpSa& sa, const Inbound& in);
/// The outer ports of ESP packets that we send; nothing: they go as IP protocol 50.
std::optional<esp::UdpPorts> udp_ports(const IsakmpSa& sa);

}  // namespace ikelab::ikev1
