#include "protocol/filter/field.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "protocol/wire/decode.hpp"

namespace ikelab::filter {
namespace {

// ---- taking values from a frame ----------------------------------------------------------------

struct Endpoint {
  std::string_view ip;
  std::optional<std::uint16_t> port;
};

// "192.0.2.1:500", "[2001:db8::1]:500", "2001:db8::1".
Endpoint split(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  const bool bracketed = address.starts_with("[");
  const bool has_port = colon != std::string_view::npos &&
                        (bracketed ? address[colon - 1] == ']' : address.find(':') == colon);
  Endpoint out{address, {}};
  if (has_port) {
    std::uint16_t port = 0;
    const std::string_view digits = address.substr(colon + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    out = {address.substr(0, colon), port};
  }
  if (out.ip.starts_with("[") && out.ip.ends_with("]"))
    out.ip = out.ip.substr(1, out.ip.size() - 2);
  return out;
}

void take_ip(std::string_view address, bool v6, Values& out) {
  const auto ip = IpAddress::parse(split(address).ip);
  if (ip.ok() && ip->is_v6() == v6) out.emplace_back(Network{*ip, v6 ? 128U : 32U});
}

void take_port(std::string_view address, Values& out) {
  if (const auto port = split(address).port) out.emplace_back(std::uint64_t{*port});
}

bool is_udp(const Frame& f) {
  return split(f.src).port.has_value();
}
bool is_esp(const Frame& f) {
  return f.protocol.starts_with("ESP");
}

template <std::uint64_t (*Get)(const wire::Header&)>
void header(const Frame& f, Values& out) {
  if (f.message != nullptr && f.message->bytes.size() >= 28)
    out.emplace_back(Get(wire::decode(f.message->bytes).message.header));
}

void spi(const Frame& f, const std::string& text, Values& out) {
  if (f.message == nullptr) return;
  if (auto octets = from_hex(text); octets.ok()) out.emplace_back(std::move(octets).value());
}

// The payloads of a message, those inside the encrypted one too where the trace has them.
template <class Each>
void each_payload(const Frame& f, Each&& each) {
  if (f.message == nullptr) return;
  for (const wire::Payload& p : wire::decode(f.message->bytes).message.payloads) each(p);
  if (f.message->plain.empty()) return;
  const auto first = static_cast<wire::PayloadType>(f.message->plain_first);
  for (const wire::Payload& p : wire::decode_chain(f.message->plain, first).payloads) each(p);
}

void take_payload_types(const Frame& f, Values& out) {
  each_payload(
      f, [&](const wire::Payload& p) { out.emplace_back(static_cast<std::uint64_t>(p.type)); });
}

void take_notifies(const Frame& f, Values& out) {
  each_payload(f, [&](const wire::Payload& p) {
    if (const auto* n = std::get_if<wire::NotifyPayload>(&p.body))
      out.emplace_back(static_cast<std::uint64_t>(n->type));
  });
}

void take_groups(const Frame& f, Values& out) {
  each_payload(f, [&](const wire::Payload& p) {
    if (const auto* ke = std::get_if<wire::KePayload>(&p.body))
      out.emplace_back(std::uint64_t{ke->method});
  });
}

void take_nonces(const Frame& f, Values& out) {
  each_payload(f, [&](const wire::Payload& p) {
    if (const auto* nonce = std::get_if<wire::NoncePayload>(&p.body)) out.emplace_back(nonce->data);
  });
}

void take_ids(const Frame& f, Values& out) {
  each_payload(f, [&](const wire::Payload& p) {
    if (const auto* id = std::get_if<wire::IdPayload>(&p.body)) out.emplace_back(to_text(id->data));
  });
}

void take_auth_methods(const Frame& f, Values& out) {
  each_payload(f, [&](const wire::Payload& p) {
    if (const auto* auth = std::get_if<wire::AuthPayload>(&p.body))
      out.emplace_back(static_cast<std::uint64_t>(auth->method));
  });
}

// ---- IANA's names ------------------------------------------------------------------------------

template <class Enum>
std::optional<std::uint64_t> by_name(std::string_view word) {
  // The ranges in which IANA has given numbers out; the two of 16384 and on are notifications.
  static constexpr std::array<std::pair<unsigned, unsigned>, 2> ranges = {
      {{0, 256}, {16384, 16520}}};
  for (const auto& [from, to] : ranges)
    for (unsigned n = from; n < to; ++n) {
      if (sizeof(Enum) == 1 && n > 255) continue;
      if (wire::name(static_cast<Enum>(n)) == word) return n;
    }
  return {};
}

void here(bool is, Values& out) {
  if (is) out.emplace_back(std::uint64_t{1});
}

constexpr auto none = nullptr;

// By name, so that completion and the documentation are in order.
constexpr std::array<Field, 42> table = {{
    {{"esp", "An ESP packet, alone or in UDP", ""},
     Kind::presence,
     [](const Frame& f, Values& o) { here(is_esp(f), o); },
     none},
    {{"esp.sequence", "ESP sequence number", "7"},
     Kind::number,
     [](const Frame& f, Values& o) {
       if (is_esp(f) && f.sequence != 0) o.emplace_back(f.sequence);
     },
     none},
    {{"esp.spi", "ESP SPI", "0xc0ffee01"},
     Kind::number,
     [](const Frame& f, Values& o) {
       std::uint64_t n = 0;
       if (!f.spi.empty() &&
           std::from_chars(f.spi.data(), f.spi.data() + f.spi.size(), n, 16).ec == std::errc{})
         o.emplace_back(n);
     },
     none},
    {{"frame.number", "The message's number in the run, as show and view count", "3"},
     Kind::number,
     [](const Frame& f, Values& o) {
       if (f.number != 0) o.emplace_back(f.number);
     },
     none},
    {{"frame.time_relative", "Seconds since the run began", "2"},
     Kind::seconds,
     [](const Frame& f, Values& o) { o.emplace_back(std::int64_t{f.time.ns}); },
     none},
    {{"ikelab.again", "A retransmission", ""},
     Kind::presence,
     [](const Frame& f, Values& o) { here(f.again, o); },
     none},
    {{"ikelab.changed", "An adversary changed or made it", ""},
     Kind::presence,
     [](const Frame& f, Values& o) { here(f.changed, o); },
     none},
    {{"ikelab.from", "The node that sent it", "gw-a"},
     Kind::text,
     [](const Frame& f, Values& o) { o.emplace_back(std::string(f.from)); },
     none},
    {{"ikelab.inner", "What the ESP packet carries, in words", "ICMP"},
     Kind::text,
     [](const Frame& f, Values& o) {
       if (!f.summary.empty()) o.emplace_back(std::string(f.summary));
     },
     none},
    {{"ikelab.lost", "It never arrived", ""},
     Kind::presence,
     [](const Frame& f, Values& o) { here(f.lost, o); },
     none},
    {{"ikelab.payloads", "Names of its payloads", "\"N(COOKIE)\""},
     Kind::text,
     [](const Frame& f, Values& o) {
       if (f.message != nullptr) o.emplace_back(f.message->payloads);
     },
     none},
    {{"ikelab.to", "The node that it is for", "gw-b"},
     Kind::text,
     [](const Frame& f, Values& o) { o.emplace_back(std::string(f.to)); },
     none},
    {{"ip.addr", "IPv4 source or destination; with /n a network", "192.0.2.1"},
     Kind::address,
     [](const Frame& f, Values& o) {
       take_ip(f.src, false, o);
       take_ip(f.dst, false, o);
     },
     none},
    {{"ip.dst", "IPv4 destination", "192.0.2.1"},
     Kind::address,
     [](const Frame& f, Values& o) { take_ip(f.dst, false, o); },
     none},
    {{"ip.src", "IPv4 source", "192.0.2.1"},
     Kind::address,
     [](const Frame& f, Values& o) { take_ip(f.src, false, o); },
     none},
    {{"ipv6.addr", "IPv6 source or destination; with /n a network", "2001:db8::1"},
     Kind::address,
     [](const Frame& f, Values& o) {
       take_ip(f.src, true, o);
       take_ip(f.dst, true, o);
     },
     none},
    {{"ipv6.dst", "IPv6 destination", "2001:db8::1"},
     Kind::address,
     [](const Frame& f, Values& o) { take_ip(f.dst, true, o); },
     none},
    {{"ipv6.src", "IPv6 source", "2001:db8::1"},
     Kind::address,
     [](const Frame& f, Values& o) { take_ip(f.src, true, o); },
     none},
    {{"isakmp", "An IKE message, of either version", ""},
     Kind::presence,
     [](const Frame& f, Values& o) { here(f.message != nullptr, o); },
     none},
    {{"isakmp.auth.method", "Method of its AUTH payload", "2"},
     Kind::number,
     take_auth_methods,
     by_name<wire::AuthMethod>},
    {{"isakmp.exchangetype", "Exchange type, as number or name", "35"},
     Kind::number,
     header<[](const wire::Header& h) {
       return std::uint64_t{static_cast<std::uint8_t>(h.exchange)};
     }>,
     by_name<wire::ExchangeType>},
    {{"isakmp.flag_i", "Sent by the side that began the IKE SA", "1"},
     Kind::flag,
     header<[](const wire::Header& h) { return std::uint64_t{h.initiator}; }>,
     none},
    {{"isakmp.flag_r", "A response", "1"},
     Kind::flag,
     header<[](const wire::Header& h) { return std::uint64_t{h.response}; }>,
     none},
    {{"isakmp.frag.number", "Which fragment of an encrypted message it is (RFC 7383)", "1"},
     Kind::number,
     [](const Frame& f, Values& o) {
       if (f.message != nullptr && f.message->fragments > 0) o.emplace_back(f.message->fragment);
     },
     none},
    {{"isakmp.frag.total", "How many fragments there are (RFC 7383)", "3"},
     Kind::number,
     [](const Frame& f, Values& o) {
       if (f.message != nullptr && f.message->fragments > 0) o.emplace_back(f.message->fragments);
     },
     none},
    {{"isakmp.id.data", "Its identities, as text", "moon.example.org"}, Kind::text, take_ids, none},
    {{"isakmp.ispi", "The initiator's SPI", "c0ffee0102030405"},
     Kind::octets,
     [](const Frame& f, Values& o) {
       if (f.message != nullptr) spi(f, f.message->spi_i, o);
     },
     none},
    {{"isakmp.key_exchange.dh_group", "Method of its KE payload", "31"},
     Kind::number,
     take_groups,
     none},
    {{"isakmp.length", "Length of the message in octets", "300"},
     Kind::number,
     header<[](const wire::Header& h) { return std::uint64_t{h.length}; }>,
     none},
    {{"isakmp.messageid", "Message ID", "1"},
     Kind::number,
     [](const Frame& f, Values& o) {
       if (f.message != nullptr) o.emplace_back(f.message->message_id);
     },
     none},
    {{"isakmp.nextpayload", "Type of the first payload, as number or name", "33"},
     Kind::number,
     header<[](const wire::Header& h) {
       return std::uint64_t{static_cast<std::uint8_t>(h.next_payload)};
     }>,
     by_name<wire::PayloadType>},
    {{"isakmp.nonce", "Nonce", "c0c1c2c3"}, Kind::octets, take_nonces, none},
    {{"isakmp.notify.msgtype", "Type of a notification, as number or name", "COOKIE"},
     Kind::number,
     take_notifies,
     by_name<wire::NotifyType>},
    {{"isakmp.rspi", "The responder's SPI", "c0ffee0102030405"},
     Kind::octets,
     [](const Frame& f, Values& o) {
       if (f.message != nullptr) spi(f, f.message->spi_r, o);
     },
     none},
    {{"isakmp.typepayload", "Types of its payloads, those inside SK too", "39"},
     Kind::number,
     take_payload_types,
     by_name<wire::PayloadType>},
    {{"isakmp.version", "Version: 0x10 is IKEv1, 0x20 is IKEv2", "0x20"},
     Kind::number,
     header<[](const wire::Header& h) { return std::uint64_t{h.major} << 4 | h.minor; }>,
     none},
    {{"udp", "In UDP", ""},
     Kind::presence,
     [](const Frame& f, Values& o) { here(is_udp(f), o); },
     none},
    {{"udp.dstport", "UDP destination port", "500"},
     Kind::number,
     [](const Frame& f, Values& o) { take_port(f.dst, o); },
     none},
    {{"udp.length", "Octets of the UDP datagram, its header included", "300"},
     Kind::number,
     [](const Frame& f, Values& o) {
       if (is_udp(f)) o.emplace_back(f.size + 8);
     },
     none},
    {{"udp.port", "UDP source or destination port", "4500"},
     Kind::number,
     [](const Frame& f, Values& o) {
       take_port(f.src, o);
       take_port(f.dst, o);
     },
     none},
    {{"udp.srcport", "UDP source port", "500"},
     Kind::number,
     [](const Frame& f, Values& o) { take_port(f.src, o); },
     none},
    {{"udpencap", "On port 4500: ESP in UDP, or IKE behind the marker", ""},
     Kind::presence,
     [](const Frame& f, Values& o) {
       here(split(f.src).port == 4500 || split(f.dst).port == 4500, o);
     },
     none},
}};

// ---- values as people write them ---------------------------------------------------------------

Error does_not_fit(const Field& field, std::string_view word, std::string_view wanted) {
  return Error{"E-FILTER-003", fmt::format("\"{}\" is no value of {}", word, field.info.name)}
      .expect(fmt::format("{}, for example {} == {}", wanted, field.info.name, field.info.example));
}

std::optional<std::uint64_t> number(std::string_view word) {
  const bool hex = word.starts_with("0x") || word.starts_with("0X");
  const std::string_view digits = hex ? word.substr(2) : word;
  std::uint64_t n = 0;
  const auto [end, failure] =
      std::from_chars(digits.data(), digits.data() + digits.size(), n, hex ? 16 : 10);
  if (failure != std::errc{} || end != digits.data() + digits.size()) return {};
  return n;
}

// "2", "0.5", "20ms": decimal, at most nine places.
std::optional<std::int64_t> nanoseconds(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> units = {
      {{"ns", 1}, {"us", 1'000}, {"ms", 1'000'000}, {"s", 1'000'000'000}}};
  std::int64_t unit = 1'000'000'000;
  for (const auto& [name, size] : units)
    if (word.ends_with(name)) {
      unit = size;
      word.remove_suffix(name.size());
      break;
    }
  std::int64_t whole = 0, part = 0, scale = unit;
  const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), whole);
  constexpr std::int64_t most = 1'000'000'000;  // seconds: 31 years
  if (failure != std::errc{} || whole < 0 || whole > most) return {};
  std::string_view rest = word.substr(static_cast<std::size_t>(end - word.data()));
  if (!rest.empty()) {
    if (rest.front() != '.' || rest.size() < 2) return {};
    for (const char c : rest.substr(1)) {
      if (c < '0' || c > '9') return {};
      scale /= 10;
      part += (c - '0') * scale;
    }
  }
  return whole * unit + part;
}

std::optional<Network> network(std::string_view word) {
  const std::size_t slash = word.find('/');
  const auto ip = IpAddress::parse(word.substr(0, slash));
  if (!ip.ok()) return {};
  const unsigned all = ip->is_v6() ? 128 : 32;
  if (slash == std::string_view::npos) return Network{*ip, all};
  const auto bits = number(word.substr(slash + 1));
  if (!bits || *bits > all) return {};
  return Network{*ip, static_cast<unsigned>(*bits)};
}

}  // namespace

