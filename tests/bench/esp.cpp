// `ikelab bench esp`: what the data path costs around the cipher. Sealing (policy and SA look-up,
// sequence number, padding, headers) and opening (SPI look-up, replay window, padding, inner
// selectors) beside the bare OpenSSL AEAD with a context that is kept, over the same octets.
#include <fmt/format.h>
#include <openssl/evp.h>
#include <time.h>

#include <algorithm>
#include <array>

#include "tests/bench/allocations.hpp"
#include "tests/bench/bench.hpp"
#include "tests/protocol/esp_support.hpp"

namespace ikelab::bench {
namespace {

constexpr std::size_t batch = 128;  // packets a turn
constexpr std::size_t icv_octets = 16, trailer_octets = 2;

double now_ns() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

void must(bool done) {
  IKELAB_ASSERT(done);
}

/// OpenSSL alone: the key is set once, each packet brings an IV, associated data and a text.
class Bare {
 public:
  Bare(const crypto::Algorithm& encr, std::size_t text_octets)
      : cipher_(EVP_CIPHER_fetch(nullptr, std::string(encr.openssl).c_str(), nullptr)),
        seal_(EVP_CIPHER_CTX_new()),
        open_(EVP_CIPHER_CTX_new()),
        text_(text_octets),
        sealed_(batch, Bytes(text_octets + icv_octets)) {
    const std::array<unsigned char, 32> key{};
    must(EVP_EncryptInit_ex2(seal_, cipher_, key.data(), nullptr, nullptr) == 1 &&
         EVP_DecryptInit_ex2(open_, cipher_, key.data(), nullptr, nullptr) == 1);
  }
  ~Bare() {
    EVP_CIPHER_CTX_free(seal_);
    EVP_CIPHER_CTX_free(open_);
    EVP_CIPHER_free(cipher_);
  }
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;

  void seal() {
    for (std::size_t i = 0; i < batch; ++i) {
      Bytes& out = sealed_[i];
      int size = 0;
      nonce_[11] = static_cast<unsigned char>(i);
      must(EVP_EncryptInit_ex2(seal_, nullptr, nullptr, nonce_.data(), nullptr) == 1 &&
           EVP_EncryptUpdate(seal_, nullptr, &size, aad_.data(), 8) == 1 &&
           EVP_EncryptUpdate(seal_, out.data(), &size, text_.data(), octets()) == 1 &&
           EVP_EncryptFinal_ex(seal_, out.data() + size, &size) == 1 &&
           EVP_CIPHER_CTX_ctrl(seal_, EVP_CTRL_AEAD_GET_TAG, icv_octets,
                               out.data() + text_.size()) == 1);
    }
  }
  void open() {
    for (std::size_t i = 0; i < batch; ++i) {
      Bytes& in = sealed_[i];
      int size = 0;
      nonce_[11] = static_cast<unsigned char>(i);
      must(EVP_DecryptInit_ex2(open_, nullptr, nullptr, nonce_.data(), nullptr) == 1 &&
           EVP_CIPHER_CTX_ctrl(open_, EVP_CTRL_AEAD_SET_TAG, icv_octets,
                               in.data() + text_.size()) == 1 &&
           EVP_DecryptUpdate(open_, nullptr, &size, aad_.data(), 8) == 1 &&
           EVP_DecryptUpdate(open_, text_.data(), &size, in.data(), octets()) == 1 &&
           EVP_DecryptFinal_ex(open_, text_.data() + size, &size) == 1);
    }
  }

 private:
  [[nodiscard]] int octets() const { return static_cast<int>(text_.size()); }
  EVP_CIPHER* cipher_;
  EVP_CIPHER_CTX *seal_, *open_;
  std::array<unsigned char, 12> nonce_{};
  std::array<unsigned char, 8> aad_{};
  Bytes text_;
  std::vector<Bytes> sealed_;
};

/// The data path, with a policy and an SA, as a gateway has them.
class Path {
 public:
  Path(const char* suite, std::size_t inner_octets)
      : inner_(test::inner_packet(inner_octets - 28)) {
    pair_.a.require({test::subnet("10.1.0.0", "10.1.0.255")},
                    {test::subnet("10.2.0.0", "10.2.0.255")});
    pair_.install(test::sa_between, 0x1001, test::suite_of(suite));
    seal();  // the first packets find the memory that all later ones use
    open();
  }
  void seal() {
    for (esp::Sealed& sealed : sealed_) must(pair_.a.seal(inner_, sealed).ok());
  }
  void open() {
    for (esp::Sealed& sealed : sealed_)
      must(pair_.b.open(sealed.packet, sealed.header, opened_).ok());
  }

