// Datagrams and messages: what was sent, where it landed or was lost, what an adversary made of it.
// Sent and received events are paired by the datagram's id, which follows it through the network.
#pragma once
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "protocol/trace/event.hpp"

namespace ikelab::view {

using EventPtr = const trace::Event*;

/// One datagram's way. Nodes are names; times are absent while unknown.
struct Packet {
  std::uint64_t id = 0;
  std::string protocol, src, dst;
  std::uint64_t size = 0;
  std::string from, to;  ///< nodes that sent and received it
  std::optional<Instant> sent, received;
  std::string lost_where, lost_why;  ///< why it never arrived, when it did not
  std::optional<Instant> lost;
  EventPtr carrier = nullptr;  ///< its DatagramSent (or DatagramReceived) event
  EventPtr sealed = nullptr, opened = nullptr, rejected = nullptr;
  EventPtr action = nullptr;    ///< what an adversary did with it (the strongest)
  std::uint64_t made_from = 0;  ///< the datagram an adversary made this one from
  std::uint64_t message = 0;    ///< number of the IKE message it carries, 0 if none
  [[nodiscard]] bool is_esp() const { return protocol.starts_with("ESP"); }
  [[nodiscard]] const Bytes& payload() const;
};

/// One IKE message as sent. Numbers count every message put on the wire, retransmissions too,
/// from 1.
struct MessageRow {
  std::uint64_t number = 0;
  std::uint64_t first = 0;  ///< number of the message it repeats, or its own
  std::string from, to;     ///< node names; `to` by receiver or by address
  Instant sent;
  EventPtr sent_event = nullptr;      ///< Message, direction "sent"
  EventPtr received_event = nullptr;  ///< Message, direction "received", once accepted
  std::uint64_t datagram = 0;
  std::vector<EventPtr> remarks;  ///< Diagnostic events about its datagram
  [[nodiscard]] const trace::Message& message() const {
    return std::get<trace::Message>(sent_event->body);
  }
  [[nodiscard]] bool is_repeat() const { return first != number; }
  /// "IKE_AUTH request", "IKE_AUTH request, fragment 2 of 3"
  [[nodiscard]] std::string title() const;
};

class Traffic {
 public:
  void add(const trace::Event& event);
  /// nullptr when there is none.
  [[nodiscard]] const Packet* packet(std::uint64_t id) const;
  [[nodiscard]] const MessageRow* message(std::uint64_t number) const;
  [[nodiscard]] const std::deque<MessageRow>& messages() const { return messages_; }
  [[nodiscard]] const std::deque<Packet>& packets() const { return packets_; }
  /// The message an event is about: by datagram, for Message, Diagnostic and AttackAction events.
  [[nodiscard]] const MessageRow* message_of_datagram(std::uint64_t id) const;
  /// The node that owns an address ("192.0.2.1:500"), as far as traffic showed; else the address.
  [[nodiscard]] std::string node_of(const std::string& address) const;
  /// An address belongs to a node; who had it first keeps it.
  void learn(const std::string& address, const std::string& node);

 private:
  Packet& at(std::uint64_t id);
  void add_message(const trace::Event& event, const trace::Message& m);
  void add_action(const trace::Event& event, const trace::AttackAction& a);
  std::deque<Packet> packets_;
  std::unordered_map<std::uint64_t, std::size_t> by_id_;
  std::deque<MessageRow> messages_;
  std::map<std::string, std::uint64_t>
      first_of_;  ///< node, SPIi, id, direction, fragment to message number
  std::map<std::string, std::string> owner_;
};

/// Octets of the UDP payload before the IKE header: 4 when there is a non-ESP marker (RFC
/// 3948, 2.2).
std::size_t marker_size(const Packet& packet, const trace::Message& message);

}  // namespace ikelab::view
