// What a page holds: which messages, packets, keys, SAs and events, and under which anchor.
// Bounded, so that a run of a million packets still makes a page that opens; what is left out is
// counted.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "visualizer/models/run_model.hpp"

namespace ikelab::view {

struct PageLimits {
  std::size_t messages = 2000, packets = 120, events = 3000;  ///< entries, each with its octets
  std::size_t octets = 4U << 20U;  ///< of messages and packets, explained one by one
};

struct Entry {
  Selection selection;
  std::string anchor;  ///< "m3", "p17", "k120", "s4", "e120"
};

class Contents {
 public:
  Contents(const RunModel& run, const PageLimits& limits);
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  /// The anchor of what a selection leads to, "" when the page does not hold it.
  [[nodiscard]] std::string anchor_of(const Selection& selection) const;
  /// "1,200 ESP packets and 3 messages are left out": "" when all is there.
  [[nodiscard]] const std::string& left_out() const { return left_out_; }

 private:
  void add(Selection selection, std::string anchor);
  const RunModel& run_;
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t> by_anchor_;
  std::map<std::string, std::string> sa_anchor_;
  std::string left_out_;
};

}  // namespace ikelab::view
