// Which octets AUTH covers (RFC 7296, 2.15), as ranges of the messages they lie in.
//
//   InitiatorSignedOctets = RealMessage1 | NonceRData | MACedIDForI
//   ResponderSignedOctets = RealMessage2 | NonceIData | MACedIDForR
//
// The truth is found by looking for the parts of AuthDecided in the messages; nothing is assumed
// about where they lie.
#include <fmt/format.h>

#include <algorithm>

#include "labs/engine/predicate_rows.hpp"

namespace ikelab::labs {
namespace {

constexpr std::size_t ike_header_octets = 28;     // RFC 7296, 3.1
constexpr std::size_t generic_header_octets = 4;  // RFC 7296, 3.2
constexpr std::size_t id_header_octets = 8;  // RFC 7296, 3.5: generic header, ID Type, RESERVED

struct Signed {
  const trace::AuthDecided* auth = nullptr;
  const SentMessage* own = nullptr;    ///< RealMessage1 or 2
  const SentMessage* other = nullptr;  ///< the message whose nonce is covered
};

Error not_found(std::string what) {
  return Error{"E-LAB-015", "the run has no " + std::move(what)};
}

ByteView part(const trace::AuthDecided& auth, std::string_view label_begin) {
  for (const trace::LabelledRange& range : auth.parts)
    if (std::string_view(range.label).starts_with(label_begin) && range.begin <= range.end &&
        range.end <= auth.octets.size())
      return ByteView(auth.octets).subspan(range.begin, range.end - range.begin);
  return {};
}

Result<Signed> signed_by(const Facts& facts, const std::string& subject) {
  Signed out;
  IKELAB_TRY(out.auth, facts.auth(subject));
  const ByteView real = part(*out.auth, "RealMessage");
  for (const SentMessage& m : facts.messages()) {
    if (m.content->exchange != "IKE_SA_INIT") continue;
    if (equal(m.content->bytes, real))
      out.own = &m;
    else if (m.content->response == (subject == "initiator"))
      out.other = &m;
  }
  if (out.own == nullptr || out.other == nullptr)
    return not_found("IKE_SA_INIT message that AUTH covers");
  return out;
}

Result<Octets> found_in(ByteView haystack, ByteView needle, std::string_view what) {
  const auto at = std::search(haystack.begin(), haystack.end(), needle.begin(), needle.end());
  if (needle.empty() || at == haystack.end()) return not_found(std::string(what));
  const auto begin = static_cast<std::size_t>(at - haystack.begin());
  return Octets{begin, begin + needle.size()};
}

/// Both are slips of the finger, wherever the range lies.
void add_off_by_one(Truth& truth, std::size_t first, std::size_t last) {
  truth.wrong_ways.push_back({"end_exclusive", range_text(first, last + 1)});
  truth.wrong_ways.push_back({"counted_from_one", range_text(first + 1, last + 1)});
}

Truth message_part(const Signed& s) {
  const std::size_t size = s.own->content->bytes.size();
  Truth out{range_text(0, size - 1),
            {{"header_left_out", range_text(ike_header_octets, size - 1)},
             {"only_header", range_text(0, ike_header_octets - 1)},
             {"other_message", range_text(0, s.other->content->bytes.size() - 1)}}};
  add_off_by_one(out, 0, size - 1);
  return out;
}

Result<Truth> nonce_part(const Facts& facts, const Signed& s) {
  IKELAB_TRY(const Octets nonce,
             found_in(s.other->content->bytes, part(*s.auth, "Nonce"), "nonce that AUTH covers"));
  const std::size_t size = s.other->content->bytes.size();
  Truth out{range_text(nonce.begin, nonce.end - 1),
            {{"payload_header", range_text(nonce.begin - generic_header_octets, nonce.end - 1)},
             {"whole_message", range_text(0, size - 1)},
             {"whole_message", range_text(ike_header_octets, size - 1)}}};
  const auto own = facts.field(s.own->number, "Nonce Data");
  if (own.ok()) out.wrong_ways.push_back({"own_nonce", range_text(own->begin, own->end - 1)});
  add_off_by_one(out, nonce.begin, nonce.end - 1);
  return out;
}

Result<Truth> octets_truth(const Facts& facts, const Arguments& arguments) {
  IKELAB_TRY(const std::string subject,
             word_argument(arguments, "subject", {"initiator", "responder"}));
  IKELAB_TRY(const std::string which, word_argument(arguments, "part", {"message", "nonce"}));
  IKELAB_TRY(const Signed found, signed_by(facts, subject));
  if (which == "message") return message_part(found);
  return nonce_part(facts, found);
}

Result<Truth> identity_truth(const Facts& facts, const Arguments& arguments) {
  IKELAB_TRY(const std::string subject,
             word_argument(arguments, "subject", {"initiator", "responder"}));
  const bool initiator = subject == "initiator";
  for (const SentMessage& m : facts.messages()) {
    if (m.content->exchange != "IKE_AUTH" || m.content->response == initiator) continue;
    const auto payload = facts.inner_payload(
        m.number, initiator ? wire::PayloadType::id_i : wire::PayloadType::id_r);
    if (!payload.ok()) continue;
    const std::size_t last = payload->size() - 1;
    Truth out{range_text(generic_header_octets, last),
              {{"whole_payload", range_text(0, last)},
               {"data_only", range_text(id_header_octets, last)}}};
    add_off_by_one(out, generic_header_octets, last);
    return out;
  }
  return not_found("identity payload in a disclosed IKE_AUTH message");
}

constexpr Mistake end_exclusive{"end_exclusive",
                                "One octet too far: write the last octet that is covered, not "
                                "the one after it."};
constexpr Mistake counted_from_one{"counted_from_one",
                                   "The first octet has the number 0, as `show message` "
                                   "prints it."};

}  // namespace

Predicate auth_octets_predicate() {
  return {"auth_octets",
          "the answer is the range of a message that the AUTH of a side covers",
          {"subject", "part"},
          {},
          Form::range,
          {end_exclusive,
           counted_from_one,
           {"header_left_out",
            "The IKE header is covered too: the message is taken from the first octet of the "
            "first SPI in its header (RFC 7296, 2.15)."},
           {"only_header", "Not the header alone: an attacker could change every proposal."},
           {"other_message",
            "This is the length of the other side's message. Each side signs its own first "
            "message, and of the other's only the nonce."},
           {"payload_header",
            "Nonce data only: the payload's generic header is not covered (RFC 7296, 2.15: "
            "NonceIData and NonceRData)."},
           {"whole_message", "Of the other side's message only the nonce's data is covered."},
           {"own_nonce",
            "This is where the signer's own nonce lies. It is covered already, with the signer's "
            "own message; here the other side's nonce is meant."}},
          octets_truth};
}
Predicate auth_identity_predicate() {
  return {"auth_identity",
          "the answer is the range of the ID payload that goes into the MACed ID",
          {"subject"},
          {},
          Form::range,
          {end_exclusive,
           counted_from_one,
           {"whole_payload",
            "The payload's generic header (next payload, critical, length) is not covered: only "
            "the rest of the payload is."},
           {"data_only",
            "ID Type and RESERVED are covered as well, or a name could be turned into another "
            "kind of name."}},
          identity_truth};
}

}  // namespace ikelab::labs
