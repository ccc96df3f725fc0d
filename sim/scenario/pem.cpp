#include "sim/scenario/pem.hpp"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

namespace ikelab::scenario {
namespace {

constexpr std::string_view begin_word = "-----BEGIN ", end_word = "-----END ", dashes = "-----";
constexpr std::size_t largest_file = 1 << 20;

Error wrong(const std::string& message) {
  return Error{"E-SCN-018", message}.see("RFC 7468, 2");
}

/// The six bits of a character of base64, or -1.
int value_of(char c) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t at = alphabet.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

Result<Bytes> from_base64(std::string_view text) {
  Bytes out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ' || c == '\t') continue;
    if (c == '=') break;
    const int value = value_of(c);
    if (value < 0) return wrong(fmt::format("'{}' is no character of base64", c));
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<std::uint8_t>(bits >> count));
  }
  return out;
}

}  // namespace

Result<std::vector<PemBlock>> parse_pem(std::string_view text) {
  std::vector<PemBlock> out;
  for (std::size_t at = text.find(begin_word); at != std::string_view::npos;
       at = text.find(begin_word, at)) {
    const std::size_t label_at = at + begin_word.size();
    const std::size_t label_end = text.find(dashes, label_at);
    if (label_end == std::string_view::npos) return wrong("a BEGIN line does not end");
    const std::string label(text.substr(label_at, label_end - label_at));
    const std::size_t body = label_end + dashes.size();
    const std::size_t end = text.find(fmt::format("{}{}{}", end_word, label, dashes), body);
    if (end == std::string_view::npos) return wrong(fmt::format("no END of {}", label));
    IKELAB_TRY(Bytes der, from_base64(text.substr(body, end - body)));
    out.push_back({label, std::move(der)});
    at = end;
  }
  return out;
}

Result<std::vector<Bytes>> read_pem(const std::filesystem::path& file, const std::string& label) {
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file))
    return wrong(fmt::format("no file '{}'", file.string()));
  std::ostringstream text;
  text << in.rdbuf();
  if (text.str().size() > largest_file)
    return wrong(fmt::format("'{}' is larger than 1 MiB", file.string()));
  IKELAB_TRY(auto blocks, parse_pem(text.str()));
  std::vector<Bytes> out;
  for (PemBlock& block : blocks)
    if (block.label == label) out.push_back(std::move(block.der));
  if (out.empty())
    return wrong(fmt::format("'{}' holds no {}", file.string(), label))
        .expect(label == "PRIVATE KEY"
                    ? "expected PKCS #8 without a password: openssl pkcs8 -topk8 "
                      "-nocrypt -in OLD -out NEW"
                    : "expected PEM: openssl x509 -inform der -in OLD -out NEW");
  return out;
}

}  // namespace ikelab::scenario
