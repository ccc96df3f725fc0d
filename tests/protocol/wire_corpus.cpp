// The fuzzers' corpora as an ordinary test: whatever they once found stays found. And the seeds,
// made from real runs.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "protocol/wire/decode.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/test_authority.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;
namespace fs = std::filesystem;

namespace {

fs::path corpus(const char* target) {
  return fs::path(IKELAB_SOURCE_DIR) / "tests/fuzz/corpus" / target;
}

void write(const char* target, const std::string& name, const Bytes& octets) {
  fs::create_directories(corpus(target));
  std::ofstream out(corpus(target) / name, std::ios::binary);
  out.write(reinterpret_cast<const char*>(octets.data()),
            static_cast<std::streamsize>(octets.size()));
}

/// One message for the target `session` (tests/fuzz/session.cpp).
Bytes record(const trace::Message& message, bool by_b, std::uint8_t control = 0) {
  static const std::map<std::string, std::uint8_t> exchanges = {
      {"IKE_SA_INIT", 34},   {"IKE_AUTH", 35},         {"CREATE_CHILD_SA", 36},
      {"INFORMATIONAL", 37}, {"IKE_INTERMEDIATE", 43}, {"IKE_FOLLOWUP_KE", 44}};
  const std::size_t size = message.plain.size();
  const auto flags =
      static_cast<std::uint8_t>(control | (by_b ? 1 : 0) | (message.response ? 2 : 0));
  const std::uint8_t head[] = {flags,
                               exchanges.at(message.exchange),
                               static_cast<std::uint8_t>(message.plain_first),
                               static_cast<std::uint8_t>(message.message_id),
                               static_cast<std::uint8_t>(size >> 8),
                               static_cast<std::uint8_t>(size)};
  return concat({head, message.plain});
}

/// Every message of a long life: handshake, rekeyings, liveness, deletes.
void write_run(const std::string& name, const policy::EndpointConfig& a,
               const policy::EndpointConfig& b, std::uint8_t half_open) {
  Pair pair(a, b);
  const auto act = [&](Side& side, const Command& command) {
    REQUIRE(pair.command(side, command).ok());
    pair.drive();
  };
  act(pair.a, Initiate{"site", "net"});
  act(pair.b, CheckLiveness{});
  act(pair.a, RekeyChild{"net"});
  act(pair.b, RekeyIke{});
  act(pair.a, DeleteChild{"net"});
  act(pair.b, DeleteIke{});
  unsigned count = 0;
  Bytes all = {0};
  for (Side* side : {&pair.a, &pair.b})
    for (const auto* message : side->all<trace::Message>()) {
      if (message->direction != "sent") continue;
      const std::string file = name + std::to_string(count++);
      write("decode", file, message->bytes);
      write("dissect", file, message->bytes);
      if (!message->encrypted) continue;
      const bool by_b = side == &pair.b;
      const Bytes one = record(*message, by_b);
      const std::uint8_t in_handshake = by_b ? 2 : half_open;
      const Bytes situation = {message->exchange == "IKE_AUTH" ? in_handshake
                                                               : static_cast<std::uint8_t>(0)};
      write("session", file, concat({situation, one}));
      all = concat({all, record(*message, by_b, 8)});
      const auto chain =
          wire::decode_chain(message->plain, static_cast<wire::PayloadType>(message->plain_first));
      for (const wire::Payload& payload : chain.payloads) {
        const Bytes type = {static_cast<std::uint8_t>(payload.type)};
        write("payload", file + "-" + std::to_string(payload.begin),
              concat({type, ByteView(message->plain)
                                .subspan(payload.begin + 4, payload.end - payload.begin - 4)}));
      }
    }
  write("session", name + "all", all);
}

void write_certificates() {
  TestAuthority authority;
  const Holder root = authority.ca("CN=Root,O=ikelab"), sub = authority.ca("CN=Sub", &root);
  const Holder gw = authority.issue("CN=gw-a,O=ikelab", &sub, [](pki::CertificateSpec& spec) {
    spec.alt_names = {{pki::SubjectAltName::Type::dns, "gw-a.example"},
                      {pki::SubjectAltName::Type::ip, "192.0.2.1"}};
    spec.purposes = {pki::KeyPurpose::ipsec_ike};
    spec.crl_uri = "http://pki.example/sub.crl";
    spec.ocsp_uri = "http://ocsp.example/";
  });
  const Holder bound = authority.ca("CN=Bound", &root, [](pki::CertificateSpec& spec) {
    spec.permitted = {{pki::SubjectAltName::Type::dns, "a.example"},
                      {pki::SubjectAltName::Type::ip, "10.0.0.0/8"}};
    spec.path_length = 0;
  });
  const auto as = [](std::uint8_t kind, const Bytes& der) {
    const std::uint8_t first[] = {kind};
    return concat({first, der});
  };
  write("certificate", "leaf", as(0, gw.certificate));
  write("certificate", "intermediate", as(1, bound.certificate));
  write("certificate", "root", as(1, root.certificate));
  write("certificate", "crl", as(2, authority.crl(sub, {&gw})));
  write("certificate", "ocsp", as(3, authority.ocsp(pki::OcspStatus::good, gw, sub, sub)));
  write("certificate", "public-key", as(4, gw.key->public_key_der()));
  write("certificate", "private-key", as(5, to_bytes(gw.key->private_key_der().reveal())));
  write("certificate", "name", as(6, pki::parse_certificate(gw.certificate)->subject_der));
}

}  // namespace

