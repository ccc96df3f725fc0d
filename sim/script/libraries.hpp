// The modules of sim/attacks/lib: Lua that several attacks share, loaded by its bare name.
#pragma once
#include <span>
#include <string_view>

namespace ikelab::script {

struct Library {
  std::string_view name;    ///< ends with a zero octet, as literals do
  std::string_view source;  ///< returns the module's table
};
/// All of them, by name; made by CMake of the files.
std::span<const Library> libraries();

}  // namespace ikelab::script
