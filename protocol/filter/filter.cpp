#include "protocol/filter/filter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "protocol/filter/field.hpp"
#include "protocol/policy/near.hpp"

namespace ikelab::filter {

enum class Relation : std::uint8_t {
  exists,
  equal,
  unequal,
  less,
  at_most,
  more,
  at_least,
  contains,
  in
};

struct Filter::Node {
  enum class Op : std::uint8_t { both, either, negation, test } op = Op::test;
  std::shared_ptr<const Node> left, right;  ///< negation: left alone
  const Field* field = nullptr;
  Relation relation = Relation::exists;
  Values values;  ///< one; of `in` several
};

namespace {

using Node = Filter::Node;
using NodePtr = std::shared_ptr<const Node>;

constexpr std::size_t most_octets = 1'000;
constexpr int most_depth = 32;

struct RelationWord {
  std::string_view word;
  Relation relation;
};
constexpr std::array<RelationWord, 14> relations = {{{"==", Relation::equal},
                                                     {"eq", Relation::equal},
                                                     {"!=", Relation::unequal},
                                                     {"ne", Relation::unequal},
                                                     {"<=", Relation::at_most},
                                                     {"le", Relation::at_most},
                                                     {">=", Relation::at_least},
                                                     {"ge", Relation::at_least},
                                                     {"<", Relation::less},
                                                     {"lt", Relation::less},
                                                     {">", Relation::more},
                                                     {"gt", Relation::more},
                                                     {"contains", Relation::contains},
                                                     {"in", Relation::in}}};

const RelationWord* relation_of(std::string_view word) {
  for (const RelationWord& r : relations)
    if (r.word == word) return &r;
  return nullptr;
}

// ---- words -------------------------------------------------------------------------------------

struct Token {
  std::string_view text;
  std::size_t at = 0;
  bool quoted = false;
  [[nodiscard]] bool end() const { return text.empty() && !quoted; }
};

bool is_sign(char c) {
  return std::string_view("=!<>&|(){},").find(c) != std::string_view::npos;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  Result<Token> next() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    const std::size_t from = at_;
    if (at_ == text_.size()) return Token{{}, at_};
    if (text_[at_] == '"') {
      const std::size_t close = text_.find('"', at_ + 1);
      if (close == std::string_view::npos)
        return Error{"E-FILTER-002", "the quotation does not end"}.at(from).expect(
            "write \" at its end");
      at_ = close + 1;
      return Token{text_.substr(from + 1, close - from - 1), from, true};
    }
    if (is_sign(text_[at_])) {
      const std::string_view two = text_.substr(at_, 2);
      static constexpr std::array<std::string_view, 6> pairs = {"==", "!=", "<=", ">=", "&&", "||"};
      at_ += std::find(pairs.begin(), pairs.end(), two) != pairs.end() ? 2 : 1;
    } else {
      while (at_ < text_.size() && text_[at_] != ' ' && text_[at_] != '\t' && text_[at_] != '"' &&
             !is_sign(text_[at_]))
        ++at_;
    }
    return Token{text_.substr(from, at_ - from), from};
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

// ---- reading -----------------------------------------------------------------------------------

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}
  Result<NodePtr> whole() {
    IKELAB_CHECK(advance());
    IKELAB_TRY(NodePtr root, either(0));
    if (!token_.end()) return unexpected("\"and\", \"or\" or the end");
    return root;
  }

