#include "sim/host/os_random.hpp"

#include <sys/random.h>

#include <cerrno>

namespace ikelab::host {
namespace {

class OsRng : public crypto::Rng {
 public:
  void fill(std::span<std::uint8_t> out) override {
    while (!out.empty()) {
      const ssize_t got = getrandom(out.data(), out.size(), 0);
      if (got < 0) {
        IKELAB_ASSERT(errno == EINTR);
        continue;
      }
      out = out.subspan(static_cast<std::size_t>(got));
    }
  }
};

class OsSource : public crypto::RngSource {
 public:
  std::unique_ptr<crypto::Rng> stream(std::string_view) override {
    return std::make_unique<OsRng>();
  }
};

}  // namespace

std::unique_ptr<crypto::RngSource> os_random() {
  return std::make_unique<OsSource>();
}

}  // namespace ikelab::host
