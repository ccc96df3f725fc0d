// The search field: messages, keys, SAs, packets, events and chapters of a run by words.
#pragma once
#include "visualizer/models/run_model.hpp"

namespace ikelab::view {

struct Found {
  std::string what, text;  ///< "message", "3  IKE_AUTH request"
  Selection selection;
};
/// Everything whose text holds every word of `query`, at most `limit`, best kinds first. A hex
/// string finds values that hold it; "message 3" and "3" find message 3.
std::vector<Found> search(const RunModel& run, std::string_view query, std::size_t limit = 12);
/// Whether `text` holds `query`, case ignored.
bool lower_contains(std::string_view text, std::string_view query);

}  // namespace ikelab::view
