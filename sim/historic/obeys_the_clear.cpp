// Messages in the clear that are obeyed. Early implementations took an unprotected Delete, or an
// error notification, for the peer's word (RFC 7296, 2.4 and 2.21.4 say why it is not): whoever
// could send a datagram could end a tunnel.
#include "protocol/wire/decode.hpp"
#include "sim/historic/historic.hpp"

namespace ikelab::historic {
namespace {

class Obedient : public Front {
 public:
  Handed take(Instant, const ikev2::Datagram& datagram) override {
    Handed handed{{datagram}, {}, {}};
    const wire::Decoded decoded = wire::decode(datagram.payload);
    if (!decoded.ok() || decoded.message.header.exchange != wire::ExchangeType::informational)
      return handed;
    for (const wire::Payload& payload : decoded.message.payloads) {
      const auto* notify = std::get_if<wire::NotifyPayload>(&payload.body);
      const bool fatal =
          notify != nullptr && (notify->type == wire::NotifyType::authentication_failed ||
                                notify->type == wire::NotifyType::invalid_ike_spi);
      if (!fatal && !std::holds_alternative<wire::DeletePayload>(payload.body)) continue;
      return {{}, {ikev2::DeleteIke{}}, "an unprotected message is obeyed: the IKE SA is deleted"};
    }
    return handed;
  }
};

}  // namespace

const Bug obeys_the_clear = {
    "obeys-the-clear",
    "early implementations of IKE",
    "A Delete payload, or an error notification, that came in the clear ended the IKE SA that it "
    "named: a forged datagram was enough.",
    "what is not under the IKE SA's keys is looked at, and not acted upon",
    nullptr,
    []() -> std::unique_ptr<Front> { return std::make_unique<Obedient>(); },
    nullptr};

}  // namespace ikelab::historic
