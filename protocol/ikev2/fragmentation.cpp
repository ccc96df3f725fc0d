#include "protocol/ikev2/fragmentation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/wire/grammar.hpp"
#include "protocol/wire/udp_encapsulation.hpp"

namespace ikelab::ikev2 {
namespace {

constexpr std::size_t least_content = 16;           // of a fragment, whatever the settings say
constexpr std::size_t probes[] = {1280, 576, 296};  // IP datagrams: IPv6's least, IPv4's, a modem's

const FragmentState& state_of(const IkeSa& sa) {
  static const FragmentState nothing;
  const auto* state = sa.notes.find<FragmentState>();
  return state == nullptr ? nothing : *state;
}

/// Octets of an IP datagram that fragments keep below.
std::size_t threshold(const IkeSa& sa) {
  if (const std::size_t probed = state_of(sa).threshold; probed != 0) return probed;
  if (sa.connection->fragment_size != 0) return sa.connection->fragment_size;
  //= rfc7383#2.5.1 "Otherwise, for messages to be sent over IPv6, it is RECOMMENDED that a value of
  //= 1280 bytes as a maximum IP datagram size be used"
  //= rfc7383#2.5.1 "For messages to be sent over IPv4, it is RECOMMENDED that a value of 576 bytes
  //= as a maximum IP datagram size be used."
  return sa.peer.ip.is_v6() ? 1280 : 576;
}

/// Octets of the largest IKE message that fits (RFC 7383, appendix B).
std::size_t message_limit(const IkeSa& sa) {
  const std::size_t marker = sa.local.port == wire::udp_encapsulation_port ? 4 : 0;
  const std::size_t around = (sa.peer.ip.is_v6() ? 40U : 20U) + 8U + marker;
  const std::size_t size = threshold(sa);
  return size > around ? size - around : 0;
}

/// The most content of a fragment whose message has at most `limit` octets.
std::size_t chunk_within(const IkeSa& sa, std::size_t limit, std::size_t content) {
  std::size_t chunk = least_content;
  if (const std::size_t empty = sealed_size(sa.suite, 0, true); limit > empty)
    for (chunk = limit - empty + 1; sealed_size(sa.suite, chunk, true) > limit;) --chunk;
  const std::size_t most = bounds::fragments_in_message;
  return std::max({chunk, least_content, (content + most - 1) / most});
}

std::size_t count_of(std::size_t content, std::size_t chunk) {
  return chunk == 0 ? 1 : std::max<std::size_t>((content + chunk - 1) / chunk, 1);
}

void remark(IkeSa& sa, const char* code, std::string message, const char* rfc,
            std::uint64_t datagram) {
  sa.emit(trace::Diagnostic{"warning", code, std::move(message), rfc, datagram, 0, 0});
}

std::string part_of(const wire::SkfPayload& part) {
  return fmt::format("fragment {} of {}", part.number, part.total);
}

//= rfc7383#2.6 "It is RECOMMENDED that the reassembling timeout for the responder be equal to the
//= time interval that the implementation waits before completely giving up when acting as the
//= initiator of an exchange."
Duration reassembly_time(const IkeSa& sa) {
  return patience(sa.services.config.retransmit);
}

}  // namespace

std::size_t fragment_content(const IkeSa& sa, const wire::Header& header, std::size_t content,
                             std::size_t outside) {
  using policy::Fragmentation;
  const Fragmentation wish = sa.connection->fragmentation;
  const FragmentState& state = state_of(sa);
  //= rfc7383#2.4 "IKE fragmentation MUST NOT be used unless both peers have indicated their support
  //= for it."
  if (!state.supported || wish == Fragmentation::no || wish == Fragmentation::accept) return 0;
  std::size_t limit = message_limit(sa);
  // RFC 7383, 2.5.1: the responder "may use the maximum size of the received IKE Fragment message
  // IP datagrams as a threshold".
  if (const auto at = state.answered.find(header.message_id.value);
      header.response && at != state.answered.end() && at->second.total > 1)
    limit = std::min(limit, at->second.largest);
  limit -= std::min(limit, outside);
  //= rfc7383#2.4 "IKE fragmentation SHOULD NOT be used in cases where IP-layer fragmentation of
  //= both the request and response messages is unlikely."
  if (wish != Fragmentation::force && sealed_size(sa.suite, content, false) <= limit) return 0;
  //= rfc7383#2.5.1 "the sender SHOULD choose their size so that the resulting IP datagrams will be
  //= smaller than some fragmentation threshold."
  return chunk_within(sa, limit, content);
}

bool probe_smaller(IkeSa& sa, const wire::Header& header, std::size_t content,
                   std::size_t outside) {
  auto& state = sa.notes.of<FragmentState>();
  if (!state.supported || !sa.connection->fragment_probing) return false;
  const auto count = [&] {
    return count_of(content, fragment_content(sa, header, content, outside));
  };
  const std::size_t before = count();
  const std::size_t old = state.threshold;
  //= rfc7383#2.5.2 "While doing probes, it MUST start from larger values and refragment the
  //= original message, using the next smaller value of the threshold if it did not receive a
  //= response in a reasonable time after several retransmissions."
  for (const std::size_t next : probes) {
    if (next >= threshold(sa)) continue;
    state.threshold = next;
    //= rfc7383#2.5.2 "When selecting the next smaller value for the fragmentation threshold, the
    //= sender MUST ensure that the value in the Total Fragments field is really increased."
    if (count() > before) return true;
  }
  state.threshold = old;
  return false;
}

Result<std::vector<Bytes>> IkeSa::build_fragments(const wire::Header& header,
                                                  const std::vector<wire::Payload>& outside,
                                                  const wire::EncodedChain& content,
                                                  std::size_t chunk) {
  std::vector<Bytes> datagrams;
  const ByteView all = content.bytes;
  const std::size_t total = count_of(all.size(), chunk);
  for (std::size_t i = 0; i < total; ++i) {
    wire::SkfPayload part;
    //= rfc7383#2.5 "in the very first fragment (with Fragment Number equal to 1), this field MUST be
    //= set to the payload type of the first inner payload"
    //= rfc7383#2.5 "In the rest of the Fragment messages (with Fragment Number greater than 1), this
    //= field MUST be set to zero."
    part.first_inner = i == 0 ? content.first : wire::PayloadType::none;
    part.number = static_cast<std::uint16_t>(i + 1);
    part.total = static_cast<std::uint16_t>(total);
    //= rfc7383#2.5 "When prepending the IKE header to the IKE Fragment messages, it MUST be taken
    //= intact from the original message, except for the Length and Next Payload fields."
    //= rfc7383#2.5.3 "all unprotected payloads MUST be placed in the first fragment (with the
    //= Fragment Number field equal to 1), along with the Encrypted Fragment payload, which MUST be
    //= present in every IKE Fragment message and be the last payload in it."
    IKELAB_TRY(Bytes sealed,
               seal_fragment(services.provider, suite, keys_of(original_initiator, header), header,
                             part, all.subspan(i * chunk, std::min(chunk, all.size() - i * chunk)),
                             next_iv(), i == 0 ? outside : std::vector<wire::Payload>{}));
    datagrams.push_back(std::move(sealed));
  }
  return datagrams;
}

bool admit_fragment(IkeSa& sa, const wire::Header& header, const wire::SkfPayload& part,
                    std::uint64_t datagram) {
  const FragmentState& state = state_of(sa);
  const auto& all = header.response ? state.responses : state.requests;
  const auto refuse = [&](const char* code, std::string message, const char* rfc) {
    sa.diagnose(Error{code, std::move(message)}.see(rfc), datagram);
    return false;
  };
  if (!state.supported)
    return refuse("E-IKE-070", "a fragment, but nobody agreed on fragmentation", "RFC 7383, 2.4");
  if (part.total > bounds::fragments_in_message)
    return refuse(
        "E-IKE-073",
        fmt::format("{}: at most {} are held", part_of(part), bounds::fragments_in_message),
        "RFC 7383, 5");
  const auto at = all.find(header.message_id.value);
  if (at == all.end()) return true;
  const Reassembly& held = at->second;
  //= rfc7383#2.6 "if reassembling has already started, check that the value in the Total Fragments
  //= field is equal to or greater than the Total Fragments field in the fragments that have already
  //= been stored in the reassembling queue"
  if (part.total < held.total || header.exchange != held.exchange)
    return refuse("E-IKE-072",
                  fmt::format("{}, but parts of {} are held", part_of(part), held.total),
                  "RFC 7383, 2.6");
  //= rfc7383#2.6 "If an IKE Fragment message with the same Message ID, Fragment Number, and Total
  //= Fragments fields is already present in the reassembling queue, this message is considered a
  //= replay and MUST be silently discarded."
  if (part.total == held.total && held.parts.contains(part.number)) {
    remark(sa, "E-IKE-071", part_of(part) + " is held already", "RFC 7383, 2.6", datagram);
    return false;
  }
  return true;
}

Result<std::optional<Content>> hold_fragment(IkeSa& sa, const wire::SkfPayload& part, Inbound in) {
  const wire::Header& header = in.header;
  auto& state = sa.notes.of<FragmentState>();
  auto& all = header.response ? state.responses : state.requests;
  const std::uint32_t id = header.message_id.value;
  std::erase_if(all, [&](const auto& row) {  // what no window can be waiting for any more
    return row.first < id && id - row.first >= bounds::exchange_window;
  });
  Reassembly& held = all[id];
  //= rfc7383#2.6 "the receiver MUST discard all received fragments and start the reassembly process
  //= over with just the received IKE Fragment message."
  if (part.total > held.total) {
    held = {};
    held.exchange = header.exchange;
    held.total = part.total;
    held.give_up = in.now + reassembly_time(sa);
  }
  if (part.number == 1) {
    held.first_inner = part.first_inner;
    held.reserved = in.sealed_reserved;
    held.outside = std::move(in.outside);
  }
  held.octets += in.plain.size();
  held.largest = std::max(held.largest, in.octets.size());
  held.parts[part.number] = std::move(in.plain);
  //= rfc7383#5 "it is RECOMMENDED that the receiver limit the number of fragments it stores in the
  //= reassembling queue so that the sum of the sizes of Encrypted Fragment payload contents (after
  //= decryption) for fragments that are already placed into the reassembling queue is less than
  //= some value that is reasonable for the implementation."
  if (held.octets > bounds::message_octets) {
    all.erase(id);
    return Error{"E-IKE-073",
                 fmt::format("fragments of more than {} octets altogether", bounds::message_octets)}
        .see("RFC 7383, 5");
  }
  if (held.parts.size() < held.total) return std::optional<Content>{};
  Content whole{{}, std::move(held.outside), held.first_inner, held.reserved};
  for (const auto& [number, octets] : held.parts)
    whole.plain.insert(whole.plain.end(), octets.begin(), octets.end());
  if (!header.response) {
    state.answered[id] = {held.total, held.largest};
    if (state.answered.size() > bounds::exchange_window)
      state.answered.erase(state.answered.begin());
  }
  all.erase(id);
  return std::optional(std::move(whole));
}

bool IkeSa::expects(const wire::Header& header, const wire::SkfPayload& part,
                    std::uint64_t datagram) {
  if (header.response) {
    const bool due = std::any_of(running_.begin(), running_.end(), [&](const Running& running) {
      return running.id == header.message_id && running.task->exchange() == header.exchange;
    });
    if (!due) {
      diagnose(
          Error{"E-IKE-017", "a response to no outstanding request"}.at(20).see("RFC 7296, 2.2"),
          datagram);
      return false;
    }
    return admit_fragment(*this, header, part, datagram);
  }
  //= rfc7383#2.6.1 "the values of the Fragment Number and Total Fragments fields MUST be used along
  //= with the Message ID to detect retransmissions and replays."
  switch (window_.classify(header.message_id)) {
    case ExchangeWindow::Incoming::outside:
      diagnose(
          Error{"E-IKE-014", "the Message ID is outside the window"}.at(20).see("RFC 7296, 2.3"),
          datagram);
      return false;
    case ExchangeWindow::Incoming::repeated:
      //= rfc7383#2.6.1 "that event MUST only trigger a retransmission of the response message
      //= (fragmented or not) if the Fragment Number field in the received fragment is set to 1;
      //= otherwise, it MUST be ignored."
      if (part.number == 1) return true;
      remark(*this, "E-IKE-071", part_of(part) + " of a request that is answered",
             "RFC 7383, 2.6.1", datagram);
      return false;
    case ExchangeWindow::Incoming::fresh:
      break;
  }
  return may_begin(header.exchange, datagram) && admit_fragment(*this, header, part, datagram);
}

std::optional<Inbound> IkeSa::take_fragment(Inbound in, const Way& way,
                                            const wire::Message& message,
                                            const wire::SkfPayload& part) {
  const auto tell = [&] {
    emit_message(way, in.header, in.datagram, in.octets, {}, {}, {}, 0, &part);
  };
  if (!in.header.response &&
      window_.classify(in.header.message_id) == ExchangeWindow::Incoming::repeated) {
    tell();
    Answered& answered = notes.of<FragmentState>().answered[in.header.message_id.value];
    if (part.total > std::max<std::uint16_t>(answered.total, 1)) {
      // The peer probes the path with smaller messages: the answer is cut smaller, too.
      answered = {part.total, in.octets.size()};
      const wire::Header header = header_of(in.header.exchange, true, in.header.message_id);
      auto& cached = window_.answer(in.header.message_id);
      if (auto datagrams = build(header, cached.payloads)) cached.datagrams = std::move(*datagrams);
    }
    repeat_answer(in);
    return std::nullopt;
  }
  const auto judged = wire::check(message, nullptr);
  if (wire::has_error(judged)) {
    tell();
    refuse(in, judged);
    return std::nullopt;
  }
  auto whole = hold_fragment(*this, part, in);
  if (!whole) {
    //= rfc7383#5 "In either case, the receiver SHOULD drop the connection and discard all the
    //= received fragments."
    tell();
    diagnose(whole.error(), in.datagram);
    drop(in.now, whole.error().message);
    return std::nullopt;
  }
  if (!*whole) {
    if (state_ == State::half_open)
      set_timer(Timer::half_open, in.now + half_open_time);  // the initiator is still there
    tell();
    return std::nullopt;
  }
  in.plain = std::move((*whole)->plain);
  in.outside = std::move((*whole)->outside);
  in.sealed_reserved = (*whole)->reserved;
  return understand(std::move(in), way, message, (*whole)->first_inner, &part);
}

}  // namespace ikelab::ikev2
