// One thing of a run as a section of the page: the inspector's words, facts, fields and octets.
#pragma once
#include <string>

#include "visualizer/models/inspector.hpp"
#include "visualizer/page/contents.hpp"

namespace ikelab::view {

/// <section id="m3"> ... </section>
std::string entry_html(const RunModel& run, const Contents& contents, const Entry& entry);
/// A link to what is selected, or just the text when the page does not hold it. `text` is escaped.
std::string link_html(const Contents& contents, const Selection& to, std::string_view text,
                      std::string_view classes = "");

}  // namespace ikelab::view
