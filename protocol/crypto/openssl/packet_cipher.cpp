// Packet ciphers over OpenSSL: one context a key, and for each packet only a new nonce. What
// differs between the modes is settled when the key is set; per packet only CCM wants more than the
// others (the text's length before the text, RFC 3610, 2.2).
#include <array>

#include "protocol/crypto/openssl/internal.hpp"

namespace ikelab::crypto::openssl {
namespace {

constexpr std::size_t iv_octets_most = 16;
/// RFC 3686, 4: a counter block ends with a block counter that begins with one.
constexpr std::size_t block_counter_at = 15;

bool is_ccm(const Algorithm& encr) {
  return encr.id >= encr_id::aes_ccm_8 && encr.id <= encr_id::aes_ccm_16;
}
bool is_gcm(const Algorithm& encr) {
  return encr.openssl.ends_with("-GCM") && encr.id != encr_id::null_auth_aes_gmac;
}

/// The operations of a context; a failure here is a programmer's mistake, except where it is said
/// that the ICV may be wrong.
class Context {
 public:
  Context(const EVP_CIPHER* cipher, const Algorithm& encr, ByteView key, bool encrypt)
      : context_(EVP_CIPHER_CTX_new()), encrypt_(encrypt ? 1 : 0) {
    IKELAB_ASSERT(context_ != nullptr);
    IKELAB_ASSERT(EVP_CipherInit_ex2(get(), cipher, nullptr, nullptr, encrypt_, nullptr) == 1);
    if (is_ccm(encr)) {  // both are part of CCM's first block: before the key
      control(EVP_CTRL_AEAD_SET_IVLEN, encr.salt_size + encr.iv_size, nullptr);
      control(EVP_CTRL_AEAD_SET_TAG, encr.icv_size, nullptr);
    }
    IKELAB_ASSERT(EVP_CipherInit_ex2(get(), nullptr, key.data(), nullptr, encrypt_, nullptr) == 1);
    if (!encr.aead) EVP_CIPHER_CTX_set_padding(get(), 0);  // RFC 3602, 2.4: ESP pads
    const std::array<std::uint8_t, iv_octets_most> nothing{};
    nonce_by_parameter_ = is_gcm(encr) && set_parameters(nothing.data(), {});
  }

  /// `tag`: of an AEAD's text to be opened, else empty.
  void set_nonce_and_tag(const std::uint8_t* nonce, ByteView tag) {
    if (nonce_by_parameter_) {
      IKELAB_ASSERT(set_parameters(nonce, tag));
      return;
    }
    const OSSL_PARAM expected[] = {tag_parameter(tag), OSSL_PARAM_construct_end()};
    IKELAB_ASSERT(EVP_CipherInit_ex2(get(), nullptr, nullptr, nonce, encrypt_,
                                     tag.empty() ? nullptr : expected) == 1);
  }
  void control(int what, std::size_t size, std::uint8_t* octets) {
    IKELAB_ASSERT(EVP_CIPHER_CTX_ctrl(get(), what, static_cast<int>(size), octets) == 1);
  }
  void announce_length(std::size_t octets) {
    int size = 0;
    IKELAB_ASSERT(EVP_CipherUpdate(get(), nullptr, &size, nullptr, static_cast<int>(octets)) == 1);
  }
  void authenticate(ByteView in) {
    int size = 0;
    if (!in.empty())
      IKELAB_ASSERT(
          EVP_CipherUpdate(get(), nullptr, &size, in.data(), static_cast<int>(in.size())) == 1);
  }
  /// False: CCM found the tag wrong.
  [[nodiscard]] bool crypt(ByteView in, std::uint8_t* out) {
    int size = 0;
    std::uint8_t nothing = 0;  // a null pointer would mean something else
    if (in.empty()) return EVP_CipherUpdate(get(), &nothing, &size, &nothing, 0) == 1;
    return EVP_CipherUpdate(get(), out, &size, in.data(), static_cast<int>(in.size())) == 1;
  }
  /// False: the tag is wrong.
  [[nodiscard]] bool finish() {
    int rest = 0;
    std::array<std::uint8_t, 16> nothing{};
    return EVP_CipherFinal_ex(get(), nothing.data(), &rest) == 1;
  }

