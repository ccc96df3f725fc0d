#include "protocol/wire/field.hpp"

#include <algorithm>

namespace ikelab::wire {
namespace {

void collect(const Field& field, std::vector<const Field*>& out) {
  if (field.is_leaf()) {
    out.push_back(&field);
    return;
  }
  for (const Field& child : field.children)
    if (!child.bits) collect(child, out);
}

}  // namespace

bool Field::is_leaf() const {
  return std::all_of(children.begin(), children.end(),
                     [](const Field& f) { return f.bits.has_value(); });
}

std::vector<const Field*> leaves(const Field& root) {
  std::vector<const Field*> out;
  if (root.begin != root.end) collect(root, out);
  return out;
}

std::vector<const Field*> path_to(const Field& root, std::size_t offset) {
  std::vector<const Field*> path;
  const Field* at = offset >= root.begin && offset < root.end ? &root : nullptr;
  while (at) {
    path.push_back(at);
    const auto next = std::find_if(at->children.begin(), at->children.end(), [&](const Field& f) {
      return !f.bits && offset >= f.begin && offset < f.end;
    });
    at = next == at->children.end() ? nullptr : &*next;
  }
  return path;
}

const Field* find_field(const Field& root, std::string_view name) {
  if (root.name == name) return &root;
  for (const Field& child : root.children)
    if (const Field* found = find_field(child, name)) return found;
  return nullptr;
}

}  // namespace ikelab::wire