 private:
  test::EspPair pair_;
  Bytes inner_;
  std::vector<esp::Sealed> sealed_{batch};
  esp::Opened opened_;
};

struct Row {
  const char* suite;
  std::size_t octets;                                       ///< of the inner packet
  double bare_seal = 0, seal = 0, bare_open = 0, open = 0;  ///< ns a packet, medians
  std::uint64_t allocations = 0;                            ///< of all packets measured
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void measure(Row& row, unsigned turns) {
  const auto* encr = crypto::find_keyword(crypto::TransformType::encr, row.suite);
  Path path(row.suite, row.octets);
  const std::size_t text = row.octets + trailer_octets;
  Bare bare(*encr, text + (4 - text % 4) % 4);
  std::vector<double> times[4];
  for (auto& list : times) list.reserve(turns);
  const auto timed = [](std::vector<double>& into, auto work) {
    const double before = now_ns();
    work();
    into.push_back((now_ns() - before) / batch);
  };
  for (unsigned i = 0; i < turns; ++i) {
    timed(times[0], [&] { bare.seal(); });
    const std::uint64_t before = allocations();
    timed(times[1], [&] { path.seal(); });
    row.allocations += allocations() - before;
    timed(times[2], [&] { bare.open(); });
    const std::uint64_t then = allocations();
    timed(times[3], [&] { path.open(); });
    row.allocations += allocations() - then;
  }
  row.bare_seal = median(std::move(times[0]));
  row.seal = median(std::move(times[1]));
  row.bare_open = median(std::move(times[2]));
  row.open = median(std::move(times[3]));
}

}  // namespace

int esp(const std::vector<std::string>& arguments) {
  const auto said = [&](const char* word) {
    return std::find(arguments.begin(), arguments.end(), word) != arguments.end();
  };
  const unsigned turns = said("--brief") ? 101 : 2001;
  Row rows[] = {{"aes128gcm16", 1400}, {"aes128gcm16", 64},        {"aes256gcm16", 1400},
                {"aes256gcm16", 64},   {"chacha20poly1305", 1400}, {"chacha20poly1305", 64}};
  if (!said("--json"))
    fmt::print(
        "ESP and bare OpenSSL, CPU nanoseconds a packet, medians of {} turns of {}\n\n"
        "  suite             octets    bare    seal  ratio    bare    open  ratio  aim   "
        "allocations\n",
        turns, batch);
  std::string json;
  for (Row& row : rows) {
    measure(row, turns);
    const double aim = row.octets >= 1400 ? 1.15 : 1.6;
    if (said("--json"))
      json += fmt::format(
          "{}{{\"suite\":\"{}\",\"octets\":{},\"bare_seal_ns\":{:.1f},"
          "\"seal_ns\":{:.1f},\"bare_open_ns\":{:.1f},\"open_ns\":{:.1f},"
          "\"seal_ratio\":{:.3f},\"open_ratio\":{:.3f},\"aim\":{},"
          "\"allocations\":{}}}",
          json.empty() ? "" : ",", row.suite, row.octets, row.bare_seal, row.seal, row.bare_open,
          row.open, row.seal / row.bare_seal, row.open / row.bare_open, aim, row.allocations);
    else
      fmt::print(
          "  {:<18}{:>6}  {:>6.1f}  {:>6.1f}  {:>5.3f}  {:>6.1f}  {:>6.1f}  {:>5.3f}  {:<4}"
          "  {}\n",
          row.suite, row.octets, row.bare_seal, row.seal, row.seal / row.bare_seal, row.bare_open,
          row.open, row.open / row.bare_open, aim, row.allocations);
  }
  if (said("--json")) fmt::print("[{}]\n", json);
  return 0;
}

}  // namespace ikelab::bench
