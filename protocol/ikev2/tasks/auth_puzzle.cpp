// A puzzle for IKE_AUTH: the responder computes no shared secret and no keys before the initiator
// has worked for that (RFC 8019, 7.2). Whoever sends noise instead of IKE_AUTH pays more than it
// costs.
//
//   HDR, N(COOKIE), PS, SAi1, KEi, Ni  -->
//                                  <--  HDR, SAr1, KEr, Nr, N(PUZZLE)
//   HDR, PS, SK {IDi, ...}  -->               four keys Ki: prf(Ki, Nr | SPIr) ends in zero bits
//
// Nr and SPIr are of this IKE SA alone, and so a solution is good for nothing else.
#include <set>

#include "protocol/ikev2/intermediate.hpp"
#include "protocol/ikev2/puzzle.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::ExchangeType;
using wire::NotifyType;

/// What an IKE SA knows of its puzzle.
struct AuthPuzzle {
  // as responder
  std::optional<Puzzle> asked;
  bool verified = false;   ///< a right solution came: the keys are worth computing
  bool authentic = false;  ///< and so did an IKE_AUTH request that those keys open
  // as initiator
  Bytes solution;
  std::optional<MessageId> carrier;  ///< the request that it goes with: the first of IKE_AUTH
  std::string unsolved;              ///< in words
};

/// Half-open IKE SAs, by our SPI, for which something came that their keys do not open.
struct Junk {
  std::set<std::uint64_t> sas;
};

//= rfc8019#7.2.3 "S is a concatenation of Nr and SPIr."
Bytes string_s(ByteView nr, IkeSpi spi_r) {
  return concat({nr, octets_of(spi_r)});
}

// ---- the responder asks ------------------------------------------------------------------------

/// Where IKE_INTERMEDIATE comes before IKE_AUTH, the keys are needed before any solution could
/// come: there is no puzzle then.
std::optional<Puzzle> puzzle_to_ask(IkeSa& sa, const Outbound& out,
                                    const std::vector<wire::Payload>& payloads) {
  const policy::EndpointConfig& config = sa.services.config;
  //= rfc8019#7.2.1 "The Responder MUST NOT use puzzles in the IKE_AUTH exchange unless a puzzle has
  //= been previously presented and solved in the preceding IKE_SA_INIT exchange."
  if (out.exchange != ExchangeType::ike_sa_init || !out.response || !sa.solved_puzzle ||
      !sa.due_secret || !config.auth_puzzle_threshold || announces_intermediate(payloads))
    return std::nullopt;
  const std::size_t junk = sa.services.notes.of<Junk>().sas.size();
  if (junk < *config.auth_puzzle_threshold) return std::nullopt;
  const auto* prf = common_prf(out.request->payloads);
  if (prf == nullptr) return std::nullopt;
  //= rfc8019#7.2.1.1 "the requested difficulty level for IKE_AUTH puzzles MUST NOT be 0."
  const unsigned bits = std::max(config.auth_puzzle_difficulty, 1U);
  return Puzzle{prf, difficulty_for(bits, junk, *config.auth_puzzle_threshold)};
}

void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  const auto puzzle = puzzle_to_ask(sa, out, payloads);
  if (!puzzle) return;
  sa.notes.of<AuthPuzzle>().asked = puzzle;
  payloads.push_back(notify(NotifyType::puzzle, puzzle_data(*puzzle)));
}

// ---- the initiator solves ----------------------------------------------------------------------

/// A regular response: of those that only ask to begin again, PUZZLE belongs to the cookie.
void solve_in(IkeSa& sa, const Inbound& in) {
  const auto* asked = find_notify(in.payloads, NotifyType::puzzle);
  const auto* nonce = wire::first<wire::NoncePayload>(in.payloads);
  if (asked == nullptr || nonce == nullptr || wire::first<wire::SaPayload>(in.payloads) == nullptr)
    return;
  const auto puzzle = read_puzzle(*asked);
  if (!puzzle || !sa.services.config.puzzle_solve) return;
  //= rfc8019#7.2.2 "contains the PUZZLE notification and the Initiator supports puzzles, it MUST
  //= solve the puzzle."
  Solution solved = solve(sa.services.provider, *puzzle, string_s(nonce->data, in.header.spi_r));
  auto& own = sa.notes.of<AuthPuzzle>();
  sa.emit(trace::TimerFired{"puzzle", "for IKE_AUTH: " + in_words(solved, *puzzle)});
  if (solved.keys.empty()) own.unsolved = "the puzzle for IKE_AUTH is " + in_words(solved, *puzzle);
  own.solution = std::move(solved.keys);
}

