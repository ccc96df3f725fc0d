#include "protocol/wire/grammar.hpp"

#include <fmt/format.h>

#include "protocol/wire/codec.hpp"

namespace ikelab::wire {
namespace {

constexpr std::uint8_t many = static_cast<std::uint8_t>(bounds::payloads_in_message);

// payload, min, max [, notify type], where the RFC says so
constexpr Rule init_request[] = {
    {PayloadType::sa, 1, 1, {}, "RFC 7296, 1.2"},
    {PayloadType::ke, 1, 1, {}, "RFC 7296, 1.2"},
    {PayloadType::nonce, 1, 1, {}, "RFC 7296, 1.2"},
    {PayloadType::notify, 0, 1, NotifyType::cookie, "RFC 7296, 2.6"},
    {PayloadType::puzzle_solution, 0, 1, {}, "RFC 8019, 7.1.2"},
};
//= rfc8019#7.1.2 "In this case, the Initiator MUST ignore the received message and continue to wait
//= until either a valid PUZZLE notification is received or the retransmission timer fires."
constexpr Rule init_response[] = {
    {PayloadType::sa, 1, 1, {}, "RFC 7296, 1.2"},
    {PayloadType::ke, 1, 1, {}, "RFC 7296, 1.2"},
    {PayloadType::nonce, 1, 1, {}, "RFC 7296, 1.2"},
    {PayloadType::certreq, 0, many, {}, "RFC 7296, 1.2"},
};
constexpr Rule init_cookie[] = {{PayloadType::notify, 1, 1, NotifyType::cookie, "RFC 7296, 2.6"}};
constexpr Rule init_redirect[] = {{PayloadType::notify, 1, 1, NotifyType::redirect, "RFC 5685, 3"}};
constexpr Rule error_only[] = {{PayloadType::notify, 1, many, {}, "RFC 7296, 2.21"}};
constexpr Rule auth_request[] = {
    {PayloadType::id_i, 1, 1, {}, "RFC 7296, 1.2"},
    {PayloadType::cert, 0, many, {}, "RFC 7296, 1.2"},
    {PayloadType::certreq, 0, many, {}, "RFC 7296, 1.2"},
    {PayloadType::id_r, 0, 1, {}, "RFC 7296, 1.2"},
    {PayloadType::auth, 0, 1, {}, "RFC 7296, 2.16"},  // left out to ask for EAP
    {PayloadType::cp, 0, 1, {}, "RFC 7296, 2.19"},
    {PayloadType::sa, 1, 1, {}, "RFC 7296, 1.2"},
    {PayloadType::ts_i, 1, 1, {}, "RFC 7296, 1.2"},
    {PayloadType::ts_r, 1, 1, {}, "RFC 7296, 1.2"},
};
/// What may stand in the clear beside the Encrypted payload.
struct Outside {
  ExchangeType exchange;
  bool response;
  Rule rule;
};
constexpr Outside outside_rules[] = {
    //= rfc8019#7.2.2 "The PS payload MUST be placed outside the Encrypted payload"
    {ExchangeType::ike_auth, false, {PayloadType::puzzle_solution, 0, 1, {}, "RFC 8019, 7.2.2"}},
};
constexpr Rule auth_request_eap[] = {{PayloadType::eap, 1, 1, {}, "RFC 7296, 2.16"}};
constexpr Rule auth_request_proof[] = {{PayloadType::auth, 0, 1, {}, "RFC 7296, 2.16"}};
constexpr Rule auth_request_round[] = {
    {PayloadType::id_i, 1, 1, {}, "RFC 4739, 2.1"},
    {PayloadType::cert, 0, many, {}, "RFC 4739, 2.1"},
    {PayloadType::auth, 0, 1, {}, "RFC 4739, 2.1"},
    {PayloadType::certreq, 0, many, {}, "RFC 6023, 5"},  // so may the first request, childless
    {PayloadType::id_r, 0, 1, {}, "RFC 6023, 5"},
    {PayloadType::cp, 0, 1, {}, "RFC 6023, 5"},
};
constexpr Rule auth_response[] = {
    {PayloadType::id_r, 0, 1, {}, "RFC 7296, 1.2"},  // said before, when EAP went ahead
    {PayloadType::cert, 0, many, {}, "RFC 7296, 1.2"},
    {PayloadType::auth, 0, 1, {}, "RFC 7296, 1.2"},
    {PayloadType::cp, 0, 1, {}, "RFC 7296, 2.19"},
    {PayloadType::sa, 1, 1, {}, "RFC 7296, 1.2"},
    {PayloadType::ts_i, 1, 1, {}, "RFC 7296, 1.2"},
    {PayloadType::ts_r, 1, 1, {}, "RFC 7296, 1.2"},
};
constexpr Rule auth_response_childless[] = {
    {PayloadType::id_r, 0, 1, {}, "RFC 7296, 1.2"},
    {PayloadType::cert, 0, many, {}, "RFC 7296, 1.2"},
    {PayloadType::auth, 0, 1, {}, "RFC 7296, 1.2"},
};
constexpr Rule auth_response_eap[] = {
    {PayloadType::id_r, 0, 1, {}, "RFC 7296, 2.16"},
    {PayloadType::cert, 0, many, {}, "RFC 7296, 2.16"},
    {PayloadType::auth, 0, 1, {}, "RFC 7296, 2.16"},
    {PayloadType::eap, 1, 1, {}, "RFC 7296, 2.16"},
};
constexpr Rule rekey_ike[] = {
    {PayloadType::sa, 1, 1, {}, "RFC 7296, 1.3.2"},
    {PayloadType::nonce, 1, 1, {}, "RFC 7296, 1.3.2"},
    {PayloadType::ke, 1, 1, {}, "RFC 7296, 1.3.2"},
};
constexpr Rule child[] = {
    {PayloadType::sa, 1, 1, {}, "RFC 7296, 1.3.1"},
    {PayloadType::nonce, 1, 1, {}, "RFC 7296, 1.3.1"},
    {PayloadType::ke, 0, 1, {}, "RFC 7296, 1.3.1"},
    {PayloadType::ts_i, 1, 1, {}, "RFC 7296, 1.3.1"},
    {PayloadType::ts_r, 1, 1, {}, "RFC 7296, 1.3.1"},
    {PayloadType::cp, 0, 1, {}, "RFC 7296, 2.19"},
    {PayloadType::notify, 0, 1, NotifyType::rekey_sa, "RFC 7296, 1.3.3"},
};
constexpr Rule intermediate[] = {
    {PayloadType::ke, 0, 1, {}, "RFC 9370, 2.2.2"},
    {PayloadType::notify, 0, many, {}, "RFC 9242, 3.2"},
};
constexpr Rule followup[] = {
    {PayloadType::ke, 1, 1, {}, "RFC 9370, 2.2.4"},
    {PayloadType::notify, 0, 1, NotifyType::additional_key_exchange, "RFC 9370, 2.2.4"},
};
constexpr Rule informational[] = {
    {PayloadType::notify, 0, many, {}, "RFC 7296, 1.4"},
    {PayloadType::delete_, 0, many, {}, "RFC 7296, 1.4"},
    {PayloadType::cp, 0, 1, {}, "RFC 7296, 1.4"},
};

constexpr auto INIT = ExchangeType::ike_sa_init;
constexpr auto AUTH = ExchangeType::ike_auth;
constexpr auto CHILD = ExchangeType::create_child_sa;
constexpr auto INFO = ExchangeType::informational;
constexpr auto INTERMEDIATE = ExchangeType::ike_intermediate;
constexpr auto FOLLOWUP = ExchangeType::ike_followup_ke;
constexpr Trigger otherwise{};
constexpr Trigger cookie{NotifyType::cookie, false, PayloadType::none};
constexpr Trigger redirect{NotifyType::redirect, false, PayloadType::sa};
constexpr Trigger error_without_sa{{}, true, PayloadType::sa};
constexpr Trigger error_without_auth{{}, true, PayloadType::auth};
constexpr Trigger error_without_ke{{}, true, PayloadType::ke};
constexpr Trigger without_ts{{}, false, PayloadType::ts_i};
constexpr Trigger with_eap{{}, false, PayloadType::none, PayloadType::none, PayloadType::eap};
constexpr Trigger without_id_and_child{{}, false, PayloadType::id_i, PayloadType::sa};
constexpr Trigger without_child{{}, false, PayloadType::sa, PayloadType::ts_i};

constexpr Form all_forms[] = {
    {INIT, false, Place::clear, "IKE_SA_INIT request", otherwise, init_request, "RFC 7296, 1.2"},
    {INIT, true, Place::clear, "IKE_SA_INIT response that asks for a cookie", cookie, init_cookie,
     "RFC 7296, 2.6"},
    {INIT, true, Place::clear, "IKE_SA_INIT response that redirects", redirect, init_redirect,
     "RFC 5685, 3"},
    {INIT, true, Place::clear, "IKE_SA_INIT response that reports an error", error_without_sa,
     error_only, "RFC 7296, 2.21.1"},
    {INIT, true, Place::clear, "IKE_SA_INIT response", otherwise, init_response, "RFC 7296, 1.2"},
    {AUTH, false, Place::encrypted, "IKE_AUTH request that goes on with EAP", with_eap,
     auth_request_eap, "RFC 7296, 2.16"},
    {AUTH, false, Place::encrypted, "IKE_AUTH request that ends a round", without_id_and_child,
     auth_request_proof, "RFC 7296, 2.16"},
    {AUTH, false, Place::encrypted, "IKE_AUTH request of a further round", without_child,
     auth_request_round, "RFC 4739, 2.1"},
    {AUTH, false, Place::encrypted, "IKE_AUTH request", otherwise, auth_request, "RFC 7296, 1.2"},
    {AUTH, true, Place::encrypted, "IKE_AUTH response that goes on with EAP", with_eap,
     auth_response_eap, "RFC 7296, 2.16"},
    {AUTH, true, Place::encrypted, "IKE_AUTH response that reports an error", error_without_auth,
     error_only, "RFC 7296, 2.21.2"},
    {AUTH, true, Place::encrypted, "IKE_AUTH response without a Child SA", error_without_sa,
     auth_response_childless, "RFC 7296, 1.2"},
    {AUTH, true, Place::encrypted, "IKE_AUTH response within a round", without_child,
     auth_response_childless, "RFC 4739, 2.1"},
    {AUTH, true, Place::encrypted, "IKE_AUTH response", otherwise, auth_response, "RFC 7296, 1.2"},
    {INTERMEDIATE, false, Place::encrypted, "IKE_INTERMEDIATE request", otherwise, intermediate,
     "RFC 9242, 3.2"},
    {INTERMEDIATE, true, Place::encrypted, "IKE_INTERMEDIATE response that reports an error",
     error_without_ke, error_only, "RFC 9242, 3.4"},
    {INTERMEDIATE, true, Place::encrypted, "IKE_INTERMEDIATE response", otherwise, intermediate,
     "RFC 9242, 3.2"},
    {FOLLOWUP, false, Place::encrypted, "IKE_FOLLOWUP_KE request", otherwise, followup,
     "RFC 9370, 2.2.4"},
    {FOLLOWUP, true, Place::encrypted, "IKE_FOLLOWUP_KE response that reports an error",
     error_without_ke, error_only, "RFC 9370, 2.2.4"},
    {FOLLOWUP, true, Place::encrypted, "IKE_FOLLOWUP_KE response", otherwise, followup,
     "RFC 9370, 2.2.4"},
    {CHILD, false, Place::encrypted, "CREATE_CHILD_SA request that rekeys the IKE SA", without_ts,
     rekey_ike, "RFC 7296, 1.3.2"},
    {CHILD, false, Place::encrypted, "CREATE_CHILD_SA request for a Child SA", otherwise, child,
     "RFC 7296, 1.3.1"},
    {CHILD, true, Place::encrypted, "CREATE_CHILD_SA response that reports an error",
     error_without_sa, error_only, "RFC 7296, 2.21.3"},
    {CHILD, true, Place::encrypted, "CREATE_CHILD_SA response that rekeys the IKE SA", without_ts,
     rekey_ike, "RFC 7296, 1.3.2"},
    {CHILD, true, Place::encrypted, "CREATE_CHILD_SA response for a Child SA", otherwise, child,
     "RFC 7296, 1.3.1"},
    {INFO, false, Place::encrypted, "INFORMATIONAL request", otherwise, informational,
     "RFC 7296, 1.4"},
    {INFO, true, Place::encrypted, "INFORMATIONAL response", otherwise, informational,
     "RFC 7296, 1.4"},
};

bool matches(const Payload& payload, const Rule& rule) {
  if (payload.type != rule.payload) return false;
  if (rule.notify == NotifyType{}) return true;
  const auto* n = std::get_if<NotifyPayload>(&payload.body);
  return n && n->type == rule.notify;
}

bool holds(const Trigger& when, const std::vector<Payload>& payloads) {
  const auto any = [&](auto condition) {
    return std::any_of(payloads.begin(), payloads.end(), condition);
  };
  const auto notify = [](const Payload& p) { return std::get_if<NotifyPayload>(&p.body); };
  if (when.notify != NotifyType{} &&
      !any([&](const Payload& p) { return notify(p) && notify(p)->type == when.notify; }))
    return false;
  if (when.error && !any([&](const Payload& p) { return notify(p) && is_error(notify(p)->type); }))
    return false;
  const auto has = [&](PayloadType type) {
    return any([&](const Payload& p) { return p.type == type; });
  };
  if (when.with != PayloadType::none && !has(when.with)) return false;
  return (when.without == PayloadType::none || !has(when.without)) &&
         (when.nor == PayloadType::none || !has(when.nor));
}

class Judge {
 public:
  std::vector<Diagnostic> found;

