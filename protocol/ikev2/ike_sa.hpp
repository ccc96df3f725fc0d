// One IKE SA: its state, keys, children, its exchange window, and the tasks that wait for it (RFC
// 7296, 1 and 2).
#pragma once
#include <list>
#include <map>

#include "protocol/ikev2/child_sa.hpp"
#include "protocol/ikev2/exchange_window.hpp"
#include "protocol/ikev2/extension.hpp"
#include "protocol/ikev2/protect.hpp"
#include "protocol/ikev2/services.hpp"
#include "protocol/ikev2/state.hpp"
#include "protocol/ikev2/task.hpp"
#include "protocol/keys/auth_octets.hpp"
#include "protocol/keys/ike_keys.hpp"
#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {

/// What came before IKE_AUTH, for AUTH to cover (RFC 7296, 2.15; RFC 9242, 3.3.2).
struct InitTranscript {
  Bytes real_message_1, real_message_2, ni, nr;
  keys::IntAuth int_auth;
  bool full = false;  ///< each AUTH covers both messages (IKE_SA_INIT_FULL_TRANSCRIPT_AUTH)
};

/// The responder's side of IKE_SA_INIT, until a message comes that needs its secret.
struct DueSecret {
  std::unique_ptr<crypto::KeyExchange> own;
  wire::KePayload ke_i;
};

/// `redundant`: an IKE SA that a simultaneous rekey left over waits so long for its maker to delete
/// it.
enum class Timer { dpd, rekey_ike, reauth, expire_ike, half_open, linger, retry, redundant, count };

inline constexpr Duration half_open_time =
    30s;  ///< RFC 7296, 2.4 leaves it open; longer than any gap between repetitions

class IkeSa {
 public:
  IkeSa(Services& services, const policy::ConnectionConfig& connection, bool original_initiator,
        SocketAddress local, SocketAddress peer);

  // ---- what the endpoint calls ----
  void start(Instant now, std::string child);
  /// A message for this SA, decoded. Whatever does not open, does not parse or is not due leaves a
  /// Diagnostic and changes nothing.
  void receive(Instant now, const Datagram& datagram, wire::Decoded decoded);
  void handle_timeout(Instant now);
  void enqueue(Instant now, std::unique_ptr<Task> task);
  /// Sends what waits for room in the peer's window: tasks that go on, and the next ones in the
  /// queue. Nothing while an input is being handled.
  void run_next(Instant now);
  [[nodiscard]] std::optional<Instant> next_timeout() const;
  [[nodiscard]] bool finished() const {
    return state_ == State::dead && !timers_[static_cast<std::size_t>(Timer::linger)];
  }

