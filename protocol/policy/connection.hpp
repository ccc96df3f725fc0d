// What a node is configured to do, in swanctl's vocabulary: connections, their authentication,
// their children.
#pragma once
#include <optional>
#include <string>

#include "protocol/base/secret.hpp"
#include "protocol/base/time.hpp"
#include "protocol/policy/identity.hpp"
#include "protocol/policy/proposal.hpp"
#include "protocol/policy/traffic_selector.hpp"
#include "protocol/trace/event.hpp"

namespace ikelab::policy {

/// eap: of the initiator only, or of both (RFC 5998). null: nobody is identified (RFC 7619).
enum class AuthKind { psk, pubkey, eap, null };

/// swanctl's `revocation` (RFC 5280, 6.3). relaxed: only what is known to be revoked fails. ifuri:
/// what says where its revocation is published must be known to be good. strict: all must be.
enum class Revocation { relaxed, ifuri, strict };

/// swanctl's `ocsp` (RFC 4806): whether the peer is asked for OCSP responses, and is given ours.
enum class Ocsp { never, request, reply, both };

/// A CRL or OCSP response (DER) that a distribution point serves from `at` on.
struct Published {
  std::string source;  ///< its URI, or any name
  Instant at;
  Bytes der;
};
/// What can be had at `now`: of each source the newest.
std::vector<Bytes> published(const std::vector<Published>& all, Instant now);

/// IKE fragmentation (RFC 7383). yes: large messages go in fragments where the peer agrees; accept:
/// the peer's are taken, ours go whole; force: every encrypted message goes in fragments, however
/// small (strongSwan's `force` concerns IKEv1 only).
enum class Fragmentation { yes, accept, force, no };

/// Where a preshared key is agreed on. auth: in IKE_AUTH (RFC 8784). intermediate: before it, so
/// that it protects identities, too (RFC 9867). either: there if the peer can, else in IKE_AUTH.
enum class PpkExchange { auth, intermediate, either };

/// swanctl's `childless` (RFC 6023). allow: a peer may begin an IKE SA without a Child SA; prefer:
/// ours begin so where the peer allows it; force: no IKE SA begins otherwise.
enum class Childless { never, allow, prefer, force };

/// Where clients are sent instead, and when they are told (RFC 5685, 3 and 6).
struct Redirect {
  IpAddress gateway;
  enum class When { init, auth } when = When::init;
};

/// One round of `local` or `remote`. For pubkey and EAP-TLS: local needs certificate chain and key,
/// remote needs trust anchors.
struct AuthConfig {
  AuthKind kind = AuthKind::psk;
  Identity id;  ///< remote: what the peer must prove to be; Identity::any() accepts every one
  Bytes psk;    ///< psk: the same on both sides; local eap: the user's password
  wire::EapType eap_method = wire::EapType::none;  ///< eap; none: whatever the other side takes
  std::string eap_id;  ///< eap: who we say we are there, or whom we expect; empty: as the ID
                       ///< payload says; remote, %any: we ask
  unsigned tls_version_max = 3;                 ///< EAP-TLS: up to TLS 1.2 or 1.3
  std::vector<Bytes> certificates;              ///< DER, own certificate first (local)
  Bytes private_key;                            ///< DER PKCS #8 (local)
  std::vector<Bytes> authorities;               ///< DER trust anchors (remote)
  Revocation revocation = Revocation::relaxed;  ///< remote
  std::vector<Published> crls;                  ///< remote: what may tell about the peer's chain
  std::vector<Published> ocsp_responses;        ///< local: about our certificates, for the peer
  /// local: where each of `certificates` can be had, "" where it cannot (RFC 7296, 3.6).
  std::vector<std::string> certificate_urls;
  std::string bundle_url;                    ///< local: where all of them can be had at once
  std::vector<Published> certificate_store;  ///< remote: what a look-up finds; `source` is the URL
};

/// What becomes of Don't Fragment in an outer header (RFC 4301, 8.1).
enum class Df { copy, clear, set };

/// swanctl's `mode`: SAs of a kind, or policies that need none.
enum class ChildMode { tunnel, transport, pass, drop };

/// How much an SA may carry, swanctl's rekey_*, life_* and rand_* (bytes or packets). 0: no limit.
struct Volume {
  std::uint64_t rekey = 0;            ///< a new SA is asked for
  std::uint64_t life = 0;             ///< the end; unless told, a tenth above `rekey`
  std::optional<std::uint64_t> rand;  ///< `rekey` is less by up to so much; unless told, a tenth
  auto operator<=>(const Volume&) const = default;
};

struct ChildConfig {
  std::string name;
  std::vector<wire::TrafficSelector> local_ts, remote_ts;
  /// swanctl's `dynamic`: besides those above, the inner address of a virtual IP, or the outer one.
  bool local_dynamic = false, remote_dynamic = false;
  std::vector<wire::Proposal> esp_proposals;
  Duration rekey_time{0};             ///< 0: never
  std::optional<Duration> life_time;  ///< the end; unless told, a tenth above rekey_time
  std::optional<Duration> rand_time;  ///< rekey_time is less by up to so much; or by a tenth
  Volume bytes, packets;
  std::uint32_t replay_window = 64;  ///< packets; 0 switches anti-replay off (RFC 4303, 3.4.3)
  bool start = false;                ///< initiate at start-up
  bool trap = false;                 ///< initiate when traffic wants it
  ChildMode mode = ChildMode::tunnel;
  std::uint32_t priority = 0;     ///< of its policies, lower first; 0: made from the selectors
  std::uint32_t tfc_padding = 0;  ///< octets to pad inner packets to (RFC 4303, 2.7); 0: none
  static constexpr std::uint32_t tfc_mtu = 0xffff'ffff;  ///< pad to whatever the path takes
  /// What crosses between inner and outer header in tunnel mode (RFC 4301, 5.1.2).
  struct Copy {
    bool dscp_out = true, dscp_in = false;
    bool ecn = true;  ///< RFC 6040
    Df df = Df::copy;
  } copy;
  [[nodiscard]] bool needs_sas() const {
    return mode == ChildMode::tunnel || mode == ChildMode::transport;
  }
};

/// What a user of EAP has to know: swanctl's secrets { eap-... }.
struct EapUser {
  std::string id;
  Bytes secret;
};

/// What a connection of IKEv1 has (historic, RFC 9395): there is none unless somebody asks for it.
struct Ikev1Config {
  bool aggressive = false;      ///< Aggressive Mode instead of Main Mode
  bool rsa_encryption = false;  ///< authentication with RSA-encrypted nonces (RFC 2409, 5.2)
  Bytes peer_certificate;       ///< rsa_encryption: DER; whose key the nonce is encrypted with
};

/// A post-quantum preshared key (RFC 8784, 5): PPK_ID_FIXED `id`, known to both sides.
struct Ppk {
  std::string id;
  Bytes secret;
};

/// swanctl's `pools`: inner addresses for clients, and what else they are told (RFC 7296, 2.19).
struct PoolConfig {
  std::string name;
  IpAddress first, last;  ///< addresses from and to
  std::vector<IpAddress> dns;
  std::vector<wire::TrafficSelector> subnets;  ///< INTERNAL_IP4_SUBNET, INTERNAL_IP6_SUBNET
};

/// swanctl's `unique`: what becomes of other IKE SAs with the same peer. never: not even
/// INITIAL_CONTACT ends them; no: only that does; keep: the new one is refused; replace: they end.
enum class Unique { no, never, keep, replace };

struct ConnectionConfig {
  std::string name;
  IpAddress local_addr, remote_addr;  ///< remote unspecified: any (a road warrior's gateway)
  std::uint16_t remote_port = 500;    ///< an initiator's first message goes there; 4500 where
                                      ///< port 500 is blocked (RFC 7296, 2.23)
  std::vector<wire::Proposal> proposals;
  AuthConfig local, remote;
  /// Rounds after the first (RFC 4739): swanctl's local-2, remote-2 and so on.
  std::vector<AuthConfig> more_local, more_remote;
  std::vector<ChildConfig> children;
  /// The rounds in their order, the first one included; the pointers live as long as this does.
  [[nodiscard]] std::vector<const AuthConfig*> local_rounds() const;
  [[nodiscard]] std::vector<const AuthConfig*> remote_rounds() const;
  Duration rekey_time{0};             ///< of the IKE SA; 0: never
  Duration reauth_time{0};            ///< after it a new IKE SA takes over, with IKE_AUTH; 0: never
  std::optional<Duration> over_time;  ///< from rekey_time to the end; unless told, a tenth of it
  std::optional<Duration> rand_time;  ///< rekey_time is less by up to so much; or by a tenth
  Duration dpd_delay{0};              ///< 0: no liveness checks
  bool encap = false;                 ///< ESP in UDP on port 4500 even where no NAT is
  Duration keep_alive{
      20s};  ///< between NAT-keepalives when we are behind one; 0: none (RFC 3948, 4)
  Ocsp ocsp = Ocsp::reply;  ///< swanctl's default
  Fragmentation fragmentation = Fragmentation::yes;
  std::size_t fragment_size = 1280;  ///< octets of an IP datagram that messages keep below; 0: 1280
                                     ///< with IPv6, 576 with IPv4 (RFC 7383, 2.5.1)
  bool fragment_probing = false;     ///< smaller fragments, if no answer comes (RFC 7383, 2.5.2)
  std::optional<Ikev1Config> ikev1;  ///< swanctl's `version: 1`
  std::vector<Ppk> ppks;             ///< those we know (swanctl: secrets.ppk)
  std::string ppk_id;         ///< the one we offer as initiator, and accept alone as responder
  bool ppk_required = false;  ///< swanctl's: no SA without
  PpkExchange ppk_exchange = PpkExchange::auth;
  /// Fresh ones: each goes into one CREATE_CHILD_SA that we begin, in this order (RFC 9867).
  std::vector<std::string> ppk_rekey_ids;
  /// AUTH covers both messages of IKE_SA_INIT, where the peer does the same
  /// (draft-ietf-ipsecme-ikev2-downgrade-prevention).
  bool full_transcript_auth = false;
  bool signature_authentication = true;  ///< false: as before RFC 7427, to whoever needs that
  std::vector<IpAddress> vips;           ///< inner addresses to ask for; 0.0.0.0 or ::: any
  std::vector<std::string> pools;        ///< names of those that a client's address comes from
  bool mobike = false;                   ///< RFC 4555; swanctl's default is yes
  Unique unique = Unique::no;
  unsigned window_size = 1;   ///< requests that the peer may have under way (RFC 7296, 2.3)
  bool hash_and_url = false;  ///< certificates by URL, ours and the peer's (RFC 7296, 3.6)
  Childless childless = Childless::never;  ///< swanctl's default is allow
  Duration auth_lifetime{0};  ///< as responder: a peer must authenticate again after it (RFC 4478)
  bool quick_crash_detection = false;   ///< RFC 6290: tokens given and believed
  bool follow_redirects = false;        ///< RFC 5685, as client; strongSwan's default is yes
  std::optional<Redirect> redirect_to;  ///< RFC 5685, as gateway
  bool announce_auth = false;           ///< SUPPORTED_AUTH_METHODS (RFC 9593)
  bool single_pair = false;  ///< each Child SA that the peer asks for is for one pair of addresses,
                             ///< or refused with SINGLE_PAIR_REQUIRED (RFC 7296, 2.9)
  /// MOBIKE: other addresses of ours that the peer may use (RFC 4555, 3.4).
  std::vector<IpAddress> additional_addrs;
  bool no_nats = false;  ///< MOBIKE: moves through a NAT are refused (RFC 4555, 3.9)
  /// The peer is told of ESP packets that no SA takes: INVALID_SPI, INVALID_SELECTORS (RFC
  /// 7296, 3.10.1).
  bool esp_notices = false;
};

/// The child with every `dynamic` written out as all that it may come to stand for: any address
/// where one is asked for, the ranges of the pools, else the outer address.
ChildConfig written_out(const ChildConfig& child, const ConnectionConfig& connection,
                        const std::vector<PoolConfig>& pools);

/// Retransmission as strongSwan's: attempt n waits timeout * base^n (RFC 7296, 2.1 leaves the
/// policy open).
struct RetransmitPolicy {
  Duration timeout = 2s;
  double base = 1.8;
  unsigned tries = 5;
};

struct EndpointConfig {
  std::string node;                    ///< names streams, SAs and events
  std::uint64_t datagram_id_base = 0;  ///< ids of sent datagrams count up from here
  std::vector<ConnectionConfig> connections;
  std::vector<EapUser> eap_users;
  std::vector<PoolConfig> pools;
  RetransmitPolicy retransmit;
  unsigned cookie_threshold =
      1000;  ///< half-open SAs at which COOKIE is asked for; 0: always (RFC 7296, 2.6)
  /// Half-open SAs at which a cookie alone is not enough: the initiator must solve a puzzle (RFC
  /// 8019); 0: always.
  std::optional<unsigned> puzzle_threshold;
  unsigned puzzle_difficulty = 12;  ///< zero bits; more when there are many more half-open SAs
  bool puzzle_solve = true;         ///< as initiator
  /// Half-open IKE SAs that got an IKE_AUTH request which did not decrypt, at which IKE_AUTH costs
  /// a puzzle, too (RFC 8019, 7.2), of whoever had to solve one before; 0: always.
  std::optional<unsigned> auth_puzzle_threshold;
  unsigned auth_puzzle_difficulty = 12;  ///< zero bits, at least 1; more when there are many more
  /// 32 octets that the node keeps through a restart: tokens that it gave are made with it (RFC
  /// 6290, 5.1). Empty: it gives none.
  Bytes lasting_secret;
  std::uint32_t last_message_id =
      0xffff'ffff;  ///< an IKE SA is rekeyed before it comes there, or closed (RFC 7296, 2.2);
                    ///< smaller only to see that happen
  bool disclose_secrets = false;
  trace::Kinds events = trace::all_kinds;  ///< those that somebody listens to; others are not made
  std::int64_t epoch = 0;                  ///< Unix seconds at Instant 0, for certificates
};

}  // namespace ikelab::policy
