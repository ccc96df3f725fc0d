#include "protocol/keys/derivations.hpp"

#include <utility>

namespace ikelab::keys {

trace::NamedValue Derivations::shown(std::string name, ByteView value, std::string source) {
  return {std::move(name), to_bytes(value), std::move(source)};
}

trace::NamedValue Derivations::secret(std::string name, ByteView value, std::string source) const {
  return {std::move(name), disclose_ ? to_bytes(value) : Bytes{}, std::move(source)};
}

void Derivations::add(std::string name, std::string function, const crypto::Algorithm& algorithm,
                      std::vector<trace::NamedValue> inputs, ByteView output, std::string rfc) {
  add(std::move(name), std::move(function), algorithm.name, std::move(inputs), output,
      std::move(rfc));
}

void Derivations::add(std::string name, std::string function, std::string_view algorithm,
                      std::vector<trace::NamedValue> inputs, ByteView output, std::string rfc) {
  trace::KeyDerived step;
  step.name = std::move(name);
  step.function = std::move(function);
  step.algorithm = std::string(algorithm);
  step.inputs = std::move(inputs);
  if (disclose_) step.output = to_bytes(output);
  step.length = output.size();
  step.rfc = std::move(rfc);
  steps_.push_back(std::move(step));
}

std::vector<trace::KeyDerived> Derivations::take() {
  return std::exchange(steps_, {});
}

}  // namespace ikelab::keys
