// TLS over two memory buffers, in a library context whose randomness is lent for the length of one
// step: the same run sends the same records. No session is resumed, no ticket given.
#include "protocol/crypto/tls.hpp"

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "protocol/crypto/openssl/internal.hpp"

namespace ikelab::crypto::openssl {
namespace {

using SslCtx = Handle<SSL_CTX, SSL_CTX_free>;
using Ssl = Handle<SSL, SSL_free>;

/// From the caller's context, as OpenSSL asks for objects of another one than the default.
X509Ptr read_certificate(OSSL_LIB_CTX* context, ByteView der) {
  X509* made = X509_new_ex(context, nullptr);
  const unsigned char* at = der.data();
  if (d2i_X509(&made, &at, static_cast<long>(der.size())) == nullptr) return nullptr;
  return X509Ptr(made);
}

Error bad_config(const char* what) {
  return failure("E-CRYPTO-TLS", std::string("TLS: ") + what);
}

Result<void> add_identity(SSL_CTX* tls, OSSL_LIB_CTX* context, const TlsConfig& config) {
  if (config.certificates.empty()) return bad_config("no certificate to show");
  const unsigned char* at = config.private_key.data();
  const Pkey key(d2i_AutoPrivateKey_ex(nullptr, &at, static_cast<long>(config.private_key.size()),
                                       context, nullptr));
  const X509Ptr own = read_certificate(context, config.certificates.front());
  if (!key || !own || SSL_CTX_use_certificate(tls, own.get()) != 1 ||
      SSL_CTX_use_PrivateKey(tls, key.get()) != 1)
    return bad_config("the certificate and its key do not fit");
  for (std::size_t i = 1; i < config.certificates.size(); ++i)
    if (X509Ptr link = read_certificate(context, config.certificates[i]))
      if (SSL_CTX_add_extra_chain_cert(tls, link.get()) == 1) (void)link.release();
  return {};
}

Result<void> add_trust(SSL_CTX* tls, OSSL_LIB_CTX* context, const TlsConfig& config) {
  if (config.authorities.empty()) return bad_config("nobody is trusted to stand for the peer");
  for (const Bytes& der : config.authorities) {
    const X509Ptr anchor = read_certificate(context, der);
    if (!anchor || X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), anchor.get()) != 1)
      return bad_config("a trust anchor cannot be read");
    if (config.server) SSL_CTX_add_client_CA(tls, anchor.get());
  }
  X509_VERIFY_PARAM* rules = SSL_CTX_get0_param(tls);
  X509_VERIFY_PARAM_set_time(rules, config.unix_time);
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
  // RFC 5216, 5.3: both sides show a certificate; without this a server lets anybody in.
  SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

class OpensslTls : public TlsChannel {
 public:
  OpensslTls(std::shared_ptr<Shared> shared, SslCtx context, bool server)
      : shared_(std::move(shared)), context_(std::move(context)), ssl_(SSL_new(context_.get())) {
    IKELAB_ASSERT(ssl_ != nullptr);
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    IKELAB_ASSERT(in_ != nullptr && out_ != nullptr);
    SSL_set_bio(ssl_.get(), in_, out_);  // they are freed with it
    server ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
  }

  Step advance(ByteView records, Rng& rng) override {
    const LentRandomness::Lease lease(shared_->randomness(), rng);
    if (!records.empty())
      IKELAB_ASSERT(BIO_write(in_, records.data(), static_cast<int>(records.size())) > 0);
    Step step;
    if (!established()) shared_->count(Operation::ke_derive);
    if (!established() && SSL_do_handshake(ssl_.get()) != 1) step.failure = why_not();
    if (established() && !step.failure) step.failure = read_data();
    step.records = take_output();
    return step;
  }

  Step send(ByteView data, Rng& rng) override {
    const LentRandomness::Lease lease(shared_->randomness(), rng);
    Step step;
    if (SSL_write(ssl_.get(), data.data(), static_cast<int>(data.size())) <= 0)
      step.failure = failure("E-CRYPTO-TLS", "TLS: nothing can be sent");
    step.records = take_output();
    return step;
  }

