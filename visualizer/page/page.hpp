// A whole run as one HTML file that needs nothing else: no server, no network, no fonts, no
// program. Everything is there without a script (links lead to what they name; every octet has its
// field's words); the script adds hovering, keys, search and copying. A run's texts cannot become
// code: they are escaped, and the page's own policy forbids every script but ours.
#pragma once
#include <filesystem>

#include "visualizer/page/contents.hpp"

namespace ikelab::view {

std::string page_html(const RunModel& run, const PageLimits& limits = {});
/// Writes beside the file and renames it into place. Errors: E-VIEW-005 cannot be written.
Result<void> write_text(const std::filesystem::path& file, std::string_view text);

}  // namespace ikelab::view
