// What happens to an endpoint, a line each, for a person who watches.
#pragma once
#include <cstdio>

#include "protocol/trace/journal.hpp"

namespace ikelab::host {

/// "   0.123 s  established   site: gw-b.example at 192.0.2.2:4500 ..."; `all` tells of each
/// message and each ESP packet as well.
class Narrator : public trace::Sink {
 public:
  Narrator(std::FILE* out, bool all) : out_(out), all_(all) {}
  void record(const trace::Event& event) override;
  [[nodiscard]] trace::Kinds wants() const override;

 private:
  std::FILE* out_;
  bool all_;
};

/// The line without its time, empty for what is not told. `all`: see Narrator.
std::string narrate(const trace::Event& event, bool all);

}  // namespace ikelab::host