  void add(Severity severity, const char* code, std::size_t begin, std::size_t end, std::string rfc,
           std::string message) {
    found.push_back(Diagnostic{severity, code, std::move(message), std::move(rfc), begin, end});
  }
  void error(const char* code, const Payload& p, std::string rfc, std::string message) {
    add(Severity::error, code, p.begin, p.end, std::move(rfc), std::move(message));
  }

  //= rfc7296#2.5 "the payload type is unrecognized, the message MUST be rejected"
  void critical_bits(const std::vector<Payload>& payloads) {
    for (const Payload& p : payloads) {
      if (!p.critical) continue;
      const bool unknown = codec_of(p.type).type == PayloadType::none;
      if (unknown)
        error("E-WIRE-105", p, "RFC 7296, 2.5",
              fmt::format("payload type {} is critical and not understood",
                          static_cast<unsigned>(p.type)));
      else
        add(Severity::warning, "E-WIRE-106", p.begin, p.end, "RFC 7296, 3.2",
            fmt::format("the critical bit of {} is set; it is ignored for payloads of RFC 7296",
                        notation(p.type)));
    }
  }

  // Only SK or SKF may stand in the clear of an exchange whose content is secret.
  void outer_layer(const Message& outer, Place place) {
    const auto encrypted = [](const Payload& p) {
      return p.type == PayloadType::sk || p.type == PayloadType::skf;
    };
    const bool sk = std::any_of(outer.payloads.begin(), outer.payloads.end(), encrypted);
    if (place == Place::clear) {
      for (const Payload& p : outer.payloads)
        if (encrypted(p))
          error("E-WIRE-112", p, "RFC 7296, 1.2", "an encrypted payload before there are keys");
      return;
    }
    if (!sk)
      add(Severity::error, "E-WIRE-110", 0, header_size, "RFC 7296, 1.2",
          fmt::format("{} must be encrypted, but there is no SK or SKF payload",
                      name(outer.header.exchange)));
    for (const Payload& p : outer.payloads)
      if (!encrypted(p)) in_the_clear(outer, p);
  }
  void in_the_clear(const Message& outer, const Payload& p) {
    for (const Outside& row : outside_rules) {
      if (row.exchange != outer.header.exchange || row.response != outer.header.response ||
          !matches(p, row.rule))
        continue;
      const auto* part = first<SkfPayload>(outer.payloads);
      const auto count =
          std::count_if(outer.payloads.begin(), outer.payloads.end(),
                        [&](const Payload& other) { return matches(other, row.rule); });
      if (part != nullptr && part->number != 1)
        error("E-WIRE-113", p, "RFC 7383, 2.5.3",
              fmt::format("{} stands in the clear of fragment {}, and only the first may have it",
                          notation(p.type), part->number));
      else if (count > row.rule.max)
        error("E-WIRE-102", p, row.rule.rfc,
              fmt::format("{} {} payloads stand in the clear, at most {} may", count,
                          notation(p.type), row.rule.max));
      return;
    }
    error(
        "E-WIRE-111", p, "RFC 7296, 1.2",
        fmt::format("{} stands in the clear where everything must be encrypted", notation(p.type)));
  }

