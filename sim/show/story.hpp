// The run as a story: IKE messages with what became of each, and the rows of the ladder in the
// order of time. Built from the events alone, so that it can be tested without a database.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/trace/event.hpp"

namespace ikelab::show {

/// Something an adversary did, with its place in the run.
struct Attack {
  Instant time;
  std::string node;
  const trace::AttackAction* action = nullptr;
};

struct Remark {
  std::string node;
  const trace::Diagnostic* diagnostic = nullptr;
};

/// One IKE datagram on its way. Retransmissions are messages of their own.
struct IkeMessage {
  std::uint64_t number = 0;  ///< from 1, in the order of sending
  std::uint64_t seq = 0;     ///< the event that `content` is of
  const trace::Message* content =
      nullptr;           ///< as sent; as received when no node of the run sent it
  std::string from, to;  ///< nodes; `from` is the adversary's when it made the datagram
  std::string sa;        ///< the IKE SA's local name at the sender
  bool made_by_adversary = false;
  Instant sent;
  std::optional<Instant> arrived;  ///< when the receiver accepted or refused it
  std::string lost;                ///< where and why it never arrived, in words
  std::vector<Remark> remarks;     ///< of the receiver
  std::vector<Attack> attacks;     ///< what an adversary did with this datagram
  bool by_initiator = true;        ///< sent by the side that began this IKE SA: the left lane
  /// Of a capture: an onlooker sees a packet once, on its way, and knows of no arrival.
  [[nodiscard]] bool only_seen() const { return arrived == sent; }
};

/// Neighbouring ESP packets in one row.
struct EspFold {
  struct Direction {
    std::string from, to;
    std::uint64_t sealed = 0, opened = 0;
    std::uint64_t seen = 0;  ///< of those sealed: by an onlooker without keys, who knows no more
  };
  std::vector<Direction> directions;
  std::map<std::string, std::uint64_t> refused;  ///< "gw-b: E-ESP-REPLAY" to packets
  std::string first;                             ///< summary of the first inner packet
};

struct Row {
  enum class Kind { message, esp, attack, note, chapter } kind = Kind::note;
  Instant time;
  std::size_t message = 0;  ///< index into messages
  EspFold esp;
  std::string node, text;  ///< attack, note, chapter
  bool adversary = false, warning = false;
  /// The same remark of the same node, which may be made again and again.
  [[nodiscard]] bool repeats(const Row& before) const {
    return (kind == Kind::attack || kind == Kind::note) && kind == before.kind &&
           node == before.node && text == before.text;
  }
};

struct Story {
  std::vector<IkeMessage> messages;
  std::vector<Row> rows;
  /// The number of the message that travelled as this datagram, 0 if none.
  [[nodiscard]] std::uint64_t number_of(std::uint64_t datagram) const;
};

/// The events must outlive the story.
Story tell(const std::vector<trace::Event>& events);

/// "gw-a proves who it is and asks for the first Child SA." What a message is for, in one sentence.
std::string in_words(const IkeMessage& message);
/// "IKE_AUTH request", with ", retransmission 2".
std::string title(const IkeMessage& message);
/// "{IDi, AUTH, SA, TSi, TSr}" when encrypted, "SA, KE, Ni" when not.
std::string contents(const IkeMessage& message);

/// Why SAs come and go is told once per tunnel; used by the ladder's notes.
std::string installed_text(const trace::SaInstalled& sa);

}  // namespace ikelab::show
