// Images to files and back (libpng).
#pragma once
#include <filesystem>

#include "protocol/base/result.hpp"
#include "visualizer/app/raster.hpp"

namespace ikelab::view {

/// Writes `image` beside the file and renames it into place, so that no half picture is left. No
/// time stamp is stored: the same image gives the same file. Errors: E-VIEW-003 cannot be written.
Result<void> write_png(const std::filesystem::path& file, const Image& image);
/// Errors: E-VIEW-004 cannot be read as PNG.
Result<Image> read_png(const std::filesystem::path& file);

}  // namespace ikelab::view
