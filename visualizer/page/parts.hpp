// The parts a page is put together from.
#pragma once
#include "visualizer/page/contents.hpp"
#include "visualizer/page/svg.hpp"

namespace ikelab::view {

std::string_view page_style();
std::string_view page_script();
std::string keys_html(const RunModel& run, const Contents& contents, const SvgOptions& options);
std::string sas_html(const RunModel& run, const Contents& contents);
std::string negotiation_html(const RunModel& run, const Contents& contents);
/// "" in a run without an adversary and without alerts.
std::string adversary_html(const RunModel& run, const Contents& contents);
std::string events_html(const RunModel& run, const Contents& contents);
std::string about_html(const RunModel& run);

}  // namespace ikelab::view
