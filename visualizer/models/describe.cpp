#include "visualizer/models/describe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "protocol/trace/attack_items.hpp"
#include "visualizer/models/text.hpp"

namespace ikelab::view {
namespace {

bool carries(const MessageRow& m, std::string_view payload) {
  const auto parts = split_list(m.message().payloads);
  return std::any_of(parts.begin(), parts.end(), [&](const std::string& part) {
    return part == payload || (part.starts_with(payload) && part.size() > payload.size() &&
                               !std::isalpha(static_cast<unsigned char>(part[payload.size()])));
  });
}

bool mentions(const MessageRow& m, std::string_view words) {
  return m.message().payloads.find(words) != std::string::npos;
}

// The first row whose exchange, direction and content fit says what a message does. "{}": its
// sender.
struct MessageWords {
  std::string_view exchange;
  bool response;
  std::string_view notify;   ///< a text its payloads must mention, "" for any
  std::string_view payload;  ///< a payload it must carry, "" for any
  std::string_view does, text, rfc;
};
constexpr std::array<MessageWords, 57> message_words = {{
    {"IKE_SA_INIT", false, "COOKIE", "", "{} tries again with the cookie it was given",
     "By returning the cookie the initiator shows that it receives packets at its address. Until "
     "then the responder keeps no state for it.",
     "RFC 7296, 2.6"},
    {"IKE_SA_INIT", false, "", "PS", "{} begins again with the solution of the puzzle",
     "PS holds four keys: the PRF of the cookie under each ends in as many zero bits as N(PUZZLE) "
     "asked for. Only trying finds such keys; the responder checks them with four calls.",
     "RFC 8019, 7.1.2"},
    {"IKE_SA_INIT", false, "", "", "{} offers algorithms, its key share and a nonce",
     "The first message of every IKE SA. It is in the clear: nothing is agreed yet. SA lists "
     "proposals, KE carries the public Diffie-Hellman value, Ni is fresh randomness for the keys.",
     "RFC 7296, 1.2"},
    {"IKE_SA_INIT", true, "PUZZLE", "SA", "{} answers, and asks for work before it computes keys",
     "The responder chose a proposal and keeps a half-open IKE SA. IKE_AUTH costs another puzzle: "
     "who sends noise instead pays more than it costs the responder, which looks at four keys and "
     "computes no shared secret.",
     "RFC 8019, 7.2.1"},
    {"IKE_SA_INIT", true, "PUZZLE", "", "{} asks for work before it keeps anything",
     "Under attack a cookie is not enough: the initiator must also spend computing time. The "
     "responder keeps no state; what it asked for stands in the cookie, protected by its secret.",
     "RFC 8019, 7.1"},
    {"IKE_SA_INIT", true, "COOKIE", "", "{} asks for a cookie before it does any work",
     "Under load a responder answers with a cookie instead of a key share, so that forged source "
     "addresses cost it nothing.",
     "RFC 7296, 2.6"},
    {"IKE_SA_INIT", true, "INVALID_KE_PAYLOAD", "", "{} asks for a key share of another group",
     "The key share was of a group the responder does not choose. It names the group it wants; the "
     "initiator starts over with a share of that group.",
     "RFC 7296, 1.2"},
    {"IKE_SA_INIT", true, "NO_PROPOSAL_CHOSEN", "", "{} accepts none of the proposals",
     "No proposal shares an algorithm of every kind with the responder's configuration. The "
     "negotiation ends here.",
     "RFC 7296, 2.7"},
    {"IKE_SA_INIT", true, "", "", "{} picks one proposal and answers with its key share and nonce",
     "Now both sides can compute the shared secret, SKEYSEED and all SK_ keys. Nobody is "
     "authenticated yet.",
     "RFC 7296, 1.2"},
    {"IKE_INTERMEDIATE", false, "", "KE", "{} sends the key share of an additional key exchange",
     "Encrypted with the keys that there are so far, and so in fragments where it is large. Each "
     "such exchange makes all SK_ keys anew from SK_d and its own secret: who breaks one method "
     "alone has nothing.",
     "RFC 9370, 2.2.2"},
    {"IKE_INTERMEDIATE", true, "", "KE", "{} answers with its share; the keys change",
     "From the next message on new SK_ keys protect the IKE SA. AUTH will cover this exchange "
     "through IntAuth.",
     "RFC 9370, 2.2.2"},
    {"IKE_FOLLOWUP_KE", true, "ADDITIONAL_KEY_EXCHANGE", "", "{} answers; one more is to follow",
     "The notification is a link: the next request brings it back, so that the responder knows "
     "which unfinished SA it belongs to.",
     "RFC 9370, 2.2.4"},
    {"IKE_FOLLOWUP_KE", false, "", "", "{} goes on with a further key exchange for the new SA",
     "CREATE_CHILD_SA agreed on several key exchange methods; each further one has an exchange of "
     "its own. The new SA exists only after the last.",
     "RFC 9370, 2.2.4"},
    {"IKE_FOLLOWUP_KE", true, "", "", "{} answers; now the new SA has its keys",
     "The secrets of all key exchanges and the nonces of CREATE_CHILD_SA make the keys together.",
     "RFC 9370, 2.2.4"},
    {"CREATE_CHILD_SA", true, "ADDITIONAL_KEY_EXCHANGE", "",
     "{} agrees; the new SA waits for further key exchanges",
     "The link in the notification says where they belong.", "RFC 9370, 2.2.4"},
    {"IKE_AUTH", true, "AUTHENTICATION_FAILED", "", "{} does not believe who the peer says it is",
     "The AUTH payload did not verify against the configured key or certificate. The IKE SA is "
     "given up.",
     "RFC 7296, 2.21.2"},
    {"IKE_AUTH", true, "NO_PROPOSAL_CHOSEN", "",
     "{} proves who it is, but accepts no proposal for the tunnel",
     "The IKE SA stands; the Child SA was refused because no ESP proposal fits.", "RFC 7296, 1.2"},
    {"IKE_AUTH", true, "TS_UNACCEPTABLE", "",
     "{} proves who it is, but refuses the tunnel's addresses",
     "The IKE SA stands; the Child SA was refused because the traffic selectors do not overlap "
     "with the configured ones.",
     "RFC 7296, 2.9"},
    {"IKE_AUTH", true, "EAP(Success)", "", "{} is content with EAP",
     "The method is at its end and gave both sides a key, the MSK. AUTH of both must still follow: "
     "it ties EAP to this IKE SA.",
     "RFC 7296, 2.16"},
    {"IKE_AUTH", true, "EAP(", "AUTH", "{} proves who it is and begins EAP",
     "The responder shows its certificate and AUTH first; the initiator checks them before it says "
     "a word of EAP.",
     "RFC 7296, 2.16"},
    {"IKE_AUTH", true, "EAP(", "", "{} asks on in EAP",
     "An EAP request: who comes, a challenge, or a part of a TLS handshake.", "RFC 7296, 2.16"},
    {"IKE_AUTH", false, "EAP(", "", "{} answers in EAP",
     "An EAP response, given only after the responder was believed.", "RFC 7296, 2.16"},
    {"IKE_AUTH", false, "", "PS", "{} brings the puzzle's solution and says who it is",
     "PS stands before the Encrypted payload, in the clear: the responder looks at it before it "
     "computes the shared secret and the keys with which it can read the rest. Its ICV covers PS, "
     "too.",
     "RFC 8019, 7.2.2"},
    {"IKE_AUTH", false, "SA, TSi", "AUTH", "{} proves who it is and asks for a tunnel",
     "Everything after the header is encrypted with SK_ei. AUTH signs the initiator's first "
     "message, the responder's nonce and the identity: whoever changed a byte of message 1 is "
     "found out here. SA, TSi and TSr ask for the first Child SA.",
     "RFC 7296, 1.2"},
    {"IKE_AUTH", false, "SA, TSi", "", "{} says who it is and asks for EAP",
     "There is no AUTH: the initiator has declared an identity, and not proven it. That is how it "
     "asks for EAP.",
     "RFC 7296, 2.16"},
    {"IKE_AUTH", false, "", "AUTH", "{} proves itself once more",
     "AUTH after EAP, keyed by what the method gave, or of another round of authentication.",
     "RFC 7296, 2.16; RFC 4739, 2.1"},
    {"IKE_AUTH", false, "", "", "{} proves who it is and asks for a tunnel",
     "Everything after the header is encrypted with SK_ei. AUTH signs the initiator's first "
     "message, the responder's nonce and the identity: whoever changed a byte of message 1 is "
     "found out here. SA, TSi and TSr ask for the first Child SA.",
     "RFC 7296, 1.2"},
    {"IKE_AUTH", true, "", "", "{} proves who it is and agrees to the tunnel",
     "The responder's AUTH covers its first message, the initiator's nonce and its identity. With "
     "it both sides are authenticated, and the first Child SA's keys are derived.",
     "RFC 7296, 1.2"},
    {"CREATE_CHILD_SA", true, "NO_PROPOSAL_CHOSEN", "", "{} accepts none of the proposals",
     "The exchange fails; the SAs that exist stay as they are.", "RFC 7296, 1.3"},
    {"CREATE_CHILD_SA", true, "TEMPORARY_FAILURE", "",
     "{} is busy with another rekeying and asks to try later",
     "The peer cannot do this now, usually because it is rekeying the same SA itself.",
     "RFC 7296, 2.25"},
    {"CREATE_CHILD_SA", true, "INVALID_KE_PAYLOAD", "", "{} asks for a key share of another group",
     "The requester tries again with a share of the group the peer names.", "RFC 7296, 1.3"},
    {"CREATE_CHILD_SA", false, "REKEY_SA", "", "{} asks for fresh keys for the tunnel",
     "Rekeying makes a new Child SA beside the old one, from fresh nonces (and a fresh key share, "
     "when KE is there). The old one is deleted afterwards, so no packet is lost.",
     "RFC 7296, 1.3.3"},
    {"CREATE_CHILD_SA", false, "", "TSi", "{} asks for another tunnel",
     "A further Child SA under the same IKE SA, with its own keys and traffic selectors.",
     "RFC 7296, 1.3.1"},
    {"CREATE_CHILD_SA", false, "", "", "{} asks for fresh keys for the IKE SA itself",
     "The new IKE SA gets a new SKEYSEED from the old SK_d, a fresh Diffie-Hellman exchange and "
     "fresh nonces. It inherits the Child SAs.",
     "RFC 7296, 1.3.2"},
    {"CREATE_CHILD_SA", true, "", "TSi", "{} agrees; both derive the new tunnel's keys",
     "KEYMAT comes from SK_d and the nonces of this exchange.", "RFC 7296, 2.17"},
    {"CREATE_CHILD_SA", true, "", "", "{} agrees; both derive the new IKE SA's keys",
     "All seven SK_ keys are replaced.", "RFC 7296, 2.18"},
    {"IKE_INTERMEDIATE", false, "", "", "{} sends what IKE_SA_INIT had no room for",
     "IKE_INTERMEDIATE stands between IKE_SA_INIT and IKE_AUTH: encrypted, and covered by AUTH.",
     "RFC 9242, 3.2"},
    {"INFORMATIONAL", false, "UPDATE_SA_ADDRESSES", "", "{} says that its address has changed",
     "The peer has moved: the SAs stay, their outer addresses change. It is believed because the "
     "message is protected by the IKE SA.",
     "RFC 4555, 3.5"},
    {"INFORMATIONAL", false, "", "D", "{} deletes an SA",
     "A Delete payload names the SPIs the sender will no longer receive on. The peer answers with "
     "the SPIs of the other direction.",
     "RFC 7296, 1.4.1"},
    {"INFORMATIONAL", true, "", "D", "{} deletes its side as well",
     "The two SAs of a pair are always deleted together.", "RFC 7296, 1.4.1"},
    {"Main Mode", false, "", "SA", "{} offers algorithms, and no more",
     "IKEv1's main mode has three pairs of messages: algorithms, key shares, identities. This is "
     "the "
     "first; nothing is secret yet.",
     "RFC 2409, 5 (historic)"},
    {"Main Mode", true, "", "SA", "{} picks one proposal",
     "The responder keeps state from here on: the cookies in the header, meant against floods, do "
     "not help.",
     "RFC 2409, 5 (historic)"},
    {"Main Mode", false, "", "KE", "{} sends its key share and a nonce",
     "With the peer's share it gives g^xy. SKEYID also needs the pre-shared key: an eavesdropper "
     "has "
     "neither.",
     "RFC 2409, 5 (historic)"},
    {"Main Mode", true, "", "KE", "{} answers with its key share and nonce",
     "Both sides can compute SKEYID, SKEYID_d, SKEYID_a and SKEYID_e now.",
     "RFC 2409, 5 (historic)"},
    {"Main Mode", false, "", "", "{} says who it is and proves it",
     "Encrypted with SKEYID_e. HASH_I, or a signature over it, covers both key shares, both "
     "cookies, "
     "the proposals and the identity.",
     "RFC 2409, 5 (historic)"},
    {"Main Mode", true, "", "", "{} proves who it is; the ISAKMP SA stands",
     "HASH_R is the other way round. Tunnels follow in quick mode.", "RFC 2409, 5 (historic)"},
    {"Aggressive Mode", false, "", "SA",
     "{} sends it all at once: proposal, key share, nonce, identity",
     "Three messages instead of six, and the identity in the clear.", "RFC 2409, 5.4 (historic)"},
    {"Aggressive Mode", true, "", "", "{} answers with all of its own, and a HASH in the clear",
     "Whoever asks gets HASH_R, and can try passwords against it at home: the reason why "
     "aggressive "
     "mode with pre-shared keys is broken.",
     "RFC 2409, 5.4 (historic)"},
    {"Aggressive Mode", false, "", "", "{} proves who it is; the ISAKMP SA stands",
     "HASH_I covers what HASH_R covers, from the other side.", "RFC 2409, 5.4 (historic)"},
    {"Quick Mode", false, "", "SA", "{} asks for a tunnel",
     "Quick mode makes IPsec SAs under the ISAKMP SA, three messages for each pair. HASH(1) "
     "authenticates, everything is encrypted.",
     "RFC 2409, 5.5 (historic)"},
    {"Quick Mode", true, "", "", "{} agrees to the tunnel",
     "Both nonces are known: KEYMAT comes from SKEYID_d, protocol, SPI and the nonces.",
     "RFC 2409, 5.5 (historic)"},
    {"Quick Mode", false, "", "", "{} confirms that it has heard",
     "HASH(3) shows the responder that the initiator is alive and has the keys.",
     "RFC 2409, 5.5 (historic)"},
    {"Transaction", false, "", "", "{} asks in a transaction",
     "Mode config and XAuth: addresses and passwords, between the two phases.",
     "draft-dukes-ike-mode-cfg"},
    {"Transaction", true, "", "", "{} answers in the transaction",
     "Mode config and XAuth: addresses and passwords, between the two phases.",
     "draft-dukes-ike-mode-cfg"},
    {"Informational", false, "", "D", "{} says that it deletes an SA",
     "In IKEv1 nobody answers this: whether the peer has heard it, it does not say.",
     "RFC 2408, 4.8 (historic)"},
    {"Informational", false, "", "", "{} notifies the peer",
     "A notification without an answer: an error, or that it is still there.",
     "RFC 2408, 4.8 (historic)"},
    {"INFORMATIONAL", false, "", "", "{} asks whether the peer is still there",
     "An empty request: any authenticated answer proves that the peer is alive and still has the "
     "keys.",
     "RFC 7296, 2.4"},
}};

constexpr MessageWords other_message = {"",
                                        false,
                                        "",
                                        "",
                                        "{} answers",
                                        "An answer closes the exchange: every request gets exactly "
                                        "one response with the same message id.",
                                        "RFC 7296, 2.1"};

constexpr MessageWords other_request = {"",
                                        false,
                                        "",
                                        "",
                                        "{} begins an exchange",
                                        "Every request gets exactly one response with the same "
                                        "message id.",
                                        "RFC 7296, 2.1"};

const MessageWords& words_of(const MessageRow& m) {
  for (const MessageWords& w : message_words)
    if (m.message().exchange == w.exchange && m.message().response == w.response &&
        (w.notify.empty() || mentions(m, w.notify)) && (w.payload.empty() || carries(m, w.payload)))
      return w;
  return m.message().response ? other_message : other_request;
}

struct KeyWords {
  std::string_view prefix, text, rfc;
};
constexpr std::array<KeyWords, 19> key_words = {{
    {"SKEYSEED",
     "The seed of every key of this IKE SA. It mixes both nonces with the Diffie-Hellman secret, "
     "which an eavesdropper cannot compute.",
     "RFC 7296, 2.14"},
    {"SK_d",
     "Derives the keys of Child SAs, and the SKEYSEED of the next IKE SA. It never protects a "
     "message itself.",
     "RFC 7296, 2.14"},
    {"SK_ai",
     "Authenticates messages the initiator sends. Unused with AEAD ciphers such as AES-GCM, which "
     "authenticate by themselves.",
     "RFC 7296, 2.14"},
    {"SK_ar", "Authenticates messages the responder sends. Unused with AEAD ciphers.",
     "RFC 7296, 2.14"},
    {"SK_ei",
     "Encrypts messages the initiator sends. For AES-GCM its last 4 octets are the salt of the "
     "nonce.",
     "RFC 7296, 2.14"},
    {"SK_er",
     "Encrypts messages the responder sends. For AES-GCM its last 4 octets are the salt of the "
     "nonce.",
     "RFC 7296, 2.14"},
    {"SK_pi", "Makes the MAC over the initiator's identity that its AUTH payload covers.",
     "RFC 7296, 2.15"},
    {"SK_pr", "Makes the MAC over the responder's identity that its AUTH payload covers.",
     "RFC 7296, 2.15"},
    {"KEYMAT",
     "The stream of key material of one Child SA. It is cut into the keys of both directions, the "
     "initiator's first.",
     "RFC 7296, 2.17"},
    {"ESP enc", "Encrypts the packets of one direction of the tunnel.", "RFC 4303, 2.3"},
    {"ESP int", "Authenticates the packets of one direction of the tunnel.", "RFC 4303, 2.8"},
    {"ESP", "Protects the packets of one direction of the tunnel.", "RFC 4301, 4.4.2"},
    {"SK(", "The secret of an additional key exchange, as g^ir is of the first one.",
     "RFC 9370, 2.2.2"},
    {"IntAuth_",
     "Sums up an IKE_INTERMEDIATE message in plaintext, chained to the ones before, for AUTH to "
     "cover.",
     "RFC 9242, 3.3.2"},
    {"PPK",
     "A post-quantum preshared key: configured on both sides, never sent, so that no computer "
     "finds "
     "it in what was recorded.",
     "RFC 8784, 3"},
    {"g^ir",
     "The Diffie-Hellman shared secret. Both sides compute it from their own private and the "
     "other's public value.",
     "RFC 7296, 2.14"},
    {"Ni", "The initiator's nonce: fresh randomness, sent in the clear.", "RFC 7296, 2.10"},
    {"Nr", "The responder's nonce: fresh randomness, sent in the clear.", "RFC 7296, 2.10"},
    {"SPI",
     "The SPIs of the IKE SA, from the message headers. With them in the formula two SAs never "
     "share keys.",
     "RFC 7296, 2.14"},
}};

struct PayloadWords {
  std::string_view notation, text;
};
constexpr std::array<PayloadWords, 18> payload_words = {{
    {"SA", "Security Association: the algorithms offered or chosen."},
    {"KE", "Key Exchange: a public Diffie-Hellman value."},
    {"Ni", "The initiator's nonce: fresh randomness for the keys."},
    {"Nr", "The responder's nonce: fresh randomness for the keys."},
    {"IDi", "Who the initiator says it is."},
    {"IDr", "Who the responder says it is, or should be."},
    {"AUTH",
     "The proof of identity: a signature or MAC over the first message, the other's nonce and the "
     "identity."},
    {"CERTREQ", "Which certification authorities the sender trusts."},
    {"CERT", "A certificate: binds the identity to a public key."},
    {"TSi", "Traffic selectors: addresses on the initiator's side of the tunnel."},
    {"TSr", "Traffic selectors: addresses on the responder's side of the tunnel."},
    {"SK", "The encrypted payload: everything inside is hidden and authenticated."},
    {"PS", "Puzzle Solution: four keys that only trying finds."},
    {"D", "Delete: SAs the sender has closed."},
    {"V", "Vendor ID: says which implementation this is."},
    {"CP", "Configuration: an address for a remote user, and the like."},
    {"EAP", "A step of an EAP method, for users with passwords."},
    {"N", "Notify: an error, or a remark about what the sender supports."},
}};

std::string short_name(const trace::SaInstalled& s) {
  return s.protocol == "IKE"
             ? "the IKE SA"
             : fmt::format("the {} SA {}", s.direction == "in" ? "inbound ESP" : "outbound ESP",
                           s.spi);
}

// One overload for each event worth a sentence; the last takes the rest.
struct Sentence {
  const std::string& n;
  std::string operator()(const trace::DatagramSent& b) const {
    return fmt::format("{} sends {} of {} to {}", n, octets_text(b.size), b.protocol, b.dst);
  }
  std::string operator()(const trace::DatagramReceived& b) const {
    return fmt::format("{} receives {} of {} from {}", n, octets_text(b.size), b.protocol, b.src);
  }
  std::string operator()(const trace::DatagramDropped& b) const {
    return fmt::format("A packet is lost at {}: {}", b.where.empty() ? n : b.where, b.reason);
  }
  std::string operator()(const trace::PacketOnLink& b) const {
    return fmt::format("{} crosses {} from {} to {}", b.protocol, b.link, b.from, b.to);
  }
  std::string operator()(const trace::NatMapping& b) const {
    return b.outside.empty()
               ? fmt::format("{} has no port for {} of {}: {}", n, b.protocol, b.inside, b.reason)
               : fmt::format("{}: {} of {} is {} outside, {}{}{}", n, b.protocol, b.inside,
                             b.outside, b.action, b.reason.empty() ? "" : ": ", b.reason);
  }
  std::string operator()(const trace::Message& b) const {
    const std::string part =
        b.fragments == 0 ? "" : fmt::format(", fragment {} of {}", b.fragment, b.fragments);
    return fmt::format("{} {} {} {}{}", n, b.direction == "sent" ? "sends" : "receives", b.exchange,
                       b.response ? "response" : "request", part);
  }
  std::string operator()(const trace::Diagnostic& b) const {
    return fmt::format("{} {}: {}", n, b.severity == "error" ? "refuses" : "remarks", b.message);
  }
  std::string operator()(const trace::StateChanged& b) const {
    return fmt::format("{}: the {} SA goes from {} to {}", n, b.what, b.from, b.to);
  }
  std::string operator()(const trace::TaskStarted& b) const {
    return fmt::format("{} starts {} as {}", n, b.task, b.role);
  }
  std::string operator()(const trace::TaskEnded& b) const {
    return fmt::format("{} ends {}: {}{}{}", n, b.task, b.outcome, b.detail.empty() ? "" : ", ",
                       b.detail);
  }
  std::string operator()(const trace::Negotiated& b) const {
    return b.chosen.empty() ? fmt::format("{} finds no common {} proposal", n, b.protocol)
                            : fmt::format("{} settles on {} for {}", n, b.chosen, b.protocol);
  }
  std::string operator()(const trace::AuthDecided& b) const {
    if (b.local) return fmt::format("{} makes its AUTH as {} ({})", n, b.identity, b.method);
    return b.ok ? fmt::format("{} believes that the {} is {} ({})", n, b.subject, b.identity,
                              b.method)
                : fmt::format("{} does not believe that the {} is {}: {}", n, b.subject, b.identity,
                              b.reason);
  }
  std::string operator()(const trace::KeyDerived& b) const {
    return fmt::format("{} derives {} ({})", n, b.name, counted(b.length, "octet", "octets"));
  }
  std::string operator()(const trace::SaInstalled& b) const {
    return fmt::format("{} installs {}{}{}", n, short_name(b),
                       b.reason.empty() || b.reason == "new" ? "" : ": ",
                       b.reason == "new" ? "" : b.reason);
  }
  std::string operator()(const trace::SaRemoved& b) const {
    return fmt::format("{} removes the {} SA {}: {}", n, b.protocol, b.spi, b.reason);
  }
  std::string operator()(const trace::SaMoved& b) const {
    return fmt::format("{}: the {} SA {} goes between {} and {} from now on: {}", n, b.protocol,
                       b.spi, b.src, b.dst, b.reason);
  }
  std::string operator()(const trace::Configured& b) const {
    const std::string what = b.address + (b.pool.empty() ? "" : " of pool " + b.pool) +
                             (b.more.empty() ? "" : ", " + b.more);
    if (b.action == "got")
      return fmt::format("{} gets the inner address {} from {}", n, what, b.peer);
    if (b.action == "given") return fmt::format("{} gives {} to {}", n, what, b.peer);
    return fmt::format("{} has {} back from {}", n, what, b.peer);
  }
  std::string operator()(const trace::TimerFired& b) const {
    return fmt::format("{}: timer {} fires{}{}", n, b.timer, b.detail.empty() ? "" : ", ",
                       b.detail);
  }
  std::string operator()(const trace::EspSealed& b) const {
    return fmt::format("{} seals {} as ESP packet {}", n, b.summary, thousands(b.sequence));
  }
  std::string operator()(const trace::EspOpened& b) const {
    return fmt::format("{} opens ESP packet {}: {}", n, thousands(b.sequence), b.summary);
  }
  std::string operator()(const trace::EspRejected& b) const {
    return fmt::format("{} refuses ESP packet {}: {}", n, thousands(b.sequence), b.reason);
  }
  std::string operator()(const trace::AttackAction& b) const {
    const std::string verb = b.action == "modify"   ? "modifies"
                             : b.action == "replay" ? "replays"
                             : b.action == "pass"   ? "passes"
                                                    : b.action + "s";
    return fmt::format("{} {} a packet{}{}", n, verb, b.note.empty() ? "" : ": ", b.note);
  }
  std::string operator()(const trace::AttackKnowledge& b) const {
    if (b.item == trace::item_place) return fmt::format("{} stands {}", n, b.text);
    if (b.item == trace::item_plan) return fmt::format("{}'s script: {}", n, b.text);
    if (b.item == trace::item_unseen) return fmt::format("{} is not seen: {}", n, b.text);
    return fmt::format("{} now knows: {}", n, b.text.empty() ? b.item : b.text);
  }
  std::string operator()(const trace::Alert& b) const {
    return fmt::format("{} ({}): {}", b.monitor, b.severity, b.text);
  }
  std::string operator()(const trace::Metric& b) const {
    return fmt::format("{}: {} {} {}", b.subject, b.name,
                       thousands(static_cast<std::uint64_t>(std::max<std::int64_t>(0, b.value))),
                       b.unit);
  }
  std::string operator()(const trace::Mark& b) const { return b.text; }
};

}  // namespace

std::string what_it_does(const MessageRow& m) {
  const trace::Message& body = m.message();
  const bool part = body.fragments > 1 && body.payloads.empty();
  const std::string does =
      part ? fmt::format("{} sends part {} of {} of a message too large for one datagram", m.from,
                         body.fragment, body.fragments)
           : fmt::format(fmt::runtime(words_of(m).does), m.from);
  return m.is_repeat() ? fmt::format("{} (again: no answer came to message {})", does, m.first)
                       : does;
}

std::string chapter_title(const MessageRow& m) {
  const std::string& exchange = m.message().exchange;
  if (exchange == "IKE_SA_INIT") return "They agree on algorithms and a secret";
  if (exchange == "IKE_AUTH") return "They prove who they are";
  if (exchange == "Main Mode") return "IKEv1: a secret, then who they are, in six messages";
  if (exchange == "Aggressive Mode") return "IKEv1: all at once, in three messages";
  if (exchange == "Quick Mode") return "IKEv1: a tunnel is agreed on";
  if (exchange == "IKE_INTERMEDIATE") return "They mix in a further key exchange";
  if (exchange == "CREATE_CHILD_SA") {
    if (mentions(m, "REKEY_SA")) return "The tunnel gets fresh keys";
    return carries(m, "TSi") ? "Another tunnel is opened" : "The IKE SA gets fresh keys";
  }
  if (exchange == "INFORMATIONAL")
    return carries(m, "D") ? "An SA is deleted" : "Is the peer still there?";
  return exchange;
}

Explanation explain(const MessageRow& m) {
  const MessageWords& w = words_of(m);
  return {std::string(w.text), std::string(w.rfc)};
}

Explanation explain_key(std::string_view name) {
  for (const KeyWords& w : key_words)
    if (name.starts_with(w.prefix)) return {std::string(w.text), std::string(w.rfc)};
  return {"A value of the key schedule.", "RFC 7296, 2.13"};
}

std::string event_sentence(const trace::Event& event) {
  const std::string node = event.node.empty() ? "The network" : event.node;
  return std::visit(Sentence{node}, event.body);
}

std::string payload_sentence(std::string_view notation) {
  for (const PayloadWords& w : payload_words) {
    const bool fits = notation == w.notation ||
                      (notation.starts_with(w.notation) && notation.size() > w.notation.size() &&
                       !std::isalpha(static_cast<unsigned char>(notation[w.notation.size()])));
    if (fits) return std::string(w.text);
  }
  return "A payload.";
}

}  // namespace ikelab::view
