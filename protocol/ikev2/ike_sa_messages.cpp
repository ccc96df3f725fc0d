// Messages of an IKE SA: building, protecting, sending; opening, judging, dispatching (RFC
// 7296, 2.1 to 2.3, 2.21, 3.14).
#include "protocol/ikev2/child_setup.hpp"
#include "protocol/ikev2/fragmentation.hpp"
#include "protocol/ikev2/ike_keys_of_sa.hpp"
#include "protocol/wire/grammar.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::ExchangeType;
using wire::NotifyType;

//= rfc7383#2.6 "The receiver identifies the IKE Fragment message by the presence of an Encrypted
//= Fragment payload in it."
const wire::Payload* find_sealed(const std::vector<wire::Payload>& payloads) {
  for (const wire::Payload& payload : payloads)
    if (std::holds_alternative<wire::SkPayload>(payload.body) ||
        std::holds_alternative<wire::SkfPayload>(payload.body))
      return &payload;
  return nullptr;
}

/// An initiator that saw our AUTH and does not believe it, between two rounds of its own.
bool gives_up(State state, const Inbound& in) {
  return state == State::half_open && in.header.exchange == ExchangeType::informational &&
         find_notify(in.payloads, NotifyType::authentication_failed) != nullptr;
}

void add_of_extensions(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  for (const Extension& extension : extensions())
    if (extension.add != nullptr) extension.add(sa, out, payloads);
}

void read_by_extensions(IkeSa& sa, const Inbound& in) {
  for (const Extension& extension : extensions())
    if (extension.read != nullptr) extension.read(sa, in);
}

void tell_sent(IkeSa& sa, const Outbound& out, ByteView datagram,
               const std::vector<wire::Payload>& payloads) {
  for (const Extension& extension : extensions())
    if (extension.sent != nullptr) extension.sent(sa, out, datagram, payloads);
}

bool is_sealed(const wire::Payload& payload) {
  return payload.type == wire::PayloadType::sk || payload.type == wire::PayloadType::skf;
}

/// What stands in the clear of an encrypted message.
std::vector<wire::Payload> outside_of(const std::vector<wire::Payload>& payloads) {
  std::vector<wire::Payload> out;
  for (const wire::Payload& payload : payloads)
    if (!is_sealed(payload)) out.push_back(payload);
  return out;
}

/// How an encrypted message of ours was built. RFC 7296, 3.1: octet 16 of the header is the first
/// payload's type; only what has something in the clear must be read further.
struct Built {
  explicit Built(ByteView message)
      : fragment(message[16] == static_cast<std::uint8_t>(wire::PayloadType::skf)) {
    if (fragment || message[16] == static_cast<std::uint8_t>(wire::PayloadType::sk)) return;
    const auto payloads = wire::decode(message).message.payloads;
    fragment = wire::first<wire::SkfPayload>(payloads) != nullptr;
    outside = outside_of(payloads);
  }
  bool fragment;
  std::vector<wire::Payload> outside;
};

std::vector<Bytes> one(Bytes datagram) {
  std::vector<Bytes> out;
  out.push_back(std::move(datagram));
  return out;
}

constexpr const char* unsupported_critical = "E-WIRE-105";

}  // namespace

// ---- sending -----------------------------------------------------------------------------------

//= rfc9242#3.3.1 "Every subsequent IKE_INTERMEDIATE exchange uses the most recently calculated IKE
//= SA keys before this exchange is started."
DirectionKeys IkeSa::keys_of(bool of_initiator, const wire::Header& header) const {
  // Each side counts its own exchanges; those before IKE_AUTH are the original initiator's.
  const bool initiators_exchange = header.initiator != header.response;
  const bool before =
      retired_ && initiators_exchange && header.message_id.value <= retired_->last.value;
  const keys::IkeKeys& of = before ? retired_->keys : keys;
  return of_initiator ? DirectionKeys{of.sk_ei.reveal(), of.sk_ai.reveal()}
                      : DirectionKeys{of.sk_er.reveal(), of.sk_ar.reveal()};
}

void IkeSa::replace_keys(keys::IkeKeys fresh, MessageId last) {
  if (retired_ && retired_->last == last)  // twice after one exchange: nothing was sent between
    keys = std::move(fresh);
  else
    retired_ = Retired{std::exchange(keys, std::move(fresh)), last};
}

wire::Header IkeSa::header_of(ExchangeType exchange, bool response, MessageId id) const {
  wire::Header header;
  header.spi_i = spi_i;
  header.spi_r = spi_r;
  header.exchange = exchange;
  header.initiator = original_initiator;
  header.response = response;
  header.message_id = id;
  return header;
}

