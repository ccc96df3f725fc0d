// Reading and writing of small files, and of words that people typed.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <numeric>

#include "labs/engine/yaml.hpp"

namespace ikelab::labs {

Result<std::string> read_file(const std::filesystem::path& file, std::size_t most_octets) {
  std::error_code ec;
  if (!std::filesystem::is_regular_file(file, ec))
    return Error{"E-LAB-004", fmt::format("there is no file '{}'", file.string())};
  std::ifstream in(file, std::ios::binary);
  if (!in) return Error{"E-LAB-004", fmt::format("'{}' cannot be read", file.string())};
  std::string content(most_octets + 1, '\0');
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(in.gcount()));
  if (content.size() > most_octets)
    return Error{"E-LAB-003", fmt::format("larger than {} octets", most_octets)}.in(file.string());
  return content;
}

Result<std::string> read_plain_file(const std::filesystem::path& file, std::size_t most_octets) {
  // O_NONBLOCK: opening a pipe that nobody writes to must not wait.
  const int descriptor = open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ELOOP)
      return Error{"E-LAB-026", fmt::format("'{}' is a symbolic link", file.string())}.expect(
          "hand in the file itself");
    return Error{"E-LAB-004", fmt::format("there is no file '{}' to read", file.string())};
  }
  struct stat status {};
  std::string content;
  const bool plain = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  if (plain) {
    content.resize(most_octets + 1);
    std::size_t have = 0;
    while (have < content.size()) {
      const ssize_t now = read(descriptor, content.data() + have, content.size() - have);
      if (now <= 0) break;
      have += static_cast<std::size_t>(now);
    }
    content.resize(have);
  }
  close(descriptor);
  if (!plain) return Error{"E-LAB-026", fmt::format("'{}' is no plain file", file.string())};
  if (content.size() > most_octets)
    return Error{"E-LAB-003", fmt::format("larger than {} octets", most_octets)}.in(file.string());
  return content;
}

Result<void> write_file(const std::filesystem::path& file, std::string_view content) {
  const std::filesystem::path beside = file.string() + ".part";
  {
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.flush();
    if (!out)
      return Error{"E-LAB-005", fmt::format("'{}' cannot be written", file.string())}.expect(
          "is there room, and the right to write?");
  }
  std::error_code ec;
  std::filesystem::rename(beside, file, ec);
  if (ec) return Error{"E-LAB-005", fmt::format("'{}': {}", file.string(), ec.message())};
  return {};
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (hexadecimal) text.remove_prefix(2);
  std::int64_t value = 0;
  const auto [end, ec] =
      std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
  if (ec != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (hexadecimal && value < 0) return std::nullopt;
  return value;
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = word.size() / 3 + 2;  // further away it is a guess
  for (const std::string& candidate : known) {
    std::vector<std::size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = std::exchange(row[0], i);
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        const std::size_t change = diagonal + (word[i - 1] == candidate[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

std::string yaml_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\x{:02x}", int{c});
    else
      out += c;
  }
  return out + "\"";
}

}  // namespace ikelab::labs
