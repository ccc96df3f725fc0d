// CSV as spreadsheets and learning platforms write and read it (RFC 4180): quotes, commas in
// quotes, either line end, a byte order mark.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/result.hpp"

namespace ikelab::labs {

using CsvRow = std::vector<std::string>;

/// Bounded: 1 MiB, 20,000 rows, 200 columns. Errors: E-LAB-003 larger, E-LAB-002 an open quote.
Result<std::vector<CsvRow>> parse_csv(std::string_view text);
/// RFC 4180 quoting. A cell that begins like a formula gets an apostrophe, as spreadsheets take it.
std::string csv_cell(std::string text);
/// One line with its end.
std::string csv_line(const CsvRow& row);

}  // namespace ikelab::labs
