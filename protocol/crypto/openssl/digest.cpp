#include "protocol/crypto/digest.hpp"

#include <openssl/crypto.h>

#include "protocol/crypto/openssl/handles.hpp"

namespace ikelab::crypto {
namespace {

class Sha256 : public Digest {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) {
    IKELAB_ASSERT(EVP_DigestInit_ex2(context_.get(), EVP_sha256(), nullptr) == 1);
  }
  void update(ByteView data) override {
    IKELAB_ASSERT(EVP_DigestUpdate(context_.get(), data.data(), data.size()) == 1);
  }
  Bytes finish() override {
    Bytes out(32);
    IKELAB_ASSERT(EVP_DigestFinal_ex(context_.get(), out.data(), nullptr) == 1);
    return out;
  }

 private:
  openssl::MdCtx context_;
};

}  // namespace

std::unique_ptr<Digest> sha256() {
  return std::make_unique<Sha256>();
}
std::string library_version() {
  return OpenSSL_version(OPENSSL_VERSION_STRING);
}

}  // namespace ikelab::crypto
