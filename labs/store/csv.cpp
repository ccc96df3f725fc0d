#include "labs/store/csv.hpp"

#include <fmt/format.h>

namespace ikelab::labs {
namespace {

constexpr std::size_t most_octets = std::size_t{1} << 20, most_rows = 20'000, most_columns = 200;

Error too_large(std::string what) {
  return Error{"E-LAB-003", "the CSV has more than " + std::move(what)};
}

}  // namespace

Result<std::vector<CsvRow>> parse_csv(std::string_view text) {
  if (text.size() > most_octets) return too_large(fmt::format("{} octets", most_octets));
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::vector<CsvRow> rows;
  CsvRow row;
  std::string cell;
  bool quoted = false;
  const auto end_row = [&] {
    row.push_back(std::exchange(cell, ""));
    if (row.size() > 1 || !row[0].empty()) rows.push_back(row);
    row.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      const bool doubled = c == '"' && i + 1 < text.size() && text[i + 1] == '"';
      if (c != '"' || doubled)
        cell += c;
      else
        quoted = false;
      i += doubled ? 1 : 0;
    } else if (c == '"' && cell.empty()) {
      quoted = true;
    } else if (c == ',') {
      row.push_back(std::exchange(cell, ""));
    } else if (c == '\n') {
      end_row();
    } else if (c != '\r') {
      cell += c;
    }
    if (row.size() > most_columns) return too_large(fmt::format("{} columns", most_columns));
    if (rows.size() > most_rows) return too_large(fmt::format("{} rows", most_rows));
  }
  if (quoted) return Error{"E-LAB-002", "a quote in the CSV is never closed"};
  if (!cell.empty() || !row.empty()) end_row();
  return rows;
}

std::string csv_cell(std::string text) {
  if (!text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos)
    text.insert(0, "'");
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

std::string csv_line(const CsvRow& row) {
  std::string out;
  for (std::size_t i = 0; i < row.size(); ++i) out += (i == 0 ? "" : ",") + csv_cell(row[i]);
  return out + "\r\n";
}

}  // namespace ikelab::labs
