// What the tests of scripts share: loading, packets, and reading what the script did.
#pragma once
#include "sim/script/adversary.hpp"

namespace ikelab::test {

inline constexpr const char* header_on_path =
    "attack = { name = 't', about = 'a test', position = 'on-path' }\n";

inline Result<std::unique_ptr<script::Adversary>> load_script(
    const std::string& body, std::map<std::string, std::string> parameters = {},
    const std::string& header = header_on_path) {
  script::AdversaryOptions options;
  options.name = "mallory";
  options.parameters = std::move(parameters);
  options.seed = 7;
  options.datagram_id_base = 1000;
  return script::load_adversary(header + body, "t.lua", options);
}

inline script::TappedPacket tapped(const Bytes& payload, std::uint64_t datagram = 1,
                                   const char* protocol = "ESP") {
  script::TappedPacket packet;
  packet.datagram = datagram;
  packet.link = "wan";
  packet.from = "gw-a";
  packet.to = "gw-b";
  packet.protocol = protocol;
  const std::uint16_t port = packet.protocol == "IKE" ? 500 : 0;
  packet.src = {IpAddress::v4(0xc0000201), port};
  packet.dst = {IpAddress::v4(0xc0000202), port};
  packet.payload = payload;
  return packet;
}

/// All events so far.
inline std::vector<trace::Body> drain(script::Adversary& adversary) {
  std::vector<trace::Body> events;
  while (auto event = adversary.poll_event()) events.push_back(std::move(event->body));
  return events;
}

template <class T>
std::vector<T> of_kind(const std::vector<trace::Body>& events) {
  std::vector<T> found;
  for (const trace::Body& body : events)
    if (const T* event = std::get_if<T>(&body)) found.push_back(*event);
  return found;
}

/// The code of the one diagnostic that a failing callback leaves; "" when there is none.
inline std::string diagnostic_code(script::Adversary& adversary, std::string* message = nullptr) {
  const auto found = of_kind<trace::Diagnostic>(drain(adversary));
  if (found.empty()) return {};
  if (message != nullptr) *message = found.front().message;
  return found.front().code;
}

}  // namespace ikelab::test
