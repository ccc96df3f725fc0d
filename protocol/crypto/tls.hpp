// TLS as a value: records in, records out, no sockets (for EAP-TLS: RFC 5216, RFC 9190). Both sides
// show a certificate.
#pragma once
#include <optional>
#include <string>

#include "protocol/base/secret.hpp"
#include "protocol/crypto/rng.hpp"

namespace ikelab::crypto {

struct TlsConfig {
  bool server = false;
  unsigned lowest = 2, highest = 3;  ///< TLS 1.2 and 1.3; others are not spoken
  std::vector<Bytes> certificates;   ///< DER, our own first
  Bytes private_key;                 ///< DER, PKCS #8
  std::vector<Bytes> authorities;    ///< DER: who may stand for the other side
  std::int64_t unix_time = 0;        ///< at which certificates must be valid
};

class TlsChannel {
 public:
  virtual ~TlsChannel() = default;
  /// What came of records of the other side: what to send (an alert, when it failed), and why it
  /// failed.
  struct Step {
    Bytes records;
    std::optional<Error> failure;
  };
  /// Takes records (none to begin as the client). `rng`: 32 octets of it key everything random.
  virtual Step advance(ByteView records, Rng& rng) = 0;
  /// Application data as records.
  virtual Step send(ByteView data, Rng& rng) = 0;
  /// Application data that came, and was not taken yet.
  virtual Bytes received() = 0;
  [[nodiscard]] virtual bool established() const = 0;
  [[nodiscard]] virtual unsigned minor_version() const = 0;  ///< 2 or 3, once it is known
  [[nodiscard]] virtual Bytes peer_certificate() const = 0;  ///< DER; empty: none
  /// The exporter of RFC 5705 and RFC 8446, 7.5. `context`: nothing is not the same as empty.
  virtual Result<Secret> export_key(std::string_view label, std::optional<ByteView> context,
                                    std::size_t octets) = 0;
};

}  // namespace ikelab::crypto
