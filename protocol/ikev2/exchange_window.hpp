// Message ids, retransmission and the response cache of one IKE SA (RFC 7296, 2.1 to 2.3). We have
// as many requests under way as the peer said in SET_WINDOW_SIZE, and the peer as many as we did.
//
// Invariant: a request is sent with an id once; only its octets are ever repeated. A request
// received again gets the cached octets.
#pragma once
#include <map>
#include <optional>

#include "protocol/base/bytes.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/time.hpp"
#include "protocol/policy/connection.hpp"
#include "protocol/wire/message.hpp"

namespace ikelab::ikev2 {

/// How long a request is repeated before the peer is given up.
Duration patience(const policy::RetransmitPolicy& policy);

class ExchangeWindow {
 public:
  /// The last Message ID that we use is `last_id`.
  explicit ExchangeWindow(const policy::RetransmitPolicy& policy,
                          std::uint32_t last_id = 0xffff'ffff)
      : policy_(policy), last_id_(last_id) {}

  // ---- our requests ----
  [[nodiscard]] bool busy() const { return !outstanding_.empty(); }
  /// Whether one more request may be sent: the peer's window has room, and there is an id for it.
  [[nodiscard]] bool may_send() const;
  /// The peer lets us have so many under way: at least 1, at most bounds::exchange_window.
  void permit(std::size_t requests);
  [[nodiscard]] MessageId next_request_id() const {
    return {static_cast<std::uint32_t>(next_request_)};
  }
  /// Requests that can still be made under this IKE SA (RFC 7296, 2.2).
  [[nodiscard]] std::uint64_t ids_left() const {
    return last_id_ + std::uint64_t{1} - next_request_;
  }
  /// The request is on its way, with the id that was due; its datagrams (more than one: fragments)
  /// are kept for repetition.
  void request_sent(Instant now, std::vector<Bytes> datagrams);
  /// True once: for the response to an outstanding request. Ends its retransmission.
  [[nodiscard]] bool accept_response(MessageId id);
  /// IKE_SA_INIT is sent again with other contents under the same id (COOKIE, INVALID_KE_PAYLOAD).
  void reuse_last_id() { --next_request_; }
  /// The SA dies: nothing is repeated any more.
  void forget_requests() { outstanding_.clear(); }
  [[nodiscard]] std::optional<Instant> retransmit_at() const;
  /// The oldest outstanding request whose time to be repeated has come.
  [[nodiscard]] std::optional<MessageId> overdue(Instant now) const;
  /// How often an outstanding request was repeated.
  [[nodiscard]] unsigned attempt(MessageId id) const { return outstanding_.at(id.value).repeated; }
  /// ... since it was last cut.
  [[nodiscard]] unsigned attempt_of_cut(MessageId id) const {
    return outstanding_.at(id.value).attempt;
  }
  /// The datagrams to repeat, or nullopt when the peer is to be given up.
  [[nodiscard]] std::optional<std::vector<Bytes>> repeat(Instant now, MessageId id);
  /// An outstanding request goes on in other fragments, and the wait for it begins anew (RFC
  /// 7383, 2.5.2).
  void recut_request(Instant now, MessageId id, std::vector<Bytes> datagrams);
  [[nodiscard]] bool awaits(MessageId id) const { return outstanding_.contains(id.value); }

  // ---- the peer's requests ----
  enum class Incoming { fresh, repeated, outside };
  /// Repeated only when it is the same to the octet (RFC 7296, 2.1).
  [[nodiscard]] Incoming classify(MessageId id, ByteView request) const;
  /// By the id alone: for fragments, whose octets may change with each cut (RFC 7383, 2.6.1).
  [[nodiscard]] Incoming classify(MessageId id) const;
  /// A request with this id may come when others before it were answered.
  [[nodiscard]] bool is_ahead(MessageId id) const {
    return id.value >= next_expected_ && id.value - next_expected_ >= size_;
  }
  /// Requests that the peer may have under way from now on, at most bounds::exchange_window.
  void set_size(std::size_t size);
  /// An answer of ours, for as long as its request may be repeated.
  struct Answer {
    Bytes request;
    std::vector<Bytes> datagrams;
    std::vector<wire::Payload> payloads;  ///< for the trace
    unsigned repetitions = 0;
  };
  void response_sent(MessageId id, Answer answer);
  /// Of a request that is `repeated`.
  [[nodiscard]] Answer& answer(MessageId id) { return answers_.at(id.value); }

 private:
  struct Outstanding {
    std::vector<Bytes> datagrams;
    unsigned attempt = 0;  ///< since it was last cut
    Instant next;
    unsigned repeated = 0;
  };
  policy::RetransmitPolicy policy_;
  std::uint32_t last_id_;
  std::uint64_t next_request_ = 0, next_expected_ = 0;  ///< beyond 32 bits: there is no such id
  std::size_t permitted_ = 1;
  std::map<std::uint32_t, Outstanding> outstanding_;  ///< at most permitted_ of them
  std::size_t size_ = 1;
  std::map<std::uint32_t, Answer> answers_;  ///< at most size_ of them
};

}  // namespace ikelab::ikev2
