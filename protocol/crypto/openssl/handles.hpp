// Owners for OpenSSL's objects: each is freed by its own function when it goes out of scope.
#pragma once
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include <memory>
#include <type_traits>

#include "protocol/base/bytes.hpp"

namespace ikelab::crypto::openssl {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using Handle = std::unique_ptr<T, FreeWith<Free>>;

using Bn = Handle<BIGNUM, BN_clear_free>;
using BnCtx = Handle<BN_CTX, BN_CTX_free>;
using EcGroup = Handle<EC_GROUP, EC_GROUP_free>;
using EcPoint = Handle<EC_POINT, EC_POINT_clear_free>;
using Cipher = Handle<EVP_CIPHER, EVP_CIPHER_free>;
using CipherCtx = Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using LibCtx = Handle<OSSL_LIB_CTX, OSSL_LIB_CTX_free>;
using Mac = Handle<EVP_MAC, EVP_MAC_free>;
using MacCtx = Handle<EVP_MAC_CTX, EVP_MAC_CTX_free>;
using Md = Handle<EVP_MD, EVP_MD_free>;
using MdCtx = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;
using ParamBuild = Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Params = Handle<OSSL_PARAM, OSSL_PARAM_free>;
using Pkcs8 = Handle<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;
using Pkey = Handle<EVP_PKEY, EVP_PKEY_free>;
using PkeyCtx = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using OsslProvider = Handle<OSSL_PROVIDER, OSSL_PROVIDER_unload>;
using X509Ptr = Handle<X509, X509_free>;
using X509Name = Handle<X509_NAME, X509_NAME_free>;
using X509Store = Handle<X509_STORE, X509_STORE_free>;
using X509StoreCtx = Handle<X509_STORE_CTX, X509_STORE_CTX_free>;

/// An Error of ours; what OpenSSL queued is dropped: its words differ between versions, and errors
/// are part of the trace.
inline Error failure(std::string code, std::string message, std::string rfc = {}) {
  ERR_clear_error();
  return Error{std::move(code), std::move(message)}.see(std::move(rfc));
}

/// The DER that an i2d function makes of an object.
template <class T>
Bytes to_der(int (*i2d)(T*, unsigned char**), std::type_identity_t<T>* object) {
  const int size = i2d(object, nullptr);
  IKELAB_ASSERT(size >= 0);
  Bytes der(static_cast<std::size_t>(size));
  unsigned char* at = der.data();
  i2d(object, &at);
  return der;
}

/// A number as `octets` octets, most significant first, padded with zeros on the left.
inline Bytes padded(const BIGNUM* number, std::size_t octets) {
  Bytes out(octets);
  IKELAB_ASSERT(BN_bn2binpad(number, out.data(), static_cast<int>(octets)) >= 0);
  return out;
}

inline Bn number(ByteView octets) {
  return Bn(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
}

}  // namespace ikelab::crypto::openssl
