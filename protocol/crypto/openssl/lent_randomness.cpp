#include "protocol/crypto/openssl/lent_randomness.hpp"

#include <openssl/core_dispatch.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace ikelab::crypto::openssl {
namespace {

constexpr const char* provider_name = "ikelab-lent";
constexpr const char* rand_name = "IKELAB-LENT";

// What OpenSSL calls the provider context: the source that is lent at the moment.
struct Source {
  Rng* rng = nullptr;
};

// One of the context's generators (it makes three: primary, public, private); all draw from Source.
struct Generator {
  Source* source;
  int state = EVP_RAND_STATE_UNINITIALISED;
};

void* new_generator(void* source, void*, const OSSL_DISPATCH*) {
  return new Generator{static_cast<Source*>(source)};
}
void free_generator(void* generator) {
  delete static_cast<Generator*>(generator);
}

int instantiate(void* generator, unsigned, int, const unsigned char*, size_t, const OSSL_PARAM[]) {
  static_cast<Generator*>(generator)->state = EVP_RAND_STATE_READY;
  return 1;
}
int uninstantiate(void* generator) {
  static_cast<Generator*>(generator)->state = EVP_RAND_STATE_UNINITIALISED;
  return 1;
}
int generate(void* generator, unsigned char* out, size_t size, unsigned, int, const unsigned char*,
             size_t) {
  Rng* rng = static_cast<Generator*>(generator)->source->rng;
  if (rng == nullptr) return 0;
  rng->fill({out, size});
  return 1;
}
int enable_locking(void*) {
  return 1;
}  // used by one thread only

const OSSL_PARAM* gettable_params(void*, void*) {
  static const OSSL_PARAM params[] = {OSSL_PARAM_int(OSSL_RAND_PARAM_STATE, nullptr),
                                      OSSL_PARAM_uint(OSSL_RAND_PARAM_STRENGTH, nullptr),
                                      OSSL_PARAM_size_t(OSSL_RAND_PARAM_MAX_REQUEST, nullptr),
                                      OSSL_PARAM_END};
  return params;
}
int get_params(void* generator, OSSL_PARAM params[]) {
  constexpr unsigned strength_bits = 256;
  constexpr size_t max_request = 1 << 16;
  OSSL_PARAM* p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STATE);
  if (p != nullptr && OSSL_PARAM_set_int(p, static_cast<Generator*>(generator)->state) != 1)
    return 0;
  p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STRENGTH);
  if (p != nullptr && OSSL_PARAM_set_uint(p, strength_bits) != 1) return 0;
  p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_MAX_REQUEST);
  return p == nullptr || OSSL_PARAM_set_size_t(p, max_request) == 1 ? 1 : 0;
}

/// OpenSSL's tables hold functions of every type as void(*)().
template <class Function>
OSSL_DISPATCH entry(int id, Function* function) {
  return {id, reinterpret_cast<void (*)()>(function)};
}

const OSSL_ALGORITHM* query(void*, int operation, int* no_cache) {
  static const OSSL_DISPATCH functions[] = {
      entry(OSSL_FUNC_RAND_NEWCTX, &new_generator),
      entry(OSSL_FUNC_RAND_FREECTX, &free_generator),
      entry(OSSL_FUNC_RAND_INSTANTIATE, &instantiate),
      entry(OSSL_FUNC_RAND_UNINSTANTIATE, &uninstantiate),
      entry(OSSL_FUNC_RAND_GENERATE, &generate),
      entry(OSSL_FUNC_RAND_ENABLE_LOCKING, &enable_locking),
      entry(OSSL_FUNC_RAND_GETTABLE_CTX_PARAMS, &gettable_params),
      entry(OSSL_FUNC_RAND_GET_CTX_PARAMS, &get_params),
      {0, nullptr}};
  static const OSSL_ALGORITHM algorithms[] = {
      {rand_name, "provider=ikelab-lent", functions, "randomness lent by the caller"},
      {nullptr, nullptr, nullptr, nullptr}};
  *no_cache = 0;
  return operation == OSSL_OP_RAND ? algorithms : nullptr;
}

void teardown(void* source) {
  delete static_cast<Source*>(source);
}

int provider_init(const OSSL_CORE_HANDLE*, const OSSL_DISPATCH*, const OSSL_DISPATCH** out,
                  void** context) {
  static const OSSL_DISPATCH functions[] = {entry(OSSL_FUNC_PROVIDER_TEARDOWN, &teardown),
                                            entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, &query),
                                            {0, nullptr}};
  *context = new Source;
  *out = functions;
  return 1;
}

}  // namespace

LentRandomness::LentRandomness() : context_(OSSL_LIB_CTX_new()) {
  IKELAB_ASSERT(context_ != nullptr);
  IKELAB_ASSERT(OSSL_PROVIDER_add_builtin(context_.get(), provider_name, &provider_init) == 1);
  lent_.reset(OSSL_PROVIDER_load(context_.get(), provider_name));
  default_.reset(OSSL_PROVIDER_load(context_.get(), "default"));
  IKELAB_ASSERT(lent_ != nullptr && default_ != nullptr);
  IKELAB_ASSERT(RAND_set_DRBG_type(context_.get(), rand_name, nullptr, nullptr, nullptr) == 1);
  lent_to_ = &static_cast<Source*>(OSSL_PROVIDER_get0_provider_ctx(lent_.get()))->rng;
}

LentRandomness::Lease::Lease(LentRandomness& lender, Rng& rng)
    : lender_(lender), stream_(keystream(rng.bytes(32))) {
  IKELAB_ASSERT(*lender_.lent_to_ == nullptr);
  *lender_.lent_to_ = stream_.get();
}

LentRandomness::Lease::~Lease() {
  *lender_.lent_to_ = nullptr;
}

}  // namespace ikelab::crypto::openssl
