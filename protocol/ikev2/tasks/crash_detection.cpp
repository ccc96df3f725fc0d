// Quick crash detection (RFC 6290): a peer that lost its SAs can prove that it did, at once,
// instead of staying silent until liveness checks give up.
//
//   in IKE_AUTH, and after a rekey: N(QUICK_CRASH_DETECTION) with
//     TOKEN_SECRET_DATA = HASH(QCD_SECRET | SPI-I | SPI-R)
//   after the crash:
//   HDR(A,B), SK {...}  -->   <--  HDR(A,B), N(INVALID_IKE_SPI), N(QUICK_CRASH_DETECTION)
//
// Only who made the token, and kept its secret through the crash, can show it: INVALID_IKE_SPI
// alone is believed from nobody.
#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev2/ike_sa.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::ExchangeType;
using wire::NotifyType;

/// Of an IKE SA: what its peer will show when it has lost it.
struct CrashToken {
  Bytes token;
};

bool is_on(const IkeSa& sa) {
  return sa.connection->quick_crash_detection;
}

/// Nothing when the node keeps no secret.
Bytes token_of(Services& services, IkeSpi spi_i, IkeSpi spi_r) {
  const Bytes& secret = services.config.lasting_secret;
  if (secret.empty()) return {};
  const auto i = octets_of(spi_i), r = octets_of(spi_r);
  auto token = services.provider.hash(crypto::HashId::sha2_256, concat({secret, i, r}));
  return token ? std::move(*token) : Bytes{};
}

std::vector<wire::Payload> own_token(IkeSa& sa) {
  Bytes token = token_of(sa.services, sa.spi_i, sa.spi_r);
  if (token.empty()) return {};
  return {notify(NotifyType::quick_crash_detection, std::move(token), wire::ProtocolId::ike)};
}

/// After a rekey that we began, the new IKE SA tells its token itself (RFC 6290, 4.3).
class TellToken : public Task {
 public:
  [[nodiscard]] std::string_view name() const override { return "crash_token"; }
  [[nodiscard]] ExchangeType exchange() const override { return ExchangeType::informational; }
  Result<std::vector<wire::Payload>> request(IkeSa& sa, Instant) override { return own_token(sa); }
  Outcome response(IkeSa&, const Inbound&) override { return Outcome::done; }
};

void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  const bool proves = wire::first<wire::IdPayload>(payloads) != nullptr ||
                      wire::first<wire::AuthPayload>(payloads) != nullptr;
  if (!is_on(sa) || out.exchange != ExchangeType::ike_auth || !proves) return;
  for (wire::Payload& payload : own_token(sa)) payloads.push_back(std::move(payload));
}

//= rfc6290#4.4 "A token taker MUST accept such gratuitous QCD_TOKEN notifications as long as they
//= are carried in protected exchanges."
void read(IkeSa& sa, const Inbound& in) {
  const auto* told = find_notify(in.payloads, NotifyType::quick_crash_detection);
  if (!is_on(sa) || told == nullptr || in.header.exchange == ExchangeType::ike_sa_init) return;
  if (told->data.size() < bounds::token_octets_min || told->data.size() > bounds::token_octets_max)
    return sa.diagnose(
        Error{"E-IKE-091", "a crash token of an impossible length"}.see("RFC 6290, 5"),
        in.datagram);
  sa.notes.of<CrashToken>().token = told->data;
}

void established(IkeSa& sa, Instant now) {
  if (is_on(sa) && sa.by_rekey && !sa.services.config.lasting_secret.empty())
    sa.enqueue(now, std::make_unique<TellToken>());
}

/// A message of SAs that are not here.
//= rfc6290#4.5 "the IKE SPI and message ID fields in the packet headers are taken from the protected
//= IKE request."
std::vector<wire::Payload> stranger(Services& services, const wire::Header& header) {
  const auto& all = services.config.connections;
  const bool on =
      std::any_of(all.begin(), all.end(), [](const auto& c) { return c.quick_crash_detection; });
  Bytes token = on ? token_of(services, header.spi_i, header.spi_r) : Bytes{};
  if (token.empty()) return {};
  return {notify(NotifyType::invalid_ike_spi),
          notify(NotifyType::quick_crash_detection, std::move(token), wire::ProtocolId::ike)};
}

//= rfc6290#4.5 "If the QCD_TOKEN verifies OK, the receiver MUST silently discard the IKE SA and all
//= associated child SAs."
//= rfc6290#4.5 "the token taker MUST support at least four QCD_TOKEN notifications in a single
//= packet."
bool unprotected(IkeSa& sa, const Inbound& in) {
  const auto* kept = sa.notes.find<CrashToken>();
  if (!is_on(sa) || kept == nullptr || !in.header.response || sa.state() != State::established)
    return false;
  bool shown = false;
  for (const wire::Payload& payload : in.payloads)
    if (const auto* token = std::get_if<wire::NotifyPayload>(&payload.body);
        token != nullptr && token->type == NotifyType::quick_crash_detection)
      shown = shown || equal_constant_time(token->data, kept->token);
  if (!shown) {
    if (find_notify(in.payloads, NotifyType::quick_crash_detection) == nullptr) return false;
    sa.diagnose(Error{"E-IKE-091", "a crash token that is not our peer's"}.see("RFC 6290, 4.5"),
                in.datagram);
    return true;
  }
  sa.emit(trace::TimerFired{"crash", "the peer proves that it lost this IKE SA"});
  if (sa.original_initiator) sa.services.begin_anew(sa, in.now, sa.peer.ip);
  sa.lost(in.now, "the peer lost it");
  return true;
}

}  // namespace

Extension crash_detection_extension() {
  return {.name = "crash_detection",
          .rfc = "RFC 6290",
          .add = add,
          .read = read,
          .unprotected = unprotected,
          .stranger = stranger,
          .established = established};
}

}  // namespace ikelab::ikev2