TEST_CASE("fuzz corpora are replayed", "[wire][esp][fuzz]") {
  for (const fuzz::Target& target : fuzz::targets) {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(corpus(target.name))) {
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string octets((std::istreambuf_iterator<char>(in)), {});
      INFO(entry.path().string());
      target.run(as_bytes(octets));
      ++count;
    }
    INFO(target.name);
    CHECK(count >= 5);
  }
}

namespace {

std::string mutated_target;
Bytes mutated;

// Keeps the input that broke something, and breaks.
void keep_finding(int signal) {
  std::ofstream out(mutated_target + ".finding", std::ios::binary);
  out.write(reinterpret_cast<const char*>(mutated.data()),
            static_cast<std::streamsize>(mutated.size()));
  out.close();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

/// A few octets changed, taken out, put in, or copied from another seed.
Bytes mutate(Bytes octets, const std::vector<Bytes>& seeds, crypto::Rng& rng) {
  for (std::uint64_t changes = 1 + rng.below(6); changes > 0; --changes) {
    const Bytes& other = seeds[rng.below(seeds.size())];
    const auto at = octets.begin() + static_cast<std::ptrdiff_t>(rng.below(octets.size() + 1));
    const auto left = static_cast<std::uint64_t>(octets.end() - at);
    const auto few = static_cast<std::ptrdiff_t>(rng.below(std::min<std::uint64_t>(left, 16) + 1));
    const std::uint64_t what = rng.below(6);
    if (what <= 2 && left > 0)
      *at = static_cast<std::uint8_t>(what == 0   ? *at ^ (1U << rng.below(8))
                                      : what == 1 ? rng.below(256)
                                                  : *at + 1);
    else if (what == 3)
      octets.erase(at, at + few);
    else if (what == 4)
      octets.insert(at, static_cast<std::size_t>(few), static_cast<std::uint8_t>(rng.below(256)));
    else if (!other.empty()) {
      const std::uint64_t begin = rng.below(other.size());
      const auto part = ByteView(other).subspan(begin, rng.below(other.size() - begin + 1));
      octets.insert(at, part.begin(), part.end());
    }
  }
  return octets;
}

}  // namespace

// Where there is no clang: IKELAB_MUTATE="session 60 1" test_protocol "[.mutate]" (target, seconds,
// seed). It knows nothing of coverage; tests/fuzz/run does.
TEST_CASE("fuzz by mutation of the corpora", "[.mutate]") {
  const char* asked = std::getenv("IKELAB_MUTATE");
  REQUIRE(asked != nullptr);
  std::istringstream words(asked);
  unsigned seconds = 0;
  std::uint64_t seed = 0;
  REQUIRE((words >> mutated_target >> seconds >> seed));
  const auto* target = std::find_if(std::begin(fuzz::targets), std::end(fuzz::targets),
                                    [](const fuzz::Target& t) { return t.name == mutated_target; });
  REQUIRE(target != std::end(fuzz::targets));
  std::vector<Bytes> seeds;
  for (const auto& entry : fs::directory_iterator(corpus(target->name))) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string octets((std::istreambuf_iterator<char>(in)), {});
    seeds.push_back(to_bytes(as_bytes(octets)));
  }
  std::sort(seeds.begin(), seeds.end());
  for (const int signal : {SIGABRT, SIGSEGV, SIGFPE}) std::signal(signal, keep_finding);
  const auto rng = crypto::seeded_rng(seed, mutated_target)->stream("mutations");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  std::uint64_t inputs = 0;
  for (; std::chrono::steady_clock::now() < until; ++inputs) {
    mutated = mutate(seeds[rng->below(seeds.size())], seeds, *rng);
    target->run(mutated);
  }
  WARN(mutated_target << ": " << inputs << " inputs in " << seconds << " s");
  CHECK(inputs > 0);
}

// Run by hand after the wire format or the engine learnt something: test_protocol "[.seeds]"
TEST_CASE("fuzz seeds are made from real runs", "[.seeds]") {
  write_run("psk", site_a(), site_b(), 1);
  auto a = site_a("aes256gcm16-prfsha256-x25519-ke1_mlkem512", "aes256gcm16-x25519-ke1_mlkem512");
  auto b = site_b("aes256gcm16-prfsha256-x25519-ke1_mlkem512", "aes256gcm16-x25519-ke1_mlkem512");
  for (auto* side : {&a, &b}) {
    side->connections[0].ppks = {{"ppk-1", Bytes(32, 7)}};
    side->connections[0].ppk_id = "ppk-1";
    side->connections[0].full_transcript_auth = true;
  }
  b.puzzle_threshold = 0;
  b.puzzle_difficulty = 4;
  write_run("pq", a, b, 1);
  TestAuthority authority;
  const Holder root = authority.ca("CN=Root");
  const auto gateway = [&](const char* name) {
    return authority.issue("CN=gw", &root, [&](pki::CertificateSpec& spec) {
      spec.alt_names = {{pki::SubjectAltName::Type::dns, name}};
    });
  };
  const CertifiedConfigs configs =
      certified(root, gateway("gw-a.example"), gateway("gw-b.example"));
  write_run("cert", configs.a, configs.b, 6);
  write_certificates();
}