Result<std::vector<Bytes>> IkeSa::build(const wire::Header& header,
                                        const std::vector<wire::Payload>& payloads) {
  if (header.exchange == ExchangeType::ike_sa_init)
    return one(wire::encode(header, payloads));
  wire::EncodedChain content = wire::encode_chain(payloads);
  const std::vector<wire::Payload> outside = outside_of_extensions(*this, header);
  const std::size_t chunk = fragment_content(*this, header, content.bytes.size(),
                                             wire::encode_chain(outside).bytes.size());
  if (chunk != 0) return build_fragments(header, outside, content, chunk);
  IKELAB_TRY(Bytes sealed,
             seal_message(services.provider, suite, keys_of(original_initiator, header), header,
                          std::move(content), next_iv(), outside));
  return one(std::move(sealed));
}

Bytes IkeSa::next_iv() {
  // CBC needs one that cannot be foreseen (RFC 7296, 3.14)
  if (!suite.encr->aead) return services.streams.iv->bytes(suite.encr->iv_size);
  Bytes iv(suite.encr->iv_size);  // a counter never repeats under a key (RFC 5282, 3.1)
  for (std::uint64_t count = iv_counter_++, i = iv.size(); i-- > 0; count >>= 8)
    iv[i] = static_cast<std::uint8_t>(count);
  return iv;
}

void IkeSa::emit_message(const Way& way, const wire::Header& header, std::uint64_t datagram,
                         ByteView octets, const std::vector<wire::Payload>& outside,
                         const std::vector<wire::Payload>& payloads, ByteView plain,
                         unsigned attempt, const wire::SkfPayload* part) {
  if (!services.tells<trace::Message>()) return;
  trace::Message body;
  body.direction = way.sent ? "sent" : "received";
  body.datagram = datagram;
  body.src = way.src.to_string();
  body.dst = way.dst.to_string();
  body.spi_i = to_string(header.spi_i);
  body.spi_r = to_string(header.spi_r);
  body.exchange = wire::name(header.exchange);
  body.response = header.response;
  body.message_id = header.message_id.value;
  body.attempt = attempt;
  body.encrypted = header.exchange != ExchangeType::ike_sa_init;
  body.payloads = wire::payload_summary({header, outside}, payloads);
  body.bytes = to_bytes(octets);
  if (part != nullptr) {
    body.fragment = part->number;
    body.fragments = part->total;
  }
  if (body.encrypted && services.config.disclose_secrets) {
    body.plain_first = payloads.empty() ? 0 : static_cast<std::uint64_t>(payloads.front().type);
    body.plain = to_bytes(plain);
  }
  emit(std::move(body));
}

void IkeSa::transmit(const Way& way, const std::vector<Bytes>& datagrams,
                     const wire::Header& header, const std::vector<wire::Payload>& payloads,
                     unsigned attempt) {
  const bool told = services.tells<trace::Message>();
  const Bytes plain = told ? wire::encode_chain(payloads).bytes : Bytes{};
  const auto total = static_cast<std::uint16_t>(datagrams.size());
  const auto first = header.exchange == ExchangeType::ike_sa_init || !told
                         ? std::nullopt
                         : std::optional<Built>(datagrams.front());
  for (std::uint16_t i = 0; i < total; ++i) {
    const Bytes& octets = datagrams[i];
    const std::uint64_t id = services.transmit(way.src, way.dst, octets);
    const wire::SkfPayload part{{}, static_cast<std::uint16_t>(i + 1), total, {}};
    const bool whole = i + 1 == total;
    const std::vector<wire::Payload> nothing;
    emit_message(way, header, id, octets, whole && first ? first->outside : nothing,
                 whole ? payloads : nothing, whole ? ByteView(plain) : ByteView{}, attempt,
                 first && first->fragment ? &part : nullptr);
  }
}

bool IkeSa::send_request(Instant now, Running& running) {
  Task& task = *running.task;
  const auto fail = [&](const Error& error) {
    task.detail = error.message;
    finish_task(now, task, Outcome::failed);
    return false;
  };
  auto payloads = task.request(*this, now);
  if (!payloads) return fail(payloads.error());
  add_of_extensions(*this, {task.exchange(), false, nullptr, &task}, *payloads);
  const wire::Header header = header_of(task.exchange(), false, window_.next_request_id());
  auto datagrams = build(header, *payloads);
  if (!datagrams) return fail(datagrams.error());
  if (header.exchange == ExchangeType::ike_sa_init) transcript.real_message_1 = datagrams->front();
  running.payloads = std::move(*payloads);
  running.id = header.message_id;
  window_.request_sent(now, *datagrams);
  transmit({true, local, peer}, *datagrams, header, running.payloads, 0);
  tell_sent(*this, {header.exchange, false, nullptr, &task}, datagrams->front(), running.payloads);
  return true;
}

