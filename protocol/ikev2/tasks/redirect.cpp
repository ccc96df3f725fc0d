// Sending clients to another gateway (RFC 5685): instead of an answer to IKE_SA_INIT, beside AUTH
// in IKE_AUTH, or in the middle of a session.
//
//   HDR(A,0), SAi1, KEi, Ni, N(REDIRECT_SUPPORTED)  -->
//                            <--  HDR(A,0), N(REDIRECT)(new gateway, Ni)      nothing was made
//   to the new gateway:
//   HDR(C,0), SAi1, KEi, Ni, N(REDIRECTED_FROM)(old gateway)  -->
//
// The nonce in the first answer, which nothing protects, is all that tells it from one that
// somebody made up who did not see the request. PAD and SPD stay as they are: the new gateway must
// prove to be whom the connection expects.
#include "protocol/ikev2/redirect.hpp"

#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::ExchangeType;
using wire::NotifyType;
using When = policy::Redirect::When;

constexpr std::uint8_t ipv4 = 1, ipv6 = 2;  // GW Ident Type
constexpr Duration loop_detect_period = 300s;

/// Of a client: how it came here, and where it is sent.
struct Redirected {
  std::optional<IpAddress> from;      ///< the gateway that sent it to this one
  std::optional<IpAddress> to;        ///< said in IKE_AUTH, for when both are believed
  unsigned responses = 0, to_in = 0;  ///< of IKE_AUTH so far, and in which of them that was said
  std::vector<Instant> at;            ///< when it was redirected, of this IKE SA setup
};
/// Of a gateway.
struct Client {
  bool takes_redirects = false;
};

Error problem(std::string what) {
  return Error{"E-IKE-090", std::move(what)}.see("RFC 5685, 3");
}

Bytes ident(const IpAddress& address) {
  const ByteView octets = address.octets();
  return concat(
      {Bytes{address.is_v6() ? ipv6 : ipv4, static_cast<std::uint8_t>(octets.size())}, octets});
}

/// What a REDIRECT says.
struct Told {
  IpAddress gateway;
  ByteView nonce;
};
Result<Told> read_redirect(ByteView data) {
  if (data.size() < 2 || data.size() < 2U + data[1]) return problem("REDIRECT names no gateway");
  if (data[0] != ipv4 && data[0] != ipv6)
    return problem("REDIRECT names a gateway that is no address, and nobody looks up names here");
  IKELAB_TRY(const IpAddress gateway, IpAddress::from_octets(data.subspan(2, data[1])));
  if (gateway.is_v6() != (data[0] == ipv6) || gateway.is_unspecified())
    return problem("REDIRECT names no gateway");
  return Told{gateway, data.subspan(2U + data[1])};
}

/// Whether one redirect more is no loop.
//= rfc5685#7 "To prevent this, the client SHOULD be configured to not accept more than a certain
//= number of redirects (MAX_REDIRECTS) within a short time period (REDIRECT_LOOP_DETECT_PERIOD) for
//= a particular IKEv2 SA setup."
bool is_loop(const IkeSa& sa, Instant now) {
  const auto* state = sa.notes.find<Redirected>();
  if (state == nullptr) return false;
  const auto recent = std::count_if(state->at.begin(), state->at.end(),
                                    [&](Instant at) { return now - at < loop_detect_period; });
  return recent >= static_cast<std::ptrdiff_t>(bounds::redirects);
}

/// A new IKE SA with `gateway` begins, under the same connection.
void follow(IkeSa& sa, Instant now, const IpAddress& gateway) {
  const IpAddress from = sa.peer.ip;
  Redirected state;
  if (const auto* before = sa.notes.find<Redirected>()) state.at = before->at;
  state.at.push_back(now);
  if (state.at.size() > bounds::redirects) state.at.erase(state.at.begin());
  state.from = from;
  sa.emit(trace::TimerFired{"redirect", from.to_string() + " sends us to " + gateway.to_string()});
  IkeSa& fresh = sa.services.begin_anew(sa, now, gateway);
  fresh.notes.of<Redirected>() = std::move(state);
}

// ---- IKE_SA_INIT -------------------------------------------------------------------------------

void add_to_init(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  if (out.response || !sa.connection->follow_redirects) return;
  const auto* state = sa.notes.find<Redirected>();
  //= rfc5685#3 "In the IKE_SA_INIT exchange with the new VPN gateway, the client MUST include the
  //= REDIRECTED_FROM payload"
  if (state != nullptr && state->from)
    payloads.push_back(notify(NotifyType::redirected_from, ident(*state->from)));
  else
    payloads.push_back(notify(NotifyType::redirect_supported));
}

const wire::NotifyPayload* redirect_of(const Inbound& in) {
  return find_notify(in.payloads, NotifyType::redirect);
}

/// A client that gets an answer to IKE_SA_INIT.
std::optional<Error> ignores(const IkeSa& sa, const Inbound& in) {
  const auto* redirect = redirect_of(in);
  if (in.header.exchange != ExchangeType::ike_sa_init || redirect == nullptr) return std::nullopt;
  if (!sa.connection->follow_redirects) return problem("a redirect, and we said of none");
  const auto told = read_redirect(redirect->data);
  if (!told) return told.error();
  //= rfc5685#3 "it MUST verify that the nonce data matches the value sent in the IKE_SA_INIT
  //= request.  If the values do not match, the client MUST silently discard the response (and keep
  //= waiting for another response)."
  if (!equal(told->nonce, sa.transcript.ni))
    return problem("a redirect that does not echo our nonce: whoever sent it saw no request");
  if (is_loop(sa, in.now)) return problem("redirected too often: this is a loop");
  return std::nullopt;
}

