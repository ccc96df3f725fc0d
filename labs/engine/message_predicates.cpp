// Predicates about what was said: who, how many, how long, which numbers.
#include <fmt/format.h>

#include <algorithm>

#include "labs/engine/placeholder.hpp"
#include "labs/engine/predicate_rows.hpp"

namespace ikelab::labs {
namespace {

constexpr std::size_t ike_header_octets = 28;     // RFC 7296, 3.1
constexpr std::size_t generic_header_octets = 4;  // RFC 7296, 3.2
constexpr std::size_t ke_header_octets = 8;       // RFC 7296, 3.4: generic header, method, RESERVED
constexpr std::size_t udp_header_octets = 8;      // RFC 768
constexpr std::size_t ipv4_header_octets = 20;    // RFC 791, without options

constexpr Mistake other_message{"other_message",
                                "This is right for another message of the run. Which "
                                "one is asked for?"};

/// The same question asked about every other message.
template <class Ask>
std::vector<WrongWay> of_other_messages(const Facts& facts, std::uint64_t number, Ask ask) {
  std::vector<WrongWay> out;
  for (const SentMessage& m : facts.messages())
    if (m.number != number) out.push_back({"other_message", ask(m)});
  return out;
}

Result<Truth> role_truth(const Facts& facts, const Arguments& arguments) {
  IKELAB_TRY(const std::string role, word_argument(arguments, "role", {"initiator", "responder"}));
  IKELAB_TRY(const std::string initiator, facts.initiator());
  IKELAB_TRY(const std::string responder, facts.responder());
  const bool first = role == "initiator";
  return Truth{first ? initiator : responder,
               {{"other_role", first ? responder : initiator},
                {"role_itself", "initiator"},
                {"role_itself", "responder"}}};
}

Result<Truth> count_truth(const Facts& facts, const Arguments& arguments) {
  const auto wanted = words_of(argument(arguments, "exchanges"));
  const auto asked_for = [&](const std::string& exchange) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), exchange) != wanted.end();
  };
  std::size_t asked = 0, requests = 0;
  for (const SentMessage& m : facts.messages()) {
    if (!asked_for(m.content->exchange)) continue;
    ++asked;
    requests += m.content->response ? 0 : 1;
  }
  return Truth{std::to_string(asked),
               {{"exchanges_counted", std::to_string(requests)},
                {"all_messages", std::to_string(facts.messages().size())},
                {"both_ends", std::to_string(2 * asked)}}};
}

Result<Truth> exchange_truth(const Facts& facts, const Arguments& arguments) {
  IKELAB_TRY(const std::uint64_t number, message_argument(arguments));
  IKELAB_TRY(const auto* message, facts.message(number));
  return Truth{
      message->content->exchange,
      of_other_messages(facts, number, [](const SentMessage& m) { return m.content->exchange; })};
}

Result<Truth> message_id_truth(const Facts& facts, const Arguments& arguments) {
  IKELAB_TRY(const std::uint64_t number, message_argument(arguments));
  IKELAB_TRY(const auto* message, facts.message(number));
  Truth out{std::to_string(message->content->message_id),
            {{"counted_messages", std::to_string(number)},
             {"counted_messages", std::to_string(number - 1)}}};
  for (WrongWay& way : of_other_messages(facts, number, [](const SentMessage& m) {
         return std::to_string(m.content->message_id);
       }))
    out.wrong_ways.push_back(std::move(way));
  return out;
}

Result<Truth> message_octets_truth(const Facts& facts, const Arguments& arguments) {
  IKELAB_TRY(const std::uint64_t number, message_argument(arguments));
  IKELAB_TRY(const auto* message, facts.message(number));
  const std::size_t size = message->content->bytes.size();
  Truth out{std::to_string(size),
            {{"with_udp_header", std::to_string(size + udp_header_octets)},
             {"with_ip_header", std::to_string(size + udp_header_octets + ipv4_header_octets)},
             {"without_ike_header", std::to_string(size - std::min(size, ike_header_octets))},
             {"hex_digits", std::to_string(2 * size)}}};
  for (WrongWay& way : of_other_messages(facts, number, [](const SentMessage& m) {
         return std::to_string(m.content->bytes.size());
       }))
    out.wrong_ways.push_back(std::move(way));
  return out;
}

Result<Truth> field_octets_truth(const Facts& facts, const Arguments& arguments) {
  IKELAB_TRY(const std::uint64_t number, message_argument(arguments));
  IKELAB_TRY(const Octets field, facts.field(number, argument(arguments, "field")));
  const std::size_t size = field.size();
  return Truth{std::to_string(size),
               {{"with_payload_header", std::to_string(size + generic_header_octets)},
                {"with_payload_header", std::to_string(size + ke_header_octets)},
                {"hex_digits", std::to_string(2 * size)},
                {"in_bits", std::to_string(8 * size)}}};
}

/// Of "33 (SA)" the number; the words in brackets are ours.
std::string first_word(const std::string& value) {
  return value.substr(0, value.find(' '));
}

