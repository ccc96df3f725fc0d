// The events that expectations look at, kept in their encoding: a tenth of what an Event takes in
// memory, and a large network has ten of them a tunnel.
#pragma once
#include <functional>
#include <vector>

#include "protocol/trace/event.hpp"

namespace ikelab::run {

/// Where evidence comes from.
class EventSource {
 public:
  virtual ~EventSource() = default;
  /// The events of one kind, in their order.
  virtual void each(std::string_view kind,
                    const std::function<void(const trace::Event&)>& visit) const = 0;
};

class KeptEvents : public EventSource {
 public:
  void push(const trace::Event& event);
  void each(std::string_view kind,
            const std::function<void(const trace::Event&)>& visit) const override;

 private:
  /// A piece holds many events, one after another; pieces are never moved.
  std::vector<Bytes> pieces_;
};

}  // namespace ikelab::run