/// One that is too hard: IKE_AUTH without its solution would never be answered.
std::optional<std::string> diverted(IkeSa& sa, const Inbound&) {
  const auto* own = sa.notes.find<AuthPuzzle>();
  return own == nullptr || own->unsolved.empty() ? std::nullopt : std::optional(own->unsolved);
}

//= rfc8019#7.2.2 "If IKE fragmentation [RFC7383] is used in the IKE_AUTH exchange, then the PS
//= payload MUST be present only in the first IKE Fragment message"
std::vector<wire::Payload> outside(IkeSa& sa, const wire::Header& header) {
  if (!sa.original_initiator || header.exchange != ExchangeType::ike_auth || header.response)
    return {};
  const auto* found = sa.notes.find<AuthPuzzle>();
  if (found == nullptr || found->solution.empty()) return {};
  auto& own = sa.notes.of<AuthPuzzle>();
  if (!own.carrier) own.carrier = header.message_id;
  if (*own.carrier != header.message_id) return {};
  return {wire::make_payload(wire::PuzzleSolutionPayload{own.solution})};
}

// ---- the responder looks at what comes ---------------------------------------------------------

Error refused(std::string why) {
  return Error{"E-IKE-092", std::move(why)}.see("RFC 8019, 7.2.4");
}

std::optional<Error> turns_away(IkeSa& sa, const Inbound& in) {
  const auto* found = sa.notes.find<AuthPuzzle>();
  if (in.header.exchange != ExchangeType::ike_auth || found == nullptr || !found->asked ||
      found->authentic)
    return std::nullopt;
  auto& own = sa.notes.of<AuthPuzzle>();
  const auto* part = wire::first<wire::SkfPayload>(in.payloads);
  // RFC 8019, 7.2.4: such fragments MAY be kept; here they come again with the first.
  if (part != nullptr && part->number != 1)
    return own.verified ? std::nullopt
                        : std::optional(refused("a fragment before the one with the solution"));
  const auto* solution = wire::first<wire::PuzzleSolutionPayload>(in.payloads);
  //= rfc8019#7.2.4 "then it MUST silently discard all the IKE_AUTH request messages without the PS
  //= payload."
  if (solution == nullptr) return refused("the solution of the puzzle is missing");
  if (own.verified) return std::nullopt;  // its keys are kept, and it paid for them
  //= rfc8019#7.2.4 "the Responder MUST verify the solution before performing computationally
  //= intensive operations, i.e., computing the DH shared secret and the SK_* keys."
  const auto bits = zero_bits(sa.services.provider, *own.asked->prf, solution->data,
                              string_s(sa.transcript.nr, sa.spi_r));
  //= rfc8019#7.2.4 "The Responder MUST silently discard the received message if any checked
  //= verification result is not correct (contains insufficient number of trailing zero bits)."
  if (!bits) return refused("the solution of the puzzle is not four different keys");
  if (*bits < own.asked->difficulty)
    return refused("the solution of the puzzle has " + std::to_string(*bits) +
                   " zero bits instead of " + std::to_string(own.asked->difficulty));
  own.verified = true;
  sa.emit(trace::TimerFired{"puzzle", "the solution for IKE_AUTH has " + std::to_string(*bits) +
                                          " zero bits: keys are computed now"});
  return std::nullopt;
}

void read(IkeSa& sa, const Inbound& in) {
  if (sa.original_initiator) {
    if (in.header.exchange == ExchangeType::ike_sa_init) solve_in(sa, in);
  } else if (in.header.exchange == ExchangeType::ike_auth && sa.notes.find<AuthPuzzle>()) {
    sa.notes.of<AuthPuzzle>().authentic = true;
  }
}

// ---- how many there are that send junk ---------------------------------------------------------

void unauthentic(IkeSa& sa, const Inbound&) {
  if (sa.state() == State::half_open && sa.services.config.auth_puzzle_threshold)
    sa.services.notes.of<Junk>().sas.insert(sa.local_spi().value);
}
void ended(IkeSa& sa) {
  if (sa.services.config.auth_puzzle_threshold)
    sa.services.notes.of<Junk>().sas.erase(sa.local_spi().value);
}
void established(IkeSa& sa, Instant) {
  ended(sa);
  sa.notes.forget<AuthPuzzle>();
}

}  // namespace

Extension auth_puzzle_extension() {
  return {.name = "auth_puzzle",
          .rfc = "RFC 8019",
          .add = add,
          .outside = outside,
          .turns_away = turns_away,
          .unauthentic = unauthentic,
          .read = read,
          .diverted = diverted,
          .established = established,
          .ended = ended};
}

}  // namespace ikelab::ikev2
