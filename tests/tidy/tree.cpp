#include "tests/tidy/tree.hpp"

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>

namespace ikelab::tidy {
namespace fs = std::filesystem;
namespace {

// A line without its // comment and with string and character literals emptied. Raw strings that
// span lines are rare here and only make the rules stricter.
std::string code_of(const std::string& line) {
  std::string out;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == '\\')
        ++i;
      else if (c == quote)
        quote = 0, out += c;
      continue;
    }
    if (c == '/' && i + 1 < line.size() && line[i + 1] == '/') break;
    // a digit separator (1'000) is not a character literal
    const bool separator =
        c == '\'' && !out.empty() && std::isalnum(static_cast<unsigned char>(out.back()));
    if ((c == '"' || c == '\'') && !separator) quote = c;
    out += c;
  }
  return out;
}

bool starts_with_any(const std::string& text, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& p) { return text.starts_with(p); });
}

std::string finding(const SourceFile& file, std::size_t line, const std::string& what) {
  return file.path + ":" + std::to_string(line + 1) + ": " + what;
}

// The arrows of the house (docs/ARCHITECTURE.md): what a file under `room` may include from the
// house. The first row that fits a file decides.
struct Arrow {
  std::string room;
  std::vector<std::string> may_include;
};
const std::vector<Arrow>& arrows() {
  static const std::vector<Arrow> rows = {
      {"protocol/base/", {"protocol/base/"}},
      {"protocol/trace/", {"protocol/base/", "protocol/trace/"}},
      {"protocol/wire/", {"protocol/base/", "protocol/wire/"}},
      {"protocol/crypto/openssl/", {"protocol/base/", "protocol/crypto/", "protocol/pki/"}},
      {"protocol/crypto/", {"protocol/base/", "protocol/crypto/"}},
      {"protocol/keys/",
       {"protocol/base/", "protocol/crypto/", "protocol/trace/", "protocol/keys/"}},
      {"protocol/pki/", {"protocol/base/", "protocol/crypto/", "protocol/pki/"}},
      {"protocol/eap/",
       {"protocol/base/", "protocol/crypto/", "protocol/trace/", "protocol/wire/",
        "protocol/keys/", "protocol/eap/"}},
      {"protocol/policy/",
       {"protocol/base/", "protocol/crypto/", "protocol/trace/", "protocol/wire/",
        "protocol/policy/"}},
      {"protocol/filter/",
       {"protocol/base/", "protocol/trace/", "protocol/wire/", "protocol/policy/",
        "protocol/filter/"}},
      {"protocol/esp/",
       {"protocol/base/", "protocol/crypto/", "protocol/trace/", "protocol/wire/",
        "protocol/policy/", "protocol/esp/"}},
      {"protocol/", {"protocol/"}},
      {"sim/store/", {"protocol/", "sim/store/"}},
      {"sim/show/", {"protocol/", "sim/store/", "sim/show/"}},
      {"sim/script/", {"protocol/", "sim/script/"}},
      {"sim/capture/", {"protocol/", "sim/capture/"}},
      {"sim/open/", {"protocol/", "sim/capture/", "sim/store/", "sim/open/"}},
      {"sim/path/", {"protocol/", "sim/path/"}},
      {"sim/", {"protocol/", "sim/"}},
      {"labs/store/", {"protocol/", "sim/store/", "labs/store/"}},
      {"labs/", {"protocol/", "sim/", "labs/"}},
      {"visualizer/models/", {"protocol/", "sim/store/", "labs/store/", "visualizer/models/"}},
      {"visualizer/", {"protocol/", "sim/store/", "labs/store/", "visualizer/"}},
  };
  return rows;
}

// Which outside library may be included only where.
struct Library {
  std::regex header;
  std::string name;
  std::vector<std::string> only_in;
};
const std::vector<Library>& libraries() {
  static const std::vector<Library> rows = {
      {std::regex("^openssl/"), "OpenSSL", {"protocol/crypto/openssl/", "tests/bench/"}},
      {std::regex("^ns3/"), "ns-3", {"sim/ns3/"}},
      {std::regex("^(sqlite3|SQLiteCpp/)"), "SQLite", {"sim/store/", "labs/store/", "tests/bench/"}},
      {std::regex("^(imgui|backends/imgui|misc/freetype|GLFW/)"),
       "Dear ImGui",
       {"visualizer/app/", "visualizer/look/", "visualizer/panels/"}},
      {std::regex("^(lua|lauxlib|lualib)"), "Lua", {"sim/script/"}},
      {std::regex("^ns3/core-module\\.h"), "ns-3's core-module.h (does not compile as C++20)", {}},
  };
  return rows;
}