void IkeSa::answer(const Inbound& in, std::vector<wire::Payload> payloads) {
  add_of_extensions(*this, {in.header.exchange, true, &in}, payloads);
  const wire::Header header = header_of(in.header.exchange, true, in.header.message_id);
  auto datagrams = build(header, payloads);
  if (!datagrams) return diagnose(datagrams.error());
  if (header.exchange == ExchangeType::ike_sa_init) transcript.real_message_2 = datagrams->front();
  const bool told = services.tells<trace::Message>();
  window_.response_sent(
      in.header.message_id,
      {to_bytes(in.octets), *datagrams, told ? payloads : std::vector<wire::Payload>{}, 0});
  //= rfc7296#2.11 "It MUST specify the address and port at which the request was received as the
  //= source address and port in the response."
  transmit({true, in.dst, in.src}, *datagrams, header, payloads, 0);
  tell_sent(*this, {header.exchange, true, &in}, datagrams->front(), payloads);
}

// ---- receiving ---------------------------------------------------------------------------------

std::optional<Inbound> IkeSa::open(Instant now, const Datagram& datagram,
                                   wire::Decoded decoded) {
  wire::Message& message = decoded.message;
  const wire::Header& header = message.header;
  const Way way{false, datagram.src, datagram.dst};
  Inbound in{now, header, datagram.payload, {}, {}, {}, datagram.id, datagram.src, datagram.dst};
  if (header.exchange == ExchangeType::ike_sa_init) {
    if (const auto* error = wire::first_error(decoded.diagnostics))
      return diagnose(wire::to_error(*error), datagram.id), std::nullopt;
    emit_message(way, header, datagram.id, datagram.payload, {}, message.payloads, {}, 0);
    const auto judged = wire::check(message, nullptr);
    if (const auto* error = wire::first_error(judged))
      return diagnose(wire::to_error(*error), datagram.id), std::nullopt;
    in.payloads = std::move(message.payloads);
    return in;
  }
  in.payloads = std::move(message.payloads);  // those in the clear, for whom it concerns
  const wire::Payload* sealed = find_sealed(in.payloads);
  if (sealed == nullptr || suite.encr == nullptr) {
    for (const Extension& extension : extensions())
      if (extension.unprotected != nullptr && extension.unprotected(*this, in)) return std::nullopt;
    diagnose(
        Error{"E-IKE-013", "a message that must be encrypted is not, or there are no keys yet"}.see(
            "RFC 7296, 1.2"),
        datagram.id);
    return std::nullopt;
  }
  const auto* part = std::get_if<wire::SkfPayload>(&sealed->body);
  if (part != nullptr && !expects(header, *part, datagram.id)) return std::nullopt;
  for (const Extension& extension : extensions())
    if (extension.turns_away != nullptr && !header.response)
      if (const auto why = extension.turns_away(*this, in))
        return diagnose(*why, datagram.id), std::nullopt;
  if (!make_due_keys(now, header, datagram.id)) return std::nullopt;
  auto plain = open_message(services.provider, suite, keys_of(!original_initiator, header),
                            datagram.payload, *sealed);
  //= rfc7383#2.6 "If the ICV check fails, the message MUST be silently discarded."
  if (!plain) {
    for (const Extension& extension : extensions())
      if (extension.unauthentic != nullptr) extension.unauthentic(*this, in);
    return diagnose(plain.error(), datagram.id), std::nullopt;
  }
  in.plain = std::move(*plain);
  in.outside = outside_of(in.payloads);
  message.payloads = std::exchange(in.payloads, {});  // `sealed` stands in them, where it stood
  in.sealed_reserved = datagram.payload[sealed->begin + 1];
  if (connection->dpd_delay > Duration::zero() && state_ == State::established)
    set_timer(Timer::dpd, now + connection->dpd_delay);
  if (part != nullptr) return take_fragment(std::move(in), way, message, *part);
  const auto first_inner = std::get<wire::SkPayload>(sealed->body).first_inner;
  return understand(std::move(in), way, message, first_inner, nullptr);
}