 private:
  Result<void> advance() {
    IKELAB_TRY(token_, lexer_.next());
    return {};
  }
  Error unexpected(std::string_view wanted) const {
    return Error{"E-FILTER-002", token_.end()
                                     ? std::string("the filter ends too early")
                                     : fmt::format("\"{}\" cannot stand here", token_.text)}
        .at(token_.at)
        .expect(fmt::format("expected {}", wanted));
  }
  [[nodiscard]] bool is(std::string_view a, std::string_view b) const {
    return !token_.quoted && (token_.text == a || token_.text == b);
  }
  Result<NodePtr> joined(int depth, Node::Op op, std::string_view word, std::string_view sign,
                         Result<NodePtr> (Parser::*part)(int)) {
    IKELAB_TRY(NodePtr left, (this->*part)(depth));
    while (is(word, sign)) {
      IKELAB_CHECK(advance());
      IKELAB_TRY(NodePtr right, (this->*part)(depth));
      Node node;
      node.op = op;
      node.left = std::move(left);
      node.right = std::move(right);
      left = std::make_shared<const Node>(std::move(node));
    }
    return left;
  }
  Result<NodePtr> either(int depth) {
    return joined(depth, Node::Op::either, "or", "||", &Parser::both);
  }
  Result<NodePtr> both(int depth) {
    return joined(depth, Node::Op::both, "and", "&&", &Parser::negation);
  }
  Result<NodePtr> negation(int depth) {
    if (depth > most_depth)
      return Error{"E-FILTER-002", "the filter is nested too deeply"}.at(token_.at).expect(
          fmt::format("at most {} levels", most_depth));
    if (is("not", "!")) {
      IKELAB_CHECK(advance());
      Node node;
      node.op = Node::Op::negation;
      IKELAB_TRY(node.left, negation(depth + 1));
      return std::make_shared<const Node>(std::move(node));
    }
    if (is("(", "(")) {
      IKELAB_CHECK(advance());
      IKELAB_TRY(NodePtr inside, either(depth + 1));
      if (!is(")", ")")) return unexpected("\")\"");
      IKELAB_CHECK(advance());
      return inside;
    }
    return test();
  }
  Result<NodePtr> test() {
    if (token_.end() || token_.quoted || is_sign(token_.text.front()))
      return unexpected("a field, for example isakmp.messageid");
    Node node;
    node.field = find_field(token_.text);
    if (node.field == nullptr) {
      std::vector<std::string_view> names;
      for (const FieldInfo& f : fields()) names.push_back(f.name);
      const bool near = !policy::near_names(token_.text, names).empty();
      return Error{"E-FILTER-001", fmt::format("there is no field \"{}\"", token_.text)}
          .at(token_.at)
          .expect(near ? policy::did_you_mean(token_.text, names)
                       : "docs/FILTERS.md lists them, for example isakmp.exchangetype");
    }
    IKELAB_CHECK(advance());
    const RelationWord* r = token_.quoted ? nullptr : relation_of(token_.text);
    if (r == nullptr) return std::make_shared<const Node>(std::move(node));
    node.relation = r->relation;
    const bool ordered = node.field->kind == Kind::number || node.field->kind == Kind::seconds;
    const bool searched = node.field->kind == Kind::text || node.field->kind == Kind::octets;
    const bool wants_order = r->relation >= Relation::less && r->relation <= Relation::at_least;
    if ((wants_order && !ordered) || (r->relation == Relation::contains && !searched))
      return Error{"E-FILTER-003",
                   fmt::format("{} does not go with \"{}\"", node.field->info.name, r->word)}
          .at(token_.at)
          .expect(wants_order ? "it has no order: use == or !=" : "use == or !=");
    IKELAB_CHECK(advance());
    IKELAB_CHECK(r->relation == Relation::in ? set(node) : value(node));
    return std::make_shared<const Node>(std::move(node));
  }
  Result<void> value(Node& node) {
    if (token_.end() || (!token_.quoted && is_sign(token_.text.front())))
      return unexpected(fmt::format("a value, for example {}", node.field->info.example));
    auto read = read_value(*node.field, token_.text);
    if (!read.ok()) {
      Error e = read.error();
      return std::move(e).at(token_.at);
    }
    node.values.push_back(std::move(read).value());
    return advance();
  }
  Result<void> set(Node& node) {
    if (!is("{", "{")) return unexpected("a set, for example {35, 36}");
    do {
      IKELAB_CHECK(advance());
      IKELAB_CHECK(value(node));
    } while (is(",", ","));
    if (!is("}", "}")) return unexpected("\",\" or \"}\"");
    return advance();
  }

