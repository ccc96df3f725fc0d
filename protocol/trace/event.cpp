#include "protocol/trace/event.hpp"

namespace ikelab::trace {

std::string_view kind_of(const Body& body) {
  return std::visit([](const auto& b) { return std::decay_t<decltype(b)>::kind; }, body);
}

}  // namespace ikelab::trace
