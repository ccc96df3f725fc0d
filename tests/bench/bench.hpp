// Benchmarks of the engine in memory, and of the bare OpenSSL operations beside them. One run
// measures both, turn by turn, because a number means little on another machine or in another hour:
// the ratio is what counts. docs/PERFORMANCE.md tells results.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "protocol/ikev2/endpoint.hpp"

namespace ikelab::bench {

enum class Auth { psk, ecdsa, rsa };
std::string_view to_string(Auth auth);

/// What a handshake is made of.
struct Kind {
  Auth auth;
  const char* ke;  ///< swanctl's word: x25519, ecp256, modp2048
};

/// CPU time of this process, in microseconds.
double cpu_us();
/// The bare operations of one whole handshake, both sides together: what RFC 7296 makes necessary,
/// with contexts that are kept; for certificates the naive way, parsed and verified each time.
class Floor {
 public:
  explicit Floor(const Kind& kind);
  ~Floor();
  void run();

 private:
  struct Operations;
  std::unique_ptr<Operations> operations_;
};

/// gw-a and gw-b of a kind of handshake.
struct Sites {
  policy::EndpointConfig a, b;
};
Sites sites(const Kind& kind);

int handshake(const std::vector<std::string>& arguments);
int scale(const std::vector<std::string>& arguments);
int esp(const std::vector<std::string>& arguments);
int view(const std::vector<std::string>& arguments);  ///< built with the visualizer

}  // namespace ikelab::bench