  void rules(const Form& form, const std::vector<Payload>& payloads) {
    for (const Rule& rule : form.rules) {
      const auto count = std::count_if(payloads.begin(), payloads.end(),
                                       [&](const Payload& p) { return matches(p, rule); });
      const std::string what =
          rule.notify == NotifyType{} ? notation(rule.payload) : "N(" + name(rule.notify) + ")";
      if (count < rule.min)
        add(Severity::error, "E-WIRE-101", 0, 0, rule.rfc,
            fmt::format("{} lacks {}", form.name, what));
      if (count > rule.max)
        add(Severity::error, "E-WIRE-102", 0, 0, rule.rfc,
            fmt::format("{} has {} {} payloads, at most {} may stand there", form.name, count, what,
                        rule.max));
    }
    for (const Payload& p : payloads) strangers(form, p);
  }

 private:
  void strangers(const Form& form, const Payload& p) {
    const bool anywhere = p.type == PayloadType::notify || p.type == PayloadType::vendor_id ||
                          codec_of(p.type).type == PayloadType::none;
    const bool named = std::any_of(form.rules.begin(), form.rules.end(),
                                   [&](const Rule& r) { return r.payload == p.type; });
    if (!anywhere && !named)
      add(Severity::warning, "E-WIRE-103", p.begin, p.end, form.rfc,
          fmt::format("{} does not belong in an {}; it is ignored", notation(p.type), form.name));
  }
};

Place place_of(ExchangeType exchange) {
  return exchange == ExchangeType::ike_sa_init ? Place::clear : Place::encrypted;
}

std::string one_summary(const Payload& p, bool response) {
  if (p.type == PayloadType::nonce) return response ? "Nr" : "Ni";
  if (const auto* n = std::get_if<NotifyPayload>(&p.body)) return "N(" + name(n->type) + ")";
  if (const auto* e = std::get_if<EapPayload>(&p.body)) return eap_summary(e->data);
  if (const auto* n = std::get_if<v1::NotifyPayload>(&p.body))
    return "N(" + v1::notify_name(n->type) + ")";
  if (const auto* a = std::get_if<v1::AttributePayload>(&p.body))
    return "ATTR(" + v1::config_type_name(a->type) + ")";
  if (const auto* f = std::get_if<SkfPayload>(&p.body))
    return fmt::format("SKF {} of {}", f->number, f->total);
  return notation(p.type);
}

}  // namespace

std::span<const Form> forms() {
  return all_forms;
}

const Form* form_of(const Header& header, const std::vector<Payload>& payloads) {
  for (const Form& form : all_forms)
    if (form.exchange == header.exchange && form.response == header.response &&
        holds(form.when, payloads))
      return &form;
  return nullptr;
}

std::vector<Diagnostic> check(const Message& outer, const std::vector<Payload>* inner) {
  Judge judge;
  const Place place = place_of(outer.header.exchange);
  const std::vector<Payload>* judged = place == Place::clear ? &outer.payloads : inner;
  if (!form_of(outer.header, {})) {
    judge.add(
        Severity::error, "E-WIRE-100", 18, 19, "RFC 7296, 3.1",
        fmt::format("exchange type {} is not known", static_cast<unsigned>(outer.header.exchange)));
    return judge.found;
  }
  judge.critical_bits(outer.payloads);
  judge.outer_layer(outer, place);
  if (inner) judge.critical_bits(*inner);
  if (judged) judge.rules(*form_of(outer.header, *judged), *judged);
  return judge.found;
}

std::string payload_summary(const std::vector<Payload>& payloads, bool response) {
  std::string text;
  for (const Payload& p : payloads) text += (text.empty() ? "" : ", ") + one_summary(p, response);
  return text;
}

std::string payload_summary(const Message& outer, const std::vector<Payload>& inner) {
  std::vector<Payload> shown;
  for (const Payload& p : outer.payloads)
    if (p.type != PayloadType::sk && p.type != PayloadType::skf) shown.push_back(p);
  shown.insert(shown.end(), inner.begin(), inner.end());
  return payload_summary(shown, outer.header.response);
}

std::string summary(const Message& outer, const std::vector<Payload>* inner) {
  const char* direction = outer.header.response ? " response" : " request";
  std::string text = name(outer.header.exchange) + (outer.header.major == 1 ? "" : direction);
  if (outer.header.major == 1 && outer.header.encrypted && !inner) return text + ", encrypted";
  if (inner) {
    const std::string outside = payload_summary(outer, {});
    return text + (outside.empty() ? "" : " " + outside) + " {" +
           payload_summary(*inner, outer.header.response) + "}";
  }
  return outer.payloads.empty()
             ? text
             : text + " " + payload_summary(outer.payloads, outer.header.response);
}

}  // namespace ikelab::wire