// What protocol/ must not do: it is sans I/O and deterministic.
struct Ban {
  std::regex pattern;
  std::string why;
  std::vector<std::string> except;
};
const std::vector<Ban>& bans() {
  static const std::vector<Ban> rows = {
      {std::regex("(system|steady|high_resolution)_clock|\\bclock_gettime|\\bgettimeofday|"
                  "\\btime\\s*\\(\\s*(nullptr|NULL|0)"),
       "a clock: time is an argument",
       {}},
      {std::regex("random_device|\\b(s?rand|drand48|getrandom)\\s*\\(|mt19937"),
       "a random device: randomness is a port",
       {}},
      {std::regex("<(sys/socket|netinet/|arpa/|netdb|poll|sys/epoll)|\\b(sendto|recvfrom)\\s*\\("),
       "a socket: protocol/ is sans I/O",
       {}},
      {std::regex("<(thread|mutex|atomic|future|condition_variable|shared_mutex)>|std::(thread|"
                  "jthread|mutex|async)\\b"),
       "a thread: the engine is single-threaded",
       {}},
      {std::regex("\\bgetenv\\s*\\("), "the environment", {}},
      {std::regex("<(fstream|filesystem|iostream|dirent\\.h)>|\\bfopen\\s*\\("),
       "a file or a terminal",
       {}},
      {std::regex("reinterpret_cast"), "reinterpret_cast", {"protocol/crypto/openssl/"}},
      {std::regex("std::unordered_"),
       "an unordered container: output could depend on its order",
       {}},
      {std::regex("\\bthread_local\\b"), "a mutable global", {}},
      {std::regex("^\\s+static\\s+(?!const|constexpr|inline|_)[\\w:<>,&* ]+\\s+\\w+\\s*(=|;|\\{)"),
       "a mutable static",
       {}},
      {std::regex("^(static\\s+|inline\\s+)?(std::)?(int|unsigned|bool|string|vector<[^()]*>|map<[^"
                  "()]*>|u?int\\d+_t|size_t|uint64_t)\\s+\\w+\\s*(=|;|\\{)"),
       "a mutable global",
       {}},
  };
  return rows;
}

}  // namespace

SourceFile file_from(std::string path, const std::string& text) {
  SourceFile file{std::move(path), {}, {}};
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    file.code.push_back(code_of(line));
    file.lines.push_back(std::move(line));
  }
  return file;
}

std::vector<SourceFile> files_of(const std::vector<std::string>& rooms,
                                 const std::vector<std::string>& endings) {
  const fs::path root = IKELAB_SOURCE_DIR;
  std::vector<SourceFile> files;
  for (const std::string& room : rooms)
    for (const auto& entry : fs::recursive_directory_iterator(root / room)) {
      const std::string ending = entry.path().extension().string();
      if (!entry.is_regular_file() ||
          std::find(endings.begin(), endings.end(), ending) == endings.end())
        continue;
      std::ifstream in(entry.path(), std::ios::binary);
      std::ostringstream text;
      text << in.rdbuf();
      files.push_back(file_from(fs::relative(entry.path(), root).generic_string(), text.str()));
    }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

std::string included(const std::string& line) {
  static const std::regex pattern("^\\s*#\\s*include\\s*[<\"]([^>\"]+)[>\"]");
  std::smatch match;
  return std::regex_search(line, match, pattern) ? match[1].str() : "";
}

std::vector<std::string> arrow_violations(const std::vector<SourceFile>& files) {
  std::vector<std::string> found;
  for (const SourceFile& file : files) {
    const auto row = std::find_if(arrows().begin(), arrows().end(),
                                  [&](const Arrow& a) { return file.path.starts_with(a.room); });
    if (row == arrows().end()) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string header = included(file.lines[i]);
      const bool ours =
          starts_with_any(header, {"protocol/", "sim/", "labs/", "visualizer/", "tests/"});
      if (ours && !starts_with_any(header, row->may_include))
        found.push_back(finding(file, i, row->room + " must not include " + header));
    }
  }
  return found;
}

std::vector<std::string> library_violations(const std::vector<SourceFile>& files) {
  std::vector<std::string> found;
  for (const SourceFile& file : files)
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string header = included(file.lines[i]);
      if (header.empty()) continue;
      for (const Library& library : libraries())
        if (std::regex_search(header, library.header) &&
            !starts_with_any(file.path, library.only_in))
          found.push_back(finding(file, i, library.name + " is not included here"));
    }
  return found;
}

std::vector<std::string> protocol_bans(const std::vector<SourceFile>& files) {
  std::vector<std::string> found;
  for (const SourceFile& file : files) {
    if (!file.path.starts_with("protocol/")) continue;
    for (std::size_t i = 0; i < file.code.size(); ++i)
      for (const Ban& ban : bans())
        if (!starts_with_any(file.path, ban.except) && std::regex_search(file.code[i], ban.pattern))
          found.push_back(finding(file, i, "protocol/ bans " + ban.why));
  }
  return found;
}

std::vector<std::string> size_violations(const std::vector<SourceFile>& files) {
  constexpr std::size_t most_lines = 600, most_columns = 100;
  std::vector<std::string> found;
  for (const SourceFile& file : files) {
    if (file.lines.size() > most_lines)
      found.push_back(finding(file, most_lines, "a file of over 600 lines has two subjects"));
    bool raw = false;  // inside R"( ... )"
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      // counted in characters, not octets of UTF-8; a literal cannot be broken
      const auto columns = static_cast<std::size_t>(std::count_if(
          file.lines[i].begin(), file.lines[i].end(), [](char c) { return (c & 0xC0) != 0x80; }));
      if (file.lines[i].find("R\"") != std::string::npos) raw = true;
      const bool literal = raw || file.lines[i].find('"') != std::string::npos;
      if (file.lines[i].find(")\"") != std::string::npos) raw = false;
      if (columns > most_columns && !literal) found.push_back(finding(file, i, "over 100 columns"));
    }
  }
  return found;
}

std::vector<std::string> unfinished_work(const std::vector<SourceFile>& files) {
  static const std::regex pattern("\\b(TODO|FIXME|XXX|HACK)\\b");
  std::vector<std::string> found;
  for (const SourceFile& file : files)
    for (std::size_t i = 0; i < file.lines.size(); ++i)
      if (std::regex_search(file.lines[i], pattern))
        found.push_back(finding(file, i, "unfinished work is an issue, not a comment"));
  return found;
}

}  // namespace ikelab::tidy
