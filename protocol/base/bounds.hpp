// Every bound of protocol/, with the reason for each. What exceeds one is refused with a
// diagnostic; nothing grows past them.
#pragma once
#include <cstddef>

namespace ikelab::bounds {

inline constexpr std::size_t message_octets = 65'000;  // one UDP datagram holds no more
inline constexpr std::size_t payloads_in_message =
    64;  // a long chain of certificates and notifies fits many times over
inline constexpr std::size_t proposals_in_sa = 32;  // strongSwan offers 2 to 8
inline constexpr std::size_t transforms_in_proposal =
    64;  // every transform IANA lists, of one kind, fits
inline constexpr std::size_t attributes_in_transform = 8;  // only Key Length is defined
inline constexpr std::size_t selectors_in_ts = 64;
inline constexpr std::size_t spis_in_delete = 256;
inline constexpr std::size_t attributes_in_config = 64;  // every attribute IANA lists, twice
inline constexpr std::size_t nonce_octets_min = 16;      // RFC 7296, 2.10
inline constexpr std::size_t nonce_octets_max = 256;     // RFC 7296, 2.10
inline constexpr std::size_t half_open_sas =
    10'000;  // about 20 MB of state an attacker may make us keep
inline constexpr unsigned notices_in_a_second =
    32;  // to whoever sends what nobody can answer: enough for honest mistakes
inline constexpr std::size_t children_in_ike_sa = 256;
inline constexpr std::size_t queued_tasks = 64;          // tasks waiting for a free exchange window
inline constexpr std::size_t cookie_octets_max = 64;     // RFC 7296, 2.6
inline constexpr std::size_t puzzle_tries = 1 << 18;     // of an initiator: some 0.3 s
inline constexpr std::size_t awaited_key_exchanges = 4;  // more than any window lets begin
inline constexpr std::size_t offered_ppks = 8;           // in a message; each costs a prf
inline constexpr std::size_t redirects = 5;              // one after another; more is a loop
inline constexpr std::size_t token_octets_min = 16;      // RFC 6290, 4.1
inline constexpr std::size_t token_octets_max = 128;     // RFC 6290, 4.1
inline constexpr std::size_t url_octets_max = 1024;      // of a certificate
inline constexpr std::size_t fetched_octets_max = 32'768;  // a certificate, or a bundle of them
inline constexpr std::size_t exchange_window = 16;       // requests under way, and answers kept
inline constexpr std::size_t leases = 65'536;            // inner addresses given to clients
inline constexpr std::size_t addresses_of_peer = 16;     // that MOBIKE tells of
inline constexpr std::size_t intermediate_exchanges = 16;  // seven key exchanges, and a few more
inline constexpr std::size_t certificates_in_chain = 8;
inline constexpr std::size_t revocation_statements = 32;  // CRLs, or OCSP responses, that are asked
inline constexpr int ocsp_single_responses = 32;          // in one OCSP response
inline constexpr std::size_t cached_certificates = 1024;  // parsed, and as many verdicts on chains
inline constexpr std::size_t replay_window_packets =
    65'536;  // 8 KiB an SA; what a link of 10 Gbit/s reorders in 80 ms
inline constexpr std::size_t esp_wishes = 1024;  // of the data path to IKE, until they are read
inline constexpr std::size_t ipv6_extension_headers = 8;  // RFC 8200 knows five, each once
inline constexpr std::size_t fragments_in_message =
    1024;  // the largest message, in fragments of 64 octets (RFC 7383)

inline constexpr std::size_t eap_packets =
    128;  // of one conversation: EAP-TLS with a chain of certificates needs some 30
inline constexpr std::size_t eap_identity_octets = 256;  // RFC 7542, 2.2: an NAI has 253 at most
inline constexpr std::size_t eap_tls_message_octets =
    65'536;  // RFC 5216, 2.1.5: 64 KiB hold any chain of certificates

}  // namespace ikelab::bounds
