// A task is one concern of an IKE SA, in both roles of its exchange. Tasks build and process
// messages; the SA and its window own ids, retransmission and protection. A new exchange is a new
// file in tasks/ and a row in registry.cpp.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/time.hpp"
#include "protocol/policy/traffic_selector.hpp"
#include "protocol/wire/message.hpp"

namespace ikelab::ikev2 {

class IkeSa;
class Task;

/// A message that was received, decoded, and opened if it was encrypted.
struct Inbound {
  Instant now;
  wire::Header header;
  ByteView octets;                      ///< the whole message, as it was on the wire
  std::vector<wire::Payload> payloads;  ///< the decrypted ones, or those of IKE_SA_INIT
  std::vector<wire::Payload> outside;   ///< of an encrypted message: those in the clear
  Bytes plain;                          ///< what `payloads` was decoded from, when it was encrypted
  std::uint64_t datagram = 0;
  SocketAddress src, dst;       ///< as they stood in the datagram: a NAT may have changed them
  bool from_fragments = false;  ///< then `octets` are those of the last fragment that came
  wire::PayloadType first_inner = wire::PayloadType::none;  ///< the Encrypted payload's header says
  std::uint8_t sealed_reserved = 0;  ///< its critical bit and RESERVED; of fragment 1
  const Task* answers = nullptr;     ///< of a response: the task whose request it answers
};

enum class Outcome {
  done,
  more,
  retry,
  failed
};  ///< more: the task goes on with another exchange; retry: the same request, built anew (COOKIE,
    ///< INVALID_KE_PAYLOAD)
std::string_view to_string(Outcome outcome);

/// What no other task of ours may touch while one is under way, where the peer's window lets
/// several be (RFC 7296, 2.3).
struct Scope {
  bool ike_sa = true;  ///< everything: the task is alone
  EspSpi child = {};   ///< one Child SA, by its inbound SPI; 0: none
  [[nodiscard]] bool clashes(const Scope& other) const {
    return ike_sa || other.ike_sa || (child.value != 0 && child == other.child);
  }
};

/// An exchange that we began.
class Task {
 public:
  virtual ~Task() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual wire::ExchangeType exchange() const = 0;
  [[nodiscard]] virtual Scope scope() const { return {}; }
  /// The request's payloads. An error ends the task as failed before anything is sent.
  virtual Result<std::vector<wire::Payload>> request(IkeSa& sa, Instant now) = 0;
  virtual Outcome response(IkeSa& sa, const Inbound& in) = 0;
  /// The IKE SA comes to its end before the response came.
  virtual void abandoned(IkeSa&, Instant) {}
  /// In words, for the trace: why it failed, or what it made.
  std::string detail;
  Instant started;
};

/// An exchange that the peer began. `matches` decides among the rows of one exchange type, in
/// order.
struct ResponderRow {
  std::string_view name;
  wire::ExchangeType exchange;
  bool (*matches)(const Inbound& in);
  /// The response's payloads, and in `detail` in words what happened. `failed` marks the task's
  /// outcome in the trace.
  std::vector<wire::Payload> (*respond)(IkeSa& sa, const Inbound& in, std::string& detail,
                                        bool& failed);
};
std::span<const ResponderRow> responders();

// ---- the initiators' side, by concern ----
std::unique_ptr<Task> make_ike_init();
std::unique_ptr<Task> make_ike_auth();
/// Additional Key Exchange `n` of a new IKE SA, from 0 (RFC 9370, 2.2.2).
std::unique_ptr<Task> make_additional_ke(std::size_t n);
/// `packet` waits for it (RFC 7296, 2.9).
std::unique_ptr<Task> make_child_create(std::string child, std::optional<policy::Flow> packet = {});
std::unique_ptr<Task> make_child_rekey(EspSpi spi_in);
std::unique_ptr<Task> make_ike_rekey();
std::unique_ptr<Task> make_child_delete(EspSpi spi_in);
/// Deletes a Child SA that the peer made and we refused: we never had it (RFC 7296, 2.21.3).
std::unique_ptr<Task> make_child_refusal(EspSpi spi_in);
std::unique_ptr<Task> make_ike_delete();
std::unique_ptr<Task> make_liveness();
/// The peer sent a request with an id beyond the window (RFC 7296, 2.3).
std::unique_ptr<Task> make_invalid_message_id(MessageId id);
/// An INFORMATIONAL exchange that tells the peer of an ESP packet which no SA takes: INVALID_SPI or
/// INVALID_SELECTORS (RFC 7296, 3.10.1).
std::unique_ptr<Task> make_esp_notice(wire::Payload notification);
/// Tells the peer that we do not believe it, after IKE_AUTH failed on our side (RFC 7296, 2.21.2).
std::unique_ptr<Task> make_auth_failed_notice();

// ---- small helpers that every task uses ----
wire::Payload notify(wire::NotifyType type, Bytes data = {},
                     wire::ProtocolId protocol = wire::ProtocolId::none, Bytes spi = {});
const wire::NotifyPayload* find_notify(const std::vector<wire::Payload>& payloads,
                                       wire::NotifyType type);
/// The first error notification, or nullptr.
const wire::NotifyPayload* find_error(const std::vector<wire::Payload>& payloads);
Bytes octets_of(EspSpi spi);
inline std::array<std::uint8_t, 8> octets_of(IkeSpi spi) {
  return big_endian<8>(spi.value);
}
/// A list of payloads; they are moved into it.
template <class... P>
std::vector<wire::Payload> list(P&&... payloads) {
  std::vector<wire::Payload> out;
  out.reserve(sizeof...(payloads));
  (out.push_back(std::forward<P>(payloads)), ...);
  return out;
}

}  // namespace ikelab::ikev2