// RFC 8019, 3: until the peer has shown that it has the keys, anybody may have sent this; what
// cannot be meant costs no key exchange, and what can costs one, once.
bool IkeSa::make_due_keys(Instant now, const wire::Header& header, std::uint64_t datagram) {
  if (!due_secret) return true;
  if (header.response) {
    diagnose(Error{"E-IKE-017", "a response to no outstanding request"}.at(20).see("RFC 7296, 2.2"),
             datagram);
    return false;
  }
  if (window_.classify(header.message_id) != ExchangeWindow::Incoming::fresh) {
    diagnose(Error{"E-IKE-014", "the Message ID is outside the window"}.at(20).see("RFC 7296, 2.3"),
             datagram);
    return false;
  }
  if (!may_begin(header.exchange, datagram)) return false;
  //= rfc8019#4.6 "then the Responder SHOULD still keep the computed SK_* keys"
  const DueSecret due = std::move(*due_secret);
  due_secret.reset();
  auto g_ir = secret_of_request(*this, *due.own, due.ke_i, "IKE_SA_INIT");
  auto made = g_ir ? derive_ike_keys(*this, *g_ir) : Result<void>(g_ir.error());
  if (made) return true;
  diagnose(made.error(), datagram);
  die(now, Trigger::auth_failed, made.error().message);
  return false;
}

std::optional<Inbound> IkeSa::understand(Inbound in, const Way& way, const wire::Message& message,
                                         wire::PayloadType first_inner,
                                         const wire::SkfPayload* part) {
  auto chain = wire::decode_chain(in.plain, first_inner);
  in.payloads = std::move(chain.payloads);
  in.from_fragments = part != nullptr;
  in.first_inner = first_inner;
  emit_message(way, in.header, in.datagram, in.octets, in.outside, in.payloads, in.plain, 0, part);
  auto judged = wire::check(message, &in.payloads);
  chain.diagnostics.insert(chain.diagnostics.end(), judged.begin(), judged.end());
  if (wire::has_error(chain.diagnostics)) return refuse(in, chain.diagnostics), std::nullopt;
  return in;
}

// RFC 7296, 2.21.3: a peer that is authenticated and breaks the grammar is told so; INVALID_SYNTAX
// is fatal to the IKE SA, an unknown critical payload (2.5) only to the exchange.
void IkeSa::refuse(const Inbound& in, const std::vector<wire::Diagnostic>& diagnostics) {
  const wire::Diagnostic& error = *wire::first_error(diagnostics);
  diagnose(wire::to_error(error), in.datagram);
  if (in.header.response ||
      window_.classify(in.header.message_id, in.octets) != ExchangeWindow::Incoming::fresh ||
      !services.decisions.is_due(state_, in.header.exchange))
    return;
  if (error.code == unsupported_critical) {
    Bytes type;
    for (const wire::Payload& payload : in.payloads)
      if (payload.critical && std::holds_alternative<wire::UnknownPayload>(payload.body)) {
        type = {static_cast<std::uint8_t>(payload.type)};
        break;
      }
    //= rfc7296#2.5 "the message MUST be rejected and the response to the IKE request containing
    //= that payload MUST include a Notify payload UNSUPPORTED_CRITICAL_PAYLOAD"
    answer(in, {notify(NotifyType::unsupported_critical_payload, type)});
    if (state_ == State::half_open)
      die(in.now, Trigger::auth_failed, "an unknown critical payload in IKE_AUTH");
    return;
  }
  answer(in, {notify(NotifyType::invalid_syntax)});
  drop(in.now, "the peer broke the grammar: " + error.message);
}

void IkeSa::drop(Instant now, const std::string& reason) {
  const bool unproven = state_ == State::half_open || state_ == State::authenticating;
  die(now, unproven ? Trigger::auth_failed : Trigger::delete_received, reason);
  end_tasks(now);
}

void IkeSa::receive(Instant now, const Datagram& datagram, wire::Decoded decoded) {
  touch();
  const wire::Header& header = decoded.message.header;
  //= rfc7296#3.1 "This bit MUST be set in messages sent by the original initiator of the IKE SA and
  //= MUST be cleared in messages sent by the original responder."
  if (header.initiator == original_initiator)
    return diagnose(
        Error{"E-IKE-015", "the Initiator flag says that we sent this ourselves"}.at(19).see(
            "RFC 7296, 3.1"),
        datagram.id);
  auto in = open(now, datagram, std::move(decoded));
  if (!in) return;
  if (header.response)
    handle_response(*in);
  else
    handle_request(*in);
}