 private:
  EVP_CIPHER_CTX* get() { return context_.get(); }
  static OSSL_PARAM tag_parameter(ByteView tag) {
    return OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG,
                                             const_cast<std::uint8_t*>(tag.data()), tag.size());
  }
  /// GCM's nonce and tag in one call: EVP_CipherInit_ex2 would look up the nonce's length by name
  /// for every packet, which costs as much as encrypting 300 octets. A "fixed" IV of length -1 is
  /// the whole nonce (as EVP_CTRL_GCM_SET_IV_FIXED has it since OpenSSL 1.0.1).
  bool set_parameters(const std::uint8_t* nonce, ByteView tag) {
    const OSSL_PARAM end = OSSL_PARAM_construct_end();
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TLS1_IV_FIXED,
                                          const_cast<std::uint8_t*>(nonce), ~std::size_t{0}),
        tag.empty() ? end : tag_parameter(tag), end};
    return EVP_CIPHER_CTX_set_params(get(), parameters) == 1;
  }

  CipherCtx context_;
  int encrypt_;
  bool nonce_by_parameter_ = false;
};

class OpensslPacketCipher : public PacketCipher {
 public:
  OpensslPacketCipher(std::shared_ptr<Shared> shared, const Algorithm& encr, ByteView key,
                      bool encrypt)
      : shared_(std::move(shared)),
        encr_(encr),
        encrypt_(encrypt),
        key_(to_bytes(key.first(encr.key_size))) {
    const ByteView salt = key.subspan(encr.key_size);
    std::copy(salt.begin(), salt.end(), nonce_.begin());
    if (encr.id == encr_id::aes_ctr) nonce_[block_counter_at] = 1;
  }

  void seal(ByteView iv, ByteView aad, ByteView head, std::span<std::uint8_t> text,
            std::span<std::uint8_t> icv) override {
    shared_->count(Operation::seal);
    IKELAB_ASSERT(head.size() <= text.size() && head.size() % 16 == 0);
    if (!head.empty() && !in_parts()) {
      std::copy(head.begin(), head.end(), text.begin());
      head = {};
    }
    start(iv, aad, text);
    const std::span<std::uint8_t> rest = text.subspan(head.size());
    if (!head.empty()) IKELAB_ASSERT(context_->crypt(head, text.data()));
    IKELAB_ASSERT(!encrypts() || context_->crypt(rest, rest.data()));
    IKELAB_ASSERT(context_->finish());
    if (encr_.aead) context_->control(EVP_CTRL_AEAD_GET_TAG, icv.size(), icv.data());
  }

  bool open(ByteView iv, ByteView aad, ByteView sealed, std::span<std::uint8_t> text,
            ByteView icv) override {
    shared_->count(Operation::open);
    IKELAB_ASSERT(sealed.size() == text.size());
    expected_ = icv;
    start(iv, aad, sealed);
    if (!encrypts()) std::copy(sealed.begin(), sealed.end(), text.begin());
    const bool decrypted = !encrypts() || context_->crypt(sealed, text.data());
    if (decrypted && (is_ccm(encr_) || context_->finish())) return true;
    ERR_clear_error();
    return false;
  }

 private:
  [[nodiscard]] bool encrypts() const { return encr_.id != encr_id::null_auth_aes_gmac; }
  /// CCM takes a text at once, and GMAC reads it where it stands.
  [[nodiscard]] bool in_parts() const { return encrypts() && !is_ccm(encr_); }

  /// When the first packet comes: an SA that a rekey made may never see one, and a network has
  /// thousands of them.
  void schedule() {
    context_.emplace(shared_->cipher(encr_.openssl), encr_, key_.reveal(), encrypt_);
    key_ = Secret();
  }