  Lexer lexer_;
  Token token_;
};

// ---- asking ------------------------------------------------------------------------------------

bool same(const Value& found, const Value& wanted) {
  const auto* in = std::get_if<Network>(&wanted);
  if (in == nullptr)
    return found.index() == wanted.index() && [&] {
      return std::visit(
          [&](const auto& w) {
            using T = std::decay_t<decltype(w)>;
            if constexpr (std::is_same_v<T, Network>)
              return false;
            else
              return std::get<T>(found) == w;
          },
          wanted);
    }();
  const auto& address = std::get<Network>(found).address;
  if (address.is_v6() != in->address.is_v6()) return false;
  for (unsigned bit = 0; bit < in->bits; ++bit) {
    const unsigned mask = 0x80U >> (bit % 8);
    if (((address.octets()[bit / 8] ^ in->address.octets()[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

bool holds(const Value& found, const Value& wanted) {
  if (const auto* text = std::get_if<std::string>(&found))
    return text->find(std::get<std::string>(wanted)) != std::string::npos;
  const auto& octets = std::get<Bytes>(found);
  const auto& part = std::get<Bytes>(wanted);
  return std::search(octets.begin(), octets.end(), part.begin(), part.end()) != octets.end();
}

bool fits(const Value& found, Relation relation, const Values& wanted) {
  switch (relation) {
    case Relation::exists:
      return true;
    case Relation::equal:
    case Relation::unequal:
    case Relation::in:
      return std::any_of(wanted.begin(), wanted.end(),
                         [&](const Value& w) { return same(found, w); });
    case Relation::less:
      return found < wanted.front();
    case Relation::at_most:
      return found <= wanted.front();
    case Relation::more:
      return found > wanted.front();
    case Relation::at_least:
      return found >= wanted.front();
    case Relation::contains:
      return holds(found, wanted.front());
  }
  return false;
}

bool asks(const Node& node, const Frame& frame) {
  switch (node.op) {
    case Node::Op::both:
      return asks(*node.left, frame) && asks(*node.right, frame);
    case Node::Op::either:
      return asks(*node.left, frame) || asks(*node.right, frame);
    case Node::Op::negation:
      return !asks(*node.left, frame);
    case Node::Op::test:
      break;
  }
  Values found;
  node.field->take(frame, found);
  const bool one = std::any_of(found.begin(), found.end(),
                               [&](const Value& v) { return fits(v, node.relation, node.values); });
  return node.relation == Relation::unequal ? !found.empty() && !one : one;
}

}  // namespace

Result<Filter> Filter::parse(std::string_view text) {
  Filter filter;
  filter.text_ = text;
  if (text.find_first_not_of(" \t") == std::string_view::npos) return filter;
  Result<NodePtr> root = text.size() > most_octets
                             ? Error{"E-FILTER-002", "the filter is too long"}
                                   .at(most_octets)
                                   .expect(fmt::format("at most {} octets", most_octets))
                             : Parser(text).whole();
  if (!root.ok()) {
    Error e = root.error();
    e.place = fmt::format("filter, column {}", e.offset.value_or(0) + 1);
    e.offset.reset();  // said as a person counts
    return e;
  }
  filter.root_ = std::move(root).value();
  return filter;
}

bool Filter::matches(const Frame& frame) const {
  return root_ == nullptr || asks(*root_, frame);
}

std::vector<std::string> completions(std::string_view text, std::size_t limit) {
  std::size_t from = text.size();
  while (from > 0 && text[from - 1] != ' ' && !is_sign(text[from - 1])) --from;
  const std::string_view word = text.substr(from), before = text.substr(0, from);
  std::vector<std::string> out;
  const auto offer = [&](std::string_view more) {
    if (out.size() < limit) out.push_back(fmt::format("{}{}", before, more));
  };
  const Field* whole = find_field(word);
  if (whole != nullptr && !whole->info.example.empty())
    offer(fmt::format("{} == {}", word, whole->info.example));
  if (!word.empty())
    for (const FieldInfo& f : fields())
      if (f.name.starts_with(word) && f.name != word) offer(f.name);
  return out;
}

}  // namespace ikelab::filter