bool IkeSa::may_begin(ExchangeType exchange, std::uint64_t datagram) {
  if (services.decisions.is_due(state_, exchange)) {
    std::optional<std::string> why;
    for (const Extension& extension : extensions())
      if (extension.refuses != nullptr && !why) why = extension.refuses(*this, exchange);
    if (!why) return true;
    diagnose(Error{"E-IKE-016", "the peer may not begin " + wire::name(exchange) + " now: " + *why}
                 .at(18)
                 .see("RFC 7296, 1.2"),
             datagram);
    return false;
  }
  diagnose(Error{"E-IKE-016", std::string("the peer may not begin ") + wire::name(exchange) +
                                  " in state " + std::string(to_string(state_))}
               .at(18)
               .see("RFC 7296, 1.2"),
           datagram);
  return false;
}

void IkeSa::repeat_answer(const Inbound& in) {
  if (state_ == State::half_open)
    set_timer(Timer::half_open, in.now + half_open_time);  // the initiator is still there
  auto& cached = window_.answer(in.header.message_id);
  transmit({true, in.dst, in.src}, cached.datagrams,
           header_of(in.header.exchange, true, in.header.message_id), cached.payloads,
           ++cached.repetitions);
}

//= rfc7296#2.3 "This Notify message MUST NOT be sent in a response; the invalid request MUST NOT be
//= acknowledged. Instead, inform the other side by initiating an INFORMATIONAL exchange with
//= Notification Data containing the four-octet invalid Message ID."
void IkeSa::report_ahead(const Inbound& in) {
  constexpr Duration between = 60s;  // "notifications of this type MUST be rate limited"
  if (state_ != State::established || !window_.is_ahead(in.header.message_id)) return;
  if (last_report_ && in.now - *last_report_ < between) return;
  last_report_ = in.now;
  enqueue(in.now, make_invalid_message_id(in.header.message_id));
}

void IkeSa::handle_request(const Inbound& in) {
  switch (window_.classify(in.header.message_id, in.octets)) {
    case ExchangeWindow::Incoming::repeated:
      return repeat_answer(in);
    case ExchangeWindow::Incoming::outside:
      diagnose(
          Error{"E-IKE-014", "the Message ID is outside the window"}.at(20).see("RFC 7296, 2.3"),
          in.datagram);
      return report_ahead(in);
    case ExchangeWindow::Incoming::fresh:
      break;
  }
  if (!gives_up(state_, in) && !may_begin(in.header.exchange, in.datagram)) return;
  for (const ResponderRow& row : responders()) {
    if (row.exchange != in.header.exchange || !row.matches(in)) continue;
    emit(trace::TaskStarted{std::string(row.name), "responder", in.header.message_id.value});
    read_by_extensions(*this, in);
    std::string detail;
    bool failed = false;
    std::vector<wire::Payload> payloads = row.respond(*this, in, detail, failed);
    answer(in, std::move(payloads));
    emit(trace::TaskEnded{std::string(row.name), "responder", failed ? "failed" : "done", detail,
                          0});
    break;
  }
  if (state_ == State::dead) end_tasks(in.now);
}

void IkeSa::handle_response(Inbound& in) {
  for (const Extension& extension : extensions())
    if (extension.ignores != nullptr)
      if (const auto why = extension.ignores(*this, in)) return diagnose(*why, in.datagram);
  const auto at = std::find_if(running_.begin(), running_.end(), [&](const Running& running) {
    return running.id == in.header.message_id && running.task->exchange() == in.header.exchange;
  });
  if (at == running_.end() || !window_.accept_response(in.header.message_id))
    return diagnose(
        Error{"E-IKE-017", "a response to no outstanding request"}.at(20).see("RFC 7296, 2.2"),
        in.datagram);
  at->id.reset();
  Task& task = *at->task;
  in.answers = &task;
  read_by_extensions(*this, in);
  const Outcome outcome = task.response(*this, in);
  // COOKIE and INVALID_KE_PAYLOAD repeat IKE_SA_INIT under its Message ID 0 (RFC 7296, 2.6); a
  // repeated CREATE_CHILD_SA is new.
  if (outcome == Outcome::retry && in.header.exchange == ExchangeType::ike_sa_init)
    window_.reuse_last_id();
  if (outcome == Outcome::done || outcome == Outcome::failed) finish_task(in.now, task, outcome);
  if (state_ == State::dead) end_tasks(in.now);
  run_next(in.now);
}

}  // namespace ikelab::ikev2
