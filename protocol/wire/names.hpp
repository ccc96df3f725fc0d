// How the tables of IANA's names are kept and looked up (used by iana.cpp and iana_transforms.cpp
// only).
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

namespace ikelab::wire::names {

struct Row {
  unsigned number;
  std::string_view name;
};

/// Numbers from here on are for private use; what lies below and in no row is unassigned.
inline std::string look_up(std::span<const Row> rows, unsigned number, unsigned private_from) {
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.number == number; });
  if (row != rows.end()) return std::string(row->name);
  return fmt::format(fmt::runtime(number >= private_from ? "private use {}" : "unassigned {}"),
                     number);
}

}  // namespace ikelab::wire::names
