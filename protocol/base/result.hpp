// Result<T>: a value, or an Error with a stable code. For what comes off the wire, from a peer, or
// from a user. A programmer's mistake is an IKELAB_ASSERT, which stays on in every build.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace ikelab {

/// What went wrong. `code` is stable (docs/ERRORS.md lists them): graders and tests match codes,
/// never sentences.
struct Error {
  std::string code;                        ///< e.g. "E-WIRE-003"
  std::string message;                     ///< one sentence, no newline
  std::optional<std::size_t> offset = {};  ///< byte offset in the input, if it has one
  std::string rfc = {};                    ///< e.g. "RFC 7296, 3.2"
  std::string place = {};                  ///< "file:line:column" for what a person wrote
  std::string hint = {};                   ///< what was expected, or what to do

  // What an error says beyond its code and sentence: Error{code, sentence}.see("RFC
  // 7296, 3.2").expect("...").
  [[nodiscard]] Error at(std::optional<std::size_t> byte) && {
    offset = byte;
    return std::move(*this);
  }
  [[nodiscard]] Error see(std::string section) && {
    rfc = std::move(section);
    return std::move(*this);
  }
  [[nodiscard]] Error in(std::string where) && {
    place = std::move(where);
    return std::move(*this);
  }
  [[nodiscard]] Error expect(std::string what) && {
    hint = std::move(what);
    return std::move(*this);
  }

  /// One line for a person: "E-SCN-017: file.yaml:12:5: message (hint)".
  [[nodiscard]] std::string to_string() const;
};

/// A value of T or an Error. Test it before use: value() of an error is a programmer's mistake.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & {
    require();
    return std::get<0>(state_);
  }
  const T& value() const& {
    require();
    return std::get<0>(state_);
  }
  T&& value() && {
    require();
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  [[nodiscard]] const Error& error() const { return std::get<1>(state_); }

 private:
  void require() const;
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  [[nodiscard]] bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

[[noreturn]] void assertion_failed(const char* what, const char* file, int line);

template <class T>
void Result<T>::require() const {
  if (!ok()) assertion_failed(error().message.c_str(), "Result", 0);
}

}  // namespace ikelab

#define IKELAB_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::ikelab::assertion_failed(#condition, __FILE__, __LINE__))

#define IKELAB_CONCAT_(a, b) a##b
#define IKELAB_CONCAT(a, b) IKELAB_CONCAT_(a, b)
#define IKELAB_TRY_(tmp, declaration, expression) \
  auto tmp = (expression);                        \
  if (!tmp.ok()) return tmp.error();              \
  declaration = std::move(tmp).value()
/// IKELAB_TRY(auto x, f()): x is the value of f(), or the enclosing function returns its error.
#define IKELAB_TRY(declaration, expression) \
  IKELAB_TRY_(IKELAB_CONCAT(result_, __LINE__), declaration, expression)
/// IKELAB_CHECK(f()): for Result<void>.
#define IKELAB_CHECK(expression) \
  if (auto check_result = (expression); !check_result.ok()) return check_result.error()
