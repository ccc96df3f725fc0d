// INVALID_IKE_SPI for everybody. A message for an IKE SA that a node does not have may be answered,
// in the clear (RFC 7296, 2.21.4). Who answers each one tells a stranger that it is there, which
// SPIs it has not - and so, by its silence, which it has.
#include <set>

#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "sim/historic/historic.hpp"

namespace ikelab::historic {
namespace {

class Talkative : public Front {
 public:
  Handed take(Instant, const ikev2::Datagram& datagram) override {
    Handed handed{{datagram}, {}, {}};
    const wire::Decoded decoded = wire::decode(datagram.payload);
    const wire::Header& header = decoded.message.header;
    if (!decoded.ok() || header.major != 2) return handed;
    if (header.exchange == wire::ExchangeType::ike_sa_init) return handed;
    // An IKE_AUTH or a rekey that came by makes an SPI known.
    if (header.exchange != wire::ExchangeType::informational) known_.insert(header.spi_r.value);
    if (known_.contains(header.spi_r.value) || known_.contains(header.spi_i.value)) return handed;
    if (header.response) return handed;
    wire::Header answer = header;
    answer.response = true;
    answer.initiator = !header.initiator;
    wire::NotifyPayload notify;
    notify.type = wire::NotifyType::invalid_ike_spi;
    ikev2::Datagram out;
    out.src = datagram.dst;
    out.dst = datagram.src;
    out.payload = wire::encode({answer, {wire::make_payload(std::move(notify))}});
    handed.answers.push_back(std::move(out));
    handed.diagnosis = "a message for an IKE SA that is not there is answered: INVALID_IKE_SPI";
    return handed;
  }

 private:
  std::set<std::uint64_t> known_;
};

}  // namespace

const Bug answers_any_spi = {
    "answers-any-spi",
    "early implementations of IKE",
    "Every message for an IKE SA that did not exist was answered with INVALID_IKE_SPI: a stranger "
    "learnt that an endpoint is there, and which guesses were right by the silence.",
    "what belongs to no IKE SA gets no answer",
    nullptr,
    []() -> std::unique_ptr<Front> { return std::make_unique<Talkative>(); },
    nullptr};

}  // namespace ikelab::historic
