// What every task uses: notifications, SPIs as octets, the words of outcomes.
#include "protocol/ikev2/extension.hpp"
#include "protocol/ikev2/task.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {

std::string_view to_string(Outcome outcome) {
  constexpr std::string_view words[] = {"done", "more", "retry", "failed"};
  return words[static_cast<std::size_t>(outcome)];
}

wire::Payload notify(wire::NotifyType type, Bytes data, wire::ProtocolId protocol, Bytes spi) {
  return wire::make_payload(wire::NotifyPayload{protocol, std::move(spi), type, std::move(data)});
}

const wire::NotifyPayload* find_notify(const std::vector<wire::Payload>& payloads,
                                       wire::NotifyType type) {
  for (const wire::Payload& payload : payloads)
    if (const auto* body = std::get_if<wire::NotifyPayload>(&payload.body);
        body != nullptr && body->type == type)
      return body;
  return nullptr;
}

const wire::NotifyPayload* find_error(const std::vector<wire::Payload>& payloads) {
  for (const wire::Payload& payload : payloads)
    if (const auto* body = std::get_if<wire::NotifyPayload>(&payload.body);
        body != nullptr && wire::is_error(body->type))
      return body;
  return nullptr;
}

bool is_childless(const IkeSa& sa) {
  for (const Extension& extension : extensions())
    if (extension.childless != nullptr && extension.childless(sa)) return true;
  return false;
}

std::vector<wire::Payload> outside_of_extensions(IkeSa& sa, const wire::Header& header) {
  std::vector<wire::Payload> out;
  for (const Extension& extension : extensions())
    if (extension.outside != nullptr)
      for (wire::Payload& payload : extension.outside(sa, header))
        out.push_back(std::move(payload));
  return out;
}

Result<const Inbound*> judged_by_extensions(IkeSa& sa, const Inbound& in,
                                            std::optional<Inbound>& instead) {
  if (wire::first<wire::AuthPayload>(in.payloads) == nullptr) return &in;
  for (const Extension& extension : extensions()) {
    if (extension.judges == nullptr) continue;
    IKELAB_TRY(auto other, extension.judges(sa, instead ? *instead : in));
    if (!other) continue;
    if (!instead) instead = in;
    instead->payloads = std::move(*other);
  }
  return instead ? &*instead : &in;
}

Bytes octets_of(EspSpi spi) {
  return to_bytes(big_endian<4>(spi.value));
}

}  // namespace ikelab::ikev2