Result<Truth> message_field_truth(const Facts& facts, const Arguments& arguments) {
  IKELAB_TRY(const std::uint64_t number, message_argument(arguments));
  const std::string_view field = argument(arguments, "field");
  IKELAB_TRY(const std::string value, facts.field_value(number, field));
  Truth out{first_word(value), {}};
  for (const SentMessage& m : facts.messages()) {
    const auto other = facts.field_value(m.number, field);
    if (m.number != number && other.ok())
      out.wrong_ways.push_back({"other_message", first_word(*other)});
  }
  return out;
}

Result<Truth> spi_truth(const Facts& facts, const Arguments& arguments) {
  IKELAB_TRY(const std::string side, word_argument(arguments, "of", {"initiator", "responder"}));
  IKELAB_TRY(const auto* second, facts.message(2));  // the first message that carries both
  const bool first = side == "initiator";
  const std::string right = first ? second->content->spi_i : second->content->spi_r;
  Truth out{right,
            {{"other_side", first ? second->content->spi_r : second->content->spi_i},
             {"not_yet_chosen", "0000000000000000"}}};
  for (const trace::Event& event : facts.events())
    if (const auto* sa = std::get_if<trace::SaInstalled>(&event.body); sa && sa->protocol == "ESP")
      out.wrong_ways.push_back({"esp_spi", sa->spi});
  return out;
}

Result<Truth> proposal_truth(const Facts& facts, const Arguments& arguments) {
  IKELAB_TRY(const std::string protocol, word_argument(arguments, "protocol", {"IKE", "ESP"}));
  IKELAB_TRY(const auto* negotiated, facts.negotiated(protocol));
  Truth out{negotiated->chosen, {}};
  for (const trace::ProposalVerdict& verdict : negotiated->verdicts)
    if (!verdict.accepted) out.wrong_ways.push_back({"offered_only", verdict.text});
  const auto other = facts.negotiated(protocol == "IKE" ? "ESP" : "IKE");
  if (other.ok()) out.wrong_ways.push_back({"other_protocol", (*other)->chosen});
  return out;
}

constexpr Mistake hex_digits{"hex_digits", "You counted hex digits; two of them are one octet."};

}  // namespace

Predicate role_predicate() {
  return {"role",
          "the answer is the node in that role",
          {"role"},
          {},
          Form::word,
          {{"other_role", "It is the other one. Who sent the first message of all?"},
           {"role_itself", "Name the node (as `show messages` does), not the role."}},
          role_truth};
}
Predicate message_count_predicate() {
  return {"message_count",
          "the answer is the number of messages sent in these exchanges",
          {},
          {"exchanges"},
          Form::number,
          {{"exchanges_counted",
            "You counted exchanges. An exchange is two messages: a request and its response."},
           {"all_messages", "You counted messages that belong to later exchanges as well."},
           {"both_ends", "You counted each message twice: when it left and when it arrived."}},
          count_truth};
}
Predicate exchange_predicate() {
  return {"exchange",    "the answer is the exchange type of a message",
          {"message"},   {},
          Form::word,    {other_message},
          exchange_truth};
}
Predicate message_id_predicate() {
  return {"message_id",
          "the answer is the message ID of a message",
          {"message"},
          {},
          Form::number,
          {{"counted_messages",
            "You counted messages. The message ID counts the exchanges of one side, and "
            "a response repeats the ID of its request (RFC 7296, 2.2)."},
           other_message},
          message_id_truth};
}
Predicate message_octets_predicate() {
  return {"message_octets",
          "the answer is the length of an IKE message",
          {"message"},
          {},
          Form::number,
          {{"with_udp_header",
            "You counted the UDP header too (8 octets). The IKE message begins after it."},
           {"with_ip_header",
            "You counted the IP and UDP headers too. The IKE message begins after them."},
           {"without_ike_header",
            "You left out the IKE header of 28 octets; Length covers it (RFC 7296, 3.1)."},
           hex_digits,
           other_message},
          message_octets_truth};
}
Predicate field_octets_predicate() {
  return {"field_octets",
          "the answer is the length of a field of a message",
          {"message", "field"},
          {},
          Form::number,
          {{"with_payload_header",
            "You counted the payload's header too. Which octets are the data alone?"},
           hex_digits,
           {"in_bits", "This is the length in bits; octets are asked for."}},
          field_octets_truth};
}
Predicate message_field_predicate() {
  return {"message_field",      "the answer is the value of a field of a message",
          {"message", "field"}, {},
          Form::word,           {other_message},
          message_field_truth};
}
Predicate ike_spi_predicate() {
  return {"ike_spi",
          "the answer is the SPI that side chose for the IKE SA",
          {"of"},
          {},
          Form::hex,
          {{"other_side",
            "This is the SPI the other side chose. The header has the initiator's first."},
           {"not_yet_chosen",
            "Zero means: not yet chosen. The responder chooses its SPI with its answer; look at "
            "message 2."},
           {"esp_spi",
            "This is the SPI of an ESP SA (4 octets). The IKE SA has SPIs of 8 octets, in the IKE "
            "header."}},
          spi_truth};
}
Predicate proposal_predicate() {
  return {
      "proposal",
      "the answer is the chosen proposal, in swanctl's words",
      {"protocol"},
      {},
      Form::word,
      {{"offered_only", "This was offered, but not chosen. Look at the responder's SA payload."},
       {"other_protocol", "This was chosen for the other protocol: IKE and ESP negotiate apart."}},
      proposal_truth};
}

}  // namespace ikelab::labs