std::optional<std::string> diverted(IkeSa& sa, const Inbound& in) {
  const auto* redirect = redirect_of(in);
  if (redirect == nullptr) return std::nullopt;
  const IpAddress gateway = read_redirect(redirect->data)->gateway;  // ignores() looked at it
  follow(sa, in.now, gateway);
  return "sent on to " + gateway.to_string();
}

//= rfc5685#3 "If the IKE_SA_INIT request did not indicate support for the redirect mechanism, the
//= responder MUST NOT send the REDIRECT payload to the VPN client."
std::optional<std::vector<wire::Payload>> diverts(IkeSa& sa, const Inbound& in) {
  const auto& redirect = sa.connection->redirect_to;
  if (!redirect || redirect->when != When::init || !takes_redirects(sa)) return std::nullopt;
  const Bytes& ni = wire::first<wire::NoncePayload>(in.payloads)->data;
  return std::vector{notify(NotifyType::redirect, concat({ident(redirect->gateway), ni}))};
}

// ---- IKE_AUTH ----------------------------------------------------------------------------------

/// In the place of the Child SA, when both have proved who they are.
std::optional<wire::Payload> refuse_child(IkeSa& sa, std::string& detail) {
  const auto& redirect = sa.connection->redirect_to;
  if (!redirect || redirect->when != When::auth || !takes_redirects(sa)) return std::nullopt;
  detail = "sent to " + redirect->gateway.to_string();
  //= rfc5685#9.2 "It MUST NOT be included in the REDIRECT payload if sent in an IKE_AUTH response or
  //= in a gateway-initiated redirect message."
  return notify(NotifyType::redirect, ident(redirect->gateway));
}

/// Both are believed: the old IKE SA goes, and a new one begins.
//= rfc5685#6 "the client MUST verify the gateway's AUTH payload before acting on the REDIRECT
//= payload."
void established(IkeSa& sa, Instant now) {
  const auto* state = sa.notes.find<Redirected>();
  if (state == nullptr || !state->to) return;
  follow(sa, now, *state->to);
  sa.enqueue(now, make_ike_delete());
}

// ---- in the middle of a session ----------------------------------------------------------------

class RedirectClient : public Task {
 public:
  explicit RedirectClient(IpAddress gateway) : gateway_(gateway) {}
  [[nodiscard]] std::string_view name() const override { return "redirect"; }
  [[nodiscard]] ExchangeType exchange() const override { return ExchangeType::informational; }
  Result<std::vector<wire::Payload>> request(IkeSa&, Instant) override {
    return std::vector{notify(NotifyType::redirect, ident(gateway_))};
  }
  Outcome response(IkeSa&, const Inbound&) override {
    detail = "told to go to " + gateway_.to_string();
    return Outcome::done;
  }

 private:
  IpAddress gateway_;
};

void read(IkeSa& sa, const Inbound& in) {
  const ExchangeType exchange = in.header.exchange;
  const auto* redirect = redirect_of(in);
  if (exchange == ExchangeType::ike_sa_init && !in.header.response &&
      (find_notify(in.payloads, NotifyType::redirect_supported) != nullptr ||
       find_notify(in.payloads, NotifyType::redirected_from) != nullptr))
    sa.notes.of<Client>().takes_redirects = true;
  const bool in_auth = exchange == ExchangeType::ike_auth && in.header.response;
  //= rfc5685#6 "In all of the cases above, the client MUST accept the REDIRECT notification only in
  //= the first IKE_AUTH response or the last IKE_AUTH response.  It MUST NOT accept the REDIRECT
  //= notification in an intermediate IKE_AUTH response."
  if (in_auth && sa.connection->follow_redirects) {
    auto& state = sa.notes.of<Redirected>();
    ++state.responses;
    if (state.to && state.to_in != 1) state.to.reset();  // what it stood in was not the last
  }
  const bool in_session = exchange == ExchangeType::informational && !in.header.response;
  if (redirect == nullptr || (!in_auth && !in_session)) return;
  //= rfc5685#10 "only the original responder can redirect the original initiator to another server."
  if (!sa.original_initiator || !sa.connection->follow_redirects)
    return sa.diagnose(problem("a redirect, and we said of none"), in.datagram);
  const auto told = read_redirect(redirect->data);
  if (!told) return sa.diagnose(told.error(), in.datagram);
  if (is_loop(sa, in.now))
    return sa.diagnose(problem("redirected too often: this is a loop"), in.datagram);
  if (in_auth) {
    auto& state = sa.notes.of<Redirected>();
    state.to = told->gateway;
    state.to_in = state.responses;
  } else {
    follow(sa, in.now, told->gateway);  // when the new IKE SA is up, it deletes this one
  }
}

void inherit(IkeSa& heir, const IkeSa& old) {
  if (const auto* client = old.notes.find<Client>()) heir.notes.of<Client>() = *client;
}

void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  if (out.exchange == ExchangeType::ike_sa_init) add_to_init(sa, out, payloads);
}

}  // namespace

bool takes_redirects(const IkeSa& sa) {
  const auto* client = sa.notes.find<Client>();
  return !sa.original_initiator && client != nullptr && client->takes_redirects;
}

std::unique_ptr<Task> make_redirect(const IpAddress& gateway) {
  return std::make_unique<RedirectClient>(gateway);
}

Extension redirect_extension() {
  return {.name = "redirect",
          .rfc = "RFC 5685",
          .add = add,
          .read = read,
          .ignores = ignores,
          .diverts = diverts,
          .diverted = diverted,
          .established = established,
          .inherit = inherit,
          .refuse_child = refuse_child};
}

}  // namespace ikelab::ikev2
