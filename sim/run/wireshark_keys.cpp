#include "sim/run/wireshark_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "protocol/crypto/algorithm.hpp"

namespace ikelab::run {
namespace {

using crypto::TransformType;

// Wireshark's words for our transforms (its preferences dialogues; tshark 4.0).
const std::map<std::string, std::string> integrity_of_ike = {
    {"AUTH_HMAC_SHA2_256_128", "HMAC_SHA2_256_128 [RFC4868]"},
    {"AUTH_HMAC_SHA2_384_192", "HMAC_SHA2_384_192 [RFC4868]"},
    {"AUTH_HMAC_SHA2_512_256", "HMAC_SHA2_512_256 [RFC4868]"}};
const std::map<std::string, std::string> integrity_of_esp = {
    {"AUTH_HMAC_SHA2_256_128", "HMAC-SHA-256-128 [RFC4868]"},
    {"AUTH_HMAC_SHA2_384_192", "HMAC-SHA-384-192 [RFC4868]"},
    {"AUTH_HMAC_SHA2_512_256", "HMAC-SHA-512-256 [RFC4868]"}};

bool is_gcm(const std::string& name) {
  return name == "ENCR_AES_GCM_16";
}
bool is_cbc(const std::string& name) {
  return name == "ENCR_AES_CBC";
}

std::string half(const Bytes& both, bool first) {
  const ByteView view(both);
  return to_hex(first ? view.first(both.size() / 2) : view.last(both.size() / 2));
}

}  // namespace

void WiresharkKeys::record(const trace::Event& event) {
  const auto* sa = std::get_if<trace::SaInstalled>(&event.body);
  if (sa == nullptr || sa->encryption_key.empty()) return;
  if (sa->protocol == "IKE")
    add_ike(*sa);
  else
    add_esp(*sa);
}

void WiresharkKeys::add_ike(const trace::SaInstalled& sa) {
  const std::size_t octets = sa.encryption_key.size() / 2;
  std::string encryption, integrity = "NONE [RFC4306]";
  if (is_gcm(sa.encryption)) {
    constexpr std::size_t salt = 4;
    encryption = fmt::format("AES-GCM-{} with 16 octet ICV [RFC5282]", (octets - salt) * 8);
  } else if (is_cbc(sa.encryption) && integrity_of_ike.contains(sa.integrity)) {
    encryption = fmt::format("AES-CBC-{} [RFC3602]", octets * 8);
    integrity = integrity_of_ike.at(sa.integrity);
  } else {
    left_out_.push_back(
        fmt::format("IKE SA {}: Wireshark cannot decrypt {}", sa.spi, sa.encryption));
    return;
  }
  const std::string row =
      fmt::format("{},{},{},{},\"{}\",{},{},\"{}\"", sa.spi, sa.peer_spi,
                  half(sa.encryption_key, true), half(sa.encryption_key, false), encryption,
                  half(sa.integrity_key, true), half(sa.integrity_key, false), integrity);
  // Both peers install the same IKE SA.
  if (std::find(ike_.begin(), ike_.end(), row) == ike_.end()) ike_.push_back(row);
}

void WiresharkKeys::add_esp(const trace::SaInstalled& sa) {
  if (sa.direction != "out") return;  // the receiver's row would be the same
  std::string encryption, integrity = "NULL", integrity_key;
  if (is_gcm(sa.encryption)) {
    encryption = "AES-GCM with 16 octet ICV [RFC4106]";
  } else if (is_cbc(sa.encryption) && integrity_of_esp.contains(sa.integrity)) {
    encryption = "AES-CBC [RFC3602]";
    integrity = integrity_of_esp.at(sa.integrity);
    integrity_key = "0x" + to_hex(sa.integrity_key);
  } else {
    left_out_.push_back(
        fmt::format("ESP SA {}: Wireshark cannot decrypt {}", sa.spi, sa.encryption));
    return;
  }
  esp_.push_back(fmt::format("\"IPv4\",\"{}\",\"{}\",\"0x{}\",\"{}\",\"0x{}\",\"{}\",\"{}\"",
                             sa.src, sa.dst, sa.spi, encryption, to_hex(sa.encryption_key),
                             integrity, integrity_key));
}

Result<void> WiresharkKeys::write(const std::filesystem::path& directory) const {
  std::error_code ignored;
  std::filesystem::create_directories(directory, ignored);
  const auto put = [&](const char* name, const std::vector<std::string>& rows) {
    std::ofstream out(directory / name);
    for (const std::string& row : rows) out << row << '\n';
    return static_cast<bool>(out.flush());
  };
  const bool written = put("ikev2_decryption_table", ike_) && put("esp_sa", esp_) &&
                       (left_out_.empty() || put("README.txt", left_out_));
  if (!written)
    return Error{"E-RUN-003", "cannot write the key tables"}
        .in(directory.string())
        .expect("expected a folder that can be written");
  return {};
}

}  // namespace ikelab::run
