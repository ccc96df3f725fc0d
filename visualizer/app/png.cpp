#include "visualizer/app/png.hpp"

#include <fmt/format.h>
#include <png.h>

#include <cstring>
#include <fstream>
#include <vector>

namespace ikelab::view {
namespace {

png_image description(const Image& image) {
  png_image png;
  std::memset(&png, 0, sizeof png);
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = PNG_FORMAT_RGBA;
  return png;
}

Error cannot_write(const std::filesystem::path& file, const std::string& why) {
  return Error{.code = "E-VIEW-003",
               .message = fmt::format("cannot write the picture: {}", why),
               .offset = {},
               .rfc = "",
               .place = file.string(),
               .hint = "check that the folder exists and has room"};
}

}  // namespace

Result<void> write_png(const std::filesystem::path& file, const Image& image) {
  png_image png = description(image);
  png_alloc_size_t size = 0;
  if (png_image_write_to_memory(&png, nullptr, &size, 0, image.rgba.data(), 0, nullptr) == 0)
    return cannot_write(file, png.message);
  std::vector<char> octets(size);
  if (png_image_write_to_memory(&png, octets.data(), &size, 0, image.rgba.data(), 0, nullptr) == 0)
    return cannot_write(file, png.message);
  const std::filesystem::path part = file.string() + ".part";
  {
    std::ofstream out(part, std::ios::binary);
    out.write(octets.data(), static_cast<std::streamsize>(size));
    out.flush();
    if (!out) {
      std::error_code ignored;
      std::filesystem::remove(part, ignored);
      return cannot_write(file, "no such folder, or no room");
    }
  }
  std::error_code failure;
  std::filesystem::rename(part, file, failure);
  if (failure) return cannot_write(file, failure.message());
  return {};
}

Result<Image> read_png(const std::filesystem::path& file) {
  png_image png;
  std::memset(&png, 0, sizeof png);
  png.version = PNG_IMAGE_VERSION;
  const auto refuse = [&] {
    return Error{.code = "E-VIEW-004",
                 .message = fmt::format("cannot be read as a PNG picture: {}", png.message),
                 .offset = {},
                 .rfc = "",
                 .place = file.string(),
                 .hint = ""};
  };
  if (png_image_begin_read_from_file(&png, file.string().c_str()) == 0) return refuse();
  png.format = PNG_FORMAT_RGBA;
  Image image;
  image.width = static_cast<int>(png.width);
  image.height = static_cast<int>(png.height);
  image.rgba.resize(PNG_IMAGE_SIZE(png));
  if (png_image_finish_read(&png, nullptr, image.rgba.data(), 0, nullptr) == 0) return refuse();
  return image;
}

}  // namespace ikelab::view
