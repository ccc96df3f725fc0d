#include "sim/run/kept_events.hpp"

#include <cstring>

#include "protocol/trace/encode.hpp"

namespace ikelab::run {
namespace {

constexpr std::size_t piece_octets = 1 << 16;

/// What stands before the octets of kind, node, SA and body.
struct Head {
  Instant time;
  std::uint64_t seq = 0;
  std::uint32_t kind = 0, node = 0, sa = 0, body = 0;  ///< octets each
  [[nodiscard]] std::size_t octets() const { return sizeof(Head) + kind + node + sa + body; }
};

std::uint32_t size_of(const auto& part) {
  return static_cast<std::uint32_t>(part.size());
}

std::string_view text(ByteView octets) {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

}  // namespace

void KeptEvents::push(const trace::Event& event) {
  const std::string_view kind = trace::kind_of(event.body);
  const Bytes body = trace::encode_values(event.body);
  const Head head{event.time,          event.seq,         size_of(kind),
                  size_of(event.node), size_of(event.sa), size_of(body)};
  if (pieces_.empty() || pieces_.back().capacity() - pieces_.back().size() < head.octets()) {
    pieces_.emplace_back();
    pieces_.back().reserve(std::max(piece_octets, head.octets()));
  }
  Bytes& piece = pieces_.back();
  const ByteView head_octets(reinterpret_cast<const std::uint8_t*>(&head), sizeof head);
  for (const ByteView part :
       {head_octets, as_bytes(kind), as_bytes(event.node), as_bytes(event.sa), ByteView(body)})
    piece.insert(piece.end(), part.begin(), part.end());
}

void KeptEvents::each(std::string_view kind,
                      const std::function<void(const trace::Event&)>& visit) const {
  for (const Bytes& piece : pieces_)
    for (ByteView rest(piece); !rest.empty();) {
      Head head;
      std::memcpy(&head, rest.data(), sizeof head);
      ByteView parts = rest.subspan(sizeof head);
      const auto take = [&](std::uint32_t octets) {
        const ByteView part = parts.first(octets);
        parts = parts.subspan(octets);
        return part;
      };
      rest = rest.subspan(head.octets());
      if (text(take(head.kind)) != kind) continue;
      trace::Event event{head.time, head.seq, to_text(take(head.node)), to_text(take(head.sa)), {}};
      event.body = trace::decode_values(kind, take(head.body)).value();
      visit(event);
    }
}

}  // namespace ikelab::run
