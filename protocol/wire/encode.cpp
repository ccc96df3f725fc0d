#include "protocol/wire/encode.hpp"

#include "protocol/wire/codec.hpp"

namespace ikelab::wire {
namespace {

constexpr std::size_t usual_message = 384;  // octets of one without certificates: no growing

struct TypeOf {
  PayloadType operator()(const SaPayload&) const { return PayloadType::sa; }
  PayloadType operator()(const KePayload&) const { return PayloadType::ke; }
  PayloadType operator()(const IdPayload& b) const {
    return b.responder ? PayloadType::id_r : PayloadType::id_i;
  }
  PayloadType operator()(const CertPayload&) const { return PayloadType::cert; }
  PayloadType operator()(const CertreqPayload&) const { return PayloadType::certreq; }
  PayloadType operator()(const AuthPayload&) const { return PayloadType::auth; }
  PayloadType operator()(const NoncePayload&) const { return PayloadType::nonce; }
  PayloadType operator()(const NotifyPayload&) const { return PayloadType::notify; }
  PayloadType operator()(const DeletePayload&) const { return PayloadType::delete_; }
  PayloadType operator()(const VendorIdPayload&) const { return PayloadType::vendor_id; }
  PayloadType operator()(const TsPayload& b) const {
    return b.responder ? PayloadType::ts_r : PayloadType::ts_i;
  }
  PayloadType operator()(const SkPayload&) const { return PayloadType::sk; }
  PayloadType operator()(const SkfPayload&) const { return PayloadType::skf; }
  PayloadType operator()(const ConfigPayload&) const { return PayloadType::cp; }
  PayloadType operator()(const EapPayload&) const { return PayloadType::eap; }
  PayloadType operator()(const v1::SaPayload&) const { return PayloadType::v1_sa; }
  PayloadType operator()(const v1::IdPayload&) const { return PayloadType::v1_id; }
  PayloadType operator()(const v1::CertPayload& b) const {
    return b.request ? PayloadType::v1_cr : PayloadType::v1_cert;
  }
  PayloadType operator()(const v1::NotifyPayload&) const { return PayloadType::v1_notify; }
  PayloadType operator()(const v1::DeletePayload&) const { return PayloadType::v1_delete; }
  PayloadType operator()(const v1::AttributePayload&) const { return PayloadType::v1_attributes; }
  PayloadType operator()(const v1::DataPayload& b) const { return b.type; }
  PayloadType operator()(const v1::EncryptedPayload& b) const { return b.first_inner; }
  PayloadType operator()(const PuzzleSolutionPayload&) const {
    return PayloadType::puzzle_solution;
  }
  PayloadType operator()(const UnknownPayload& b) const { return b.type; }
};

void write_body(Writer& w, const PayloadBody& body) {
  using v1::write;
  std::visit([&](const auto& b) { write(w, b); }, body);
}

// RFC 7296, 3.14: SK's Next Payload is the first payload inside; in an SKF, its fragments' (RFC
// 7383, 2.5).
PayloadType next_of(const std::vector<Payload>& payloads, std::size_t i) {
  if (const auto* sk = std::get_if<SkPayload>(&payloads[i].body)) return sk->first_inner;
  if (const auto* skf = std::get_if<SkfPayload>(&payloads[i].body)) return skf->first_inner;
  return i + 1 < payloads.size() ? type_of(payloads[i + 1].body) : PayloadType::none;
}

void write_chain(Writer& w, const std::vector<Payload>& payloads) {
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    if (const auto* all = std::get_if<v1::EncryptedPayload>(&payloads[i].body)) {
      w.octets(all->body);  // no generic header of its own (RFC 2409, appendix B)
      continue;
    }
    const std::size_t begin = w.size();
    w.u8(static_cast<std::uint8_t>(next_of(payloads, i)));
    w.u8(payloads[i].critical ? 0x80 : 0);
    w.u16(0);
    write_body(w, payloads[i].body);
    w.put_u16(begin + 2, w.size() - begin);
  }
}

PayloadType first_of(const std::vector<Payload>& payloads) {
  return payloads.empty() ? PayloadType::none : type_of(payloads.front().body);
}

}  // namespace

PayloadType type_of(const PayloadBody& body) {
  return std::visit(TypeOf{}, body);
}

Payload make_payload(PayloadBody body) {
  Payload payload;
  payload.type = type_of(body);
  payload.body = std::move(body);
  return payload;
}

Bytes encode(const Message& message) {
  return encode(message.header, message.payloads);
}

Bytes encode(Header header, const std::vector<Payload>& payloads) {
  Writer w(usual_message);
  header.next_payload = first_of(payloads);
  write(w, header);
  write_chain(w, payloads);
  w.put_u32(24, w.size());
  return w.take();
}

EncodedChain encode_chain(const std::vector<Payload>& payloads) {
  if (payloads.empty()) return {};
  Writer w(usual_message);
  write_chain(w, payloads);
  return {first_of(payloads), w.take()};
}

Bytes encode_body(const PayloadBody& body) {
  Writer w;
  write_body(w, body);
  return w.take();
}

void write(Writer& w, const UnknownPayload& body) {
  w.octets(body.data);
}

}  // namespace ikelab::wire