  Bytes received() override { return std::exchange(received_, {}); }
  [[nodiscard]] bool established() const override { return SSL_is_init_finished(ssl_.get()) == 1; }
  [[nodiscard]] unsigned minor_version() const override {
    return SSL_version(ssl_.get()) == TLS1_3_VERSION ? 3 : 2;
  }
  [[nodiscard]] Bytes peer_certificate() const override {
    X509* leaf = SSL_get0_peer_certificate(ssl_.get());
    return leaf == nullptr ? Bytes{} : to_der<X509>(i2d, leaf);
  }

  Result<Secret> export_key(std::string_view label, std::optional<ByteView> context,
                            std::size_t octets) override {
    Bytes out(octets);
    static constexpr std::uint8_t none = 0;
    const ByteView given = context.value_or(ByteView{});
    if (SSL_export_keying_material(ssl_.get(), out.data(), out.size(), label.data(), label.size(),
                                   given.empty() ? &none : given.data(), given.size(),
                                   context.has_value() ? 1 : 0) != 1)
      return failure("E-CRYPTO-TLS", "TLS exports no key yet", "RFC 5705");
    return Secret(std::move(out));
  }

 private:
  static int i2d(X509* certificate, unsigned char** at) { return i2d_X509(certificate, at); }

  /// Nothing, when only more records are wanted.
  std::optional<Error> why_not() {
    const int reason = SSL_get_error(ssl_.get(), 0);
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) return std::nullopt;
    const long verdict = SSL_get_verify_result(ssl_.get());
    if (verdict != X509_V_OK)
      return failure("E-CRYPTO-TLS", std::string("TLS: the peer's certificate is not accepted: ") +
                                         X509_verify_cert_error_string(verdict));
    return failure("E-CRYPTO-TLS", "TLS: the handshake failed");
  }

  std::optional<Error> read_data() {
    std::uint8_t chunk[1024];
    for (int size; (size = SSL_read(ssl_.get(), chunk, sizeof chunk)) > 0;) {
      if (received_.size() > sizeof chunk) return failure("E-CRYPTO-TLS", "TLS: too much data");
      received_.insert(received_.end(), chunk, chunk + size);
    }
    return why_not();
  }

  Bytes take_output() {
    Bytes out(BIO_ctrl_pending(out_));
    if (!out.empty())
      IKELAB_ASSERT(BIO_read(out_, out.data(), static_cast<int>(out.size())) ==
                    static_cast<int>(out.size()));
    ERR_clear_error();
    return out;
  }

  std::shared_ptr<Shared> shared_;
  SslCtx context_;
  Ssl ssl_;
  BIO *in_ = nullptr, *out_ = nullptr;
  Bytes received_;
};

}  // namespace

Result<std::unique_ptr<TlsChannel>> make_tls(const std::shared_ptr<Shared>& shared,
                                             const TlsConfig& config, Rng& rng) {
  const LentRandomness::Lease lease(shared->randomness(), rng);
  OSSL_LIB_CTX* library = shared->randomness().context();
  SslCtx tls(
      SSL_CTX_new_ex(library, nullptr, config.server ? TLS_server_method() : TLS_client_method()));
  if (!tls) return bad_config("OpenSSL speaks no TLS here");
  const auto version = [](unsigned minor) { return minor >= 3 ? TLS1_3_VERSION : TLS1_2_VERSION; };
  SSL_CTX_set_min_proto_version(tls.get(), version(config.lowest));
  SSL_CTX_set_max_proto_version(tls.get(), version(config.highest));
  // RFC 5746 protects renegotiation, which nobody does here: a server may lack it (strongSwan's).
  SSL_CTX_set_options(tls.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_LEGACY_SERVER_CONNECT);
  SSL_CTX_set_num_tickets(tls.get(), 0);
  SSL_CTX_set_session_cache_mode(tls.get(), SSL_SESS_CACHE_OFF);
  IKELAB_CHECK(add_identity(tls.get(), library, config));
  IKELAB_CHECK(add_trust(tls.get(), library, config));
  return std::unique_ptr<TlsChannel>(
      std::make_unique<OpensslTls>(shared, std::move(tls), config.server));
}

}  // namespace ikelab::crypto::openssl