std::span<const Field> field_table() {
  return table;
}

std::span<const FieldInfo> fields() {
  static const auto all = [] {
    std::vector<FieldInfo> out;
    for (const Field& f : table) out.push_back(f.info);
    return out;
  }();
  return all;
}

const Field* find_field(std::string_view name) {
  for (const Field& f : table)
    if (f.info.name == name) return &f;
  return nullptr;
}

Result<Value> read_value(const Field& field, std::string_view word) {
  switch (field.kind) {
    case Kind::presence:
      return Error{"E-FILTER-003",
                   fmt::format("{} has no value: it is there or not", field.info.name)}
          .expect(fmt::format("write {} or not {}", field.info.name, field.info.name));
    case Kind::flag:
      if (word == "1" || word == "true" || word == "True") return Value{std::uint64_t{1}};
      if (word == "0" || word == "false" || word == "False") return Value{std::uint64_t{0}};
      return does_not_fit(field, word, "0 or 1");
    case Kind::number:
      if (const auto n = number(word)) return Value{*n};
      if (field.named != nullptr)
        if (const auto n = field.named(word)) return Value{*n};
      return does_not_fit(field, word,
                          field.named != nullptr ? "a number or one of IANA's names"
                                                 : "a number, decimal or 0x...");
    case Kind::seconds:
      if (const auto n = nanoseconds(word)) return Value{*n};
      return does_not_fit(field, word, "seconds, or with ms, us, ns");
    case Kind::octets:
      if (auto octets = from_hex(word); octets.ok() && !octets->empty())
        return Value{std::move(octets).value()};
      return does_not_fit(field, word, "octets in hex");
    case Kind::address:
      if (const auto n = network(word)) return Value{*n};
      return does_not_fit(field, word, "an address, or a network as 192.0.2.0/24");
    case Kind::text:
      break;
  }
  return Value{std::string(word)};
}

}  // namespace ikelab::filter
