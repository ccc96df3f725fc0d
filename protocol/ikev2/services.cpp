#include "protocol/ikev2/services.hpp"

#include "protocol/ikev2/ike_sa.hpp"

namespace ikelab::ikev2 {

Streams::Streams(crypto::RngSource& source)
    : ike_spi(source.stream("ike-spi")),
      esp_spi(source.stream("esp-spi")),
      nonce(source.stream("nonce")),
      ke(source.stream("ke")),
      iv(source.stream("ike-iv")),
      sign(source.stream("sign")),
      jitter(source.stream("jitter")),
      cookie(source.stream("cookie")),
      eap(source.stream("eap")) {}

Services::Services(policy::EndpointConfig config_in, crypto::Provider& provider_in,
                   std::unique_ptr<crypto::RngSource> rng_in, const Decisions& decisions_in)
    : config(std::move(config_in)),
      decisions(decisions_in),
      provider(provider_in),
      rng(std::move(rng_in)),
      streams(*rng),
      certificates(provider) {}

Services::~Services() = default;

std::string Services::next_sa_name() {
  return config.node + "#" + std::to_string(++sa_count);
}

std::uint64_t Services::transmit(const SocketAddress& src, const SocketAddress& dst,
                                 Bytes payload) {
  const std::uint64_t id = config.datagram_id_base + ++datagrams;
  transmits.push_back(Datagram{id, src, dst, std::move(payload)});
  return id;
}

}  // namespace ikelab::ikev2