  // ---- what tasks read and set ----
  Services& services;
  const policy::ConnectionConfig* connection;  ///< the responder may choose again in IKE_AUTH
  const bool original_initiator;
  const std::string name;
  SocketAddress local,
      peer;  ///< where our own messages go from and to; change them with relocate()
  IkeSpi spi_i, spi_r;
  policy::Suite suite;
  keys::IkeKeys keys;
  /// As responder: g^ir and `keys` are not computed yet.
  std::optional<DueSecret> due_secret;
  InitTranscript transcript;
  Bytes cookie;                ///< to be sent back (RFC 7296, 2.6)
  Bytes puzzle_solution;       ///< beside it (RFC 8019, 7.1.2); empty: no puzzle, or not solved
  bool solved_puzzle = false;  ///< as responder: its initiator did so before this IKE SA was kept
  std::uint16_t ke_method =
      0;  ///< of IKE_SA_INIT's KE payload, once INVALID_KE_PAYLOAD asked for another
  std::vector<crypto::HashId> peer_hashes;  ///< SIGNATURE_HASH_ALGORITHMS (RFC 7427, 4)
  /// Inner addresses by RFC 7296, 2.19: those the peer gave us, and those we gave the peer.
  std::vector<IpAddress> inner_local, inner_peer;
  std::optional<policy::Flow> first_packet;  ///< that the first Child SA is wanted for
  std::string first_child;  ///< the Child SA to make in IKE_AUTH; empty: the first configured
  std::map<std::uint32_t, ChildSa> children;  ///< by inbound SPI
  std::vector<std::string> also_children;     ///< asked for while the SA was coming up
  std::string peer_identity;
  bool by_rekey = false;  ///< it succeeds another one, and nobody authenticated again
  IkeSpi replaces;  ///< by our SPI: the IKE SA that goes when this one is up (RFC 7296, 2.8.3)
  IkeSpi anew;      ///< by our SPI: the IKE SA that was begun to replace this one so
  Notes notes;      ///< what extensions remember

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] IkeSpi local_spi() const { return original_initiator ? spi_i : spi_r; }
  void set_state(Trigger event);
  void set_timer(Timer timer, std::optional<Instant> at) {
    timers_[static_cast<std::size_t>(timer)] = at;
    touch();
  }
  /// Its timers or state may have changed: the endpoint looks at it when this input is done.
  void touch() { services.touched.insert(local_spi().value); }
  void emit(trace::Body body) { services.event(name, std::move(body)); }
  void emit_keys(keys::Derivations& derivations);
  /// New keys from the next exchange on; messages up to `last` keep the present ones (RFC 9242,
  /// 3.3.1).
  void replace_keys(keys::IkeKeys fresh, MessageId last);
  /// Refuses something in words: a Diagnostic event of severity error.
  void diagnose(const Error& error, std::uint64_t datagram = 0);

  /// The IKE SA works from now on: SaInstalled, timers of rekeying and liveness.
  void become_established(Instant now, Trigger event, const std::string& reason);
  /// The end: children removed from the SAD, SaRemoved, and a while in which retransmissions are
  /// still answered.
  void die(Instant now, Trigger event, const std::string& reason);

  /// The peer has it no more: it ends at once, without a word, and with it the task under way.
  void lost(Instant now, const std::string& reason) { drop(now, reason); }

  [[nodiscard]] ChildSa* child_by_out(EspSpi spi_out);
  [[nodiscard]] ChildSa* child_by_name(const std::string& name_in);
  void set_child_state(ChildSa& child, ChildState state, const std::string& why, const char* rfc);
  void remove_child(EspSpi spi_in, const std::string& reason);
  /// Only the outgoing SA goes; the incoming one with the response to our own Delete (RFC
  /// 7296, 1.4.1).
  void half_close(ChildSa& child, const std::string& reason);
  /// Our own messages go between these addresses from now on; Child SAs are not touched.
  void relocate(const SocketAddress& local_in, const SocketAddress& peer_in,
                const std::string& reason);
  /// Sends on `child` from now on, if that had to wait.
  void release_outbound(ChildSa& child);
  [[nodiscard]] EspSpi new_esp_spi();
  /// So many requests of the peer may be under way (RFC 7296, 2.3).
  void accept_requests(std::size_t window) { window_.set_size(window); }
  /// ... and so many of ours.
  void permit_requests(std::size_t window) { window_.permit(window); }
  /// The tasks that have begun, the oldest first; more than one only in a larger window.
  [[nodiscard]] std::vector<Task*> under_way() const;
  /// The oldest of them that is a T, or nullptr.
  template <class T>
  [[nodiscard]] T* under_way_as() const {
    for (const Running& running : running_)
      if (auto* task = dynamic_cast<T*>(running.task.get())) return task;
    return nullptr;
  }
  [[nodiscard]] bool has_queued(std::string_view task_name) const;
  /// This SA lost against another one made at the same time; the peer deletes it (RFC 7296, 2.8.2).
  void become_redundant(Instant now);
  /// Everything that lives under this SA goes on under `heir` (RFC 7296, 2.8: it inherits the Child
  /// SAs).
  void hand_over_to(IkeSa& heir, Instant now);

 private:
  /// A task that has begun: its request is outstanding, or waits for room in the window.
  struct Running {
    std::unique_ptr<Task> task;
    std::optional<MessageId> id;          ///< of the outstanding request
    std::vector<wire::Payload> payloads;  ///< of the last one sent: a repeat's summary
  };
  /// How a message crosses the network.
  struct Way {
    bool sent;
    SocketAddress src, dst;
  };
  std::optional<Inbound> open(Instant now, const Datagram& datagram, wire::Decoded decoded);
  /// The decrypted content becomes payloads; nothing, if it is against the grammar. `part`: the
  /// fragment that made it complete.
  std::optional<Inbound> understand(Inbound in, const Way& way, const wire::Message& message,
                                    wire::PayloadType first_inner, const wire::SkfPayload* part);
  /// Computes the keys that are due yet, if this message may be what they are for; says why not.
  bool make_due_keys(Instant now, const wire::Header& header, std::uint64_t datagram);
  /// Whether a fragment is to be opened; says why not.
  bool expects(const wire::Header& header, const wire::SkfPayload& part, std::uint64_t datagram);
  /// A fragment that opened, its content in `in.plain`.
  std::optional<Inbound> take_fragment(Inbound in, const Way& way, const wire::Message& message,
                                       const wire::SkfPayload& part);
  /// Whether the peer may begin this exchange now; says why not.
  bool may_begin(wire::ExchangeType exchange, std::uint64_t datagram);
  void tell_installed(const std::string& reason);
  void refuse(const Inbound& in, const std::vector<wire::Diagnostic>& diagnostics);
  void handle_request(const Inbound& in);
  void handle_response(Inbound& in);
  void repeat_answer(const Inbound& in);
  void report_ahead(const Inbound& in);
  /// The peer does what nobody may: the SA ends at once, without a word.
  void drop(Instant now, const std::string& reason);
  void send_what_may_go(Instant now);
  /// False: the task failed before anything was sent, and is gone.
  bool send_request(Instant now, Running& running);
  void finish_task(Instant now, const Task& task, Outcome outcome);
  /// The IKE SA is dead: what is under way has failed.
  void end_tasks(Instant now);
  [[nodiscard]] bool may_begin_beside(const Task& task) const;
  /// Message IDs end: makes way for a rekey, or for the DELETE that the last one is kept for.
  void watch_ids();
  void answer(const Inbound& in, std::vector<wire::Payload> payloads);
  void transmit(const Way& way, const std::vector<Bytes>& datagrams, const wire::Header& header,
                const std::vector<wire::Payload>& payloads, unsigned attempt);
  void emit_message(const Way& way, const wire::Header& header, std::uint64_t datagram,
                    ByteView octets, const std::vector<wire::Payload>& outside,
                    const std::vector<wire::Payload>& payloads, ByteView plain, unsigned attempt,
                    const wire::SkfPayload* part = nullptr);
  [[nodiscard]] wire::Header header_of(wire::ExchangeType exchange, bool response,
                                       MessageId id) const;
  /// The datagrams of a message: one, unless it is fragmented.
  Result<std::vector<Bytes>> build(const wire::Header& header,
                                   const std::vector<wire::Payload>& payloads);
  Result<std::vector<Bytes>> build_fragments(const wire::Header& header,
                                             const std::vector<wire::Payload>& outside,
                                             const wire::EncodedChain& content, std::size_t chunk);
  [[nodiscard]] Bytes next_iv();
  [[nodiscard]] DirectionKeys keys_of(bool of_initiator, const wire::Header& header) const;
  void repeat_request(Instant now, MessageId id);
  bool probe_path(Instant now, const Running& running);
  void check_children(Instant now);

  State state_ = State::none;
  ExchangeWindow window_;
  std::list<std::unique_ptr<Task>> queue_;
  bool sending_ = false;                ///< in run_next(): what is enqueued meanwhile waits there
  std::list<Running> running_;          ///< the oldest first
  bool ids_end_ = false;                ///< and a rekey was asked for because of that
  std::optional<Instant> last_report_;  ///< of an INVALID_MESSAGE_ID
  std::array<std::optional<Instant>, static_cast<std::size_t>(Timer::count)> timers_{};
  std::uint64_t iv_counter_ = 0;
  struct Retired {
    keys::IkeKeys keys;
    MessageId last;
  };
  std::optional<Retired> retired_;  ///< by replace_keys(), for repetitions
};

}  // namespace ikelab::ikev2