  /// The nonce is salt | IV; then what comes before the text.
  //= rfc4106#4 "The salt field is a four-octet value that is assigned at the beginning of the
  //= security association, and then remains constant for the life of the security association."
  void start(ByteView iv, ByteView aad, ByteView text) {
    IKELAB_ASSERT(iv.size() == encr_.iv_size && text.size() % encr_.block_size == 0);
    std::copy(iv.begin(), iv.end(), nonce_.begin() + static_cast<std::ptrdiff_t>(encr_.salt_size));
    if (!context_) schedule();
    context_->set_nonce_and_tag(nonce_.data(), expected_);
    if (!encr_.aead) return;
    if (is_ccm(encr_)) context_->announce_length(text.size());
    context_->authenticate(aad);
    if (encrypts()) return;
    //= rfc4543#3.3 "Data integrity and data origin authentication are provided for the SPI,
    //= (Extended) Sequence Number, Authenticated Payload, Padding, Pad Length, and Next Header
    //= fields."
    context_->authenticate(iv);  // figure 4: it stands in the payload
    context_->authenticate(text);
  }

  std::shared_ptr<Shared> shared_;
  const Algorithm encr_;  // a copy: a row may be somebody's own
  bool encrypt_;
  Secret key_;  // until it is scheduled
  std::optional<Context> context_;
  std::array<std::uint8_t, iv_octets_most> nonce_{};
  ByteView expected_;  // the ICV of open(): CCM wants it between IV and length
};

/// RFC 2410: the identity function.
class NullCipher : public PacketCipher {
 public:
  explicit NullCipher(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  void seal(ByteView, ByteView, ByteView head, std::span<std::uint8_t> text,
            std::span<std::uint8_t>) override {
    shared_->count(Operation::seal);
    std::copy(head.begin(), head.end(), text.begin());
  }
  bool open(ByteView, ByteView, ByteView sealed, std::span<std::uint8_t> text, ByteView) override {
    shared_->count(Operation::open);
    std::copy(sealed.begin(), sealed.end(), text.begin());
    return true;
  }

 private:
  std::shared_ptr<Shared> shared_;
};

class OpensslPacketMac : public PacketMac {
 public:
  OpensslPacketMac(std::shared_ptr<Shared> shared, const Algorithm& integ, ByteView key)
      : shared_(std::move(shared)), context_(EVP_MAC_CTX_new(shared_->hmac())) {
    std::string digest(integ.openssl);
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    IKELAB_ASSERT(EVP_MAC_init(context_.get(), key.data(), key.size(), params) == 1);
  }
  void mac(ByteView head, ByteView tail, std::span<std::uint8_t> icv) override {
    shared_->count(Operation::mac);
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> whole{};
    std::size_t size = 0;
    IKELAB_ASSERT(EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1);  // the key of last time
    IKELAB_ASSERT(EVP_MAC_update(context_.get(), head.data(), head.size()) == 1);
    if (!tail.empty()) IKELAB_ASSERT(EVP_MAC_update(context_.get(), tail.data(), tail.size()) == 1);
    IKELAB_ASSERT(EVP_MAC_final(context_.get(), whole.data(), &size, whole.size()) == 1);
    IKELAB_ASSERT(icv.size() <= size);
    std::copy_n(whole.begin(), icv.size(), icv.begin());
  }

 private:
  std::shared_ptr<Shared> shared_;
  MacCtx context_;
};

}  // namespace

Result<std::unique_ptr<PacketCipher>> make_packet_cipher(const std::shared_ptr<Shared>& shared,
                                                         const Algorithm& encr, ByteView key,
                                                         bool encrypt) {
  IKELAB_ASSERT(encr.type == TransformType::encr);
  if (key.size() != encr.key_size + encr.salt_size) return bad_length(encr, "a key", key.size());
  if (encr.id == encr_id::null) return std::unique_ptr<PacketCipher>(new NullCipher(shared));
  return std::unique_ptr<PacketCipher>(new OpensslPacketCipher(shared, encr, key, encrypt));
}

Result<std::unique_ptr<PacketMac>> make_packet_mac(const std::shared_ptr<Shared>& shared,
                                                   const Algorithm& integ, ByteView key) {
  IKELAB_ASSERT(integ.type == TransformType::integ);
  if (key.size() != integ.key_size) return bad_length(integ, "a key", key.size());
  return std::unique_ptr<PacketMac>(new OpensslPacketMac(shared, integ, key));
}

}  // namespace ikelab::crypto::openssl
