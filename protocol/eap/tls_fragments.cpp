#include "protocol/eap/tls_fragments.hpp"

#include "protocol/base/bounds.hpp"

namespace ikelab::eap {

void TlsFragments::give(Bytes message) {
  out_ = std::move(message);
  sent_ = 0;
}

Bytes TlsFragments::next() {
  const std::size_t left = out_.size() - sent_, size = std::min(left, largest);
  const bool first = sent_ == 0, more = left > size;
  Bytes data = {static_cast<std::uint8_t>((more ? more_fragments : 0) |
                                          (first && more ? length_included : 0))};
  //= rfc5216#2.1.5 "The L flag is set to indicate the presence of the four-octet TLS Message Length
  //= field, and MUST be set for the first fragment of a fragmented TLS message or set of messages."
  if (first && more)
    for (int shift = 24; shift >= 0; shift -= 8)
      data.push_back(static_cast<std::uint8_t>(out_.size() >> shift));
  const ByteView part = ByteView(out_).subspan(sent_, size);
  data.insert(data.end(), part.begin(), part.end());
  sent_ += size;
  return data;
}

Result<std::optional<Bytes>> TlsFragments::take(ByteView data) {
  const auto refuse = [](const char* why) {
    return Error{"E-EAP-005", std::string("EAP-TLS: ") + why}.see("RFC 5216, 3.1");
  };
  if (data.empty()) return refuse("no flags");
  const std::uint8_t flags = data[0];
  data = data.subspan(1);
  if ((flags & length_included) != 0) {
    if (data.size() < 4) return refuse("L is set, but no length is there");
    std::size_t length = 0;
    for (int i = 0; i < 4; ++i) length = length << 8 | data[static_cast<std::size_t>(i)];
    if (announced_ && *announced_ != length) return refuse("another length than announced");
    announced_ = length;
    data = data.subspan(4);
  }
  if (in_.size() + data.size() >
      std::min(announced_.value_or(bounds::eap_tls_message_octets), bounds::eap_tls_message_octets))
    return Error{"E-EAP-002", "EAP-TLS: a message longer than announced, or than we take"}.see(
        "RFC 5216, 2.1.5");
  in_.insert(in_.end(), data.begin(), data.end());
  if ((flags & more_fragments) != 0) {
    if (data.empty()) return refuse("more is to follow nothing");
    return std::optional<Bytes>{};
  }
  announced_.reset();
  return std::optional<Bytes>(std::exchange(in_, {}));
}

}  // namespace ikelab::eap
