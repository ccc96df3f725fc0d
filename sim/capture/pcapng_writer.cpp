#include "sim/capture/pcapng_writer.hpp"

#include "sim/capture/little_endian.hpp"

namespace ikelab::capture {
namespace {

constexpr std::uint32_t section_header = 0x0a0d0d0a, interface_description = 1, enhanced_packet = 6;
constexpr std::uint16_t opt_comment = 1, shb_userappl = 4, if_name = 2, if_tsresol = 9;
constexpr std::size_t longest_comment = 1000;

/// A block's body; what is appended is padded to 32 bits where the format asks for it.
class Body : public LittleEndian {
 public:
  Body& padded(ByteView value) {
    octets(value).pad_to(4);
    return *this;
  }
  Body& option(std::uint16_t code, ByteView value) {
    u16(code).u16(static_cast<std::uint16_t>(value.size()));
    return padded(value);
  }
  Body& end_of_options() {
    u16(0).u16(0);
    return *this;
  }
  void write_as(std::ostream& out, std::uint32_t type) const {
    const auto length = static_cast<std::uint32_t>(size() + 12);
    LittleEndian().u32(type).u32(length).write(out);
    write(out);
    LittleEndian().u32(length).write(out);
  }
};

void write_header(std::ostream& out, const std::vector<Interface>& interfaces) {
  Body section;
  section.u32(0x1a2b3c4d).u16(1).u16(0).u64(~std::uint64_t{0});  // length: not given
  section.option(shb_userappl, as_bytes("ikelab")).end_of_options();
  section.write_as(out, section_header);
  for (const Interface& interface : interfaces) {
    const std::uint8_t nanoseconds = 9;  // 10^-9
    Body body;
    body.u16(static_cast<std::uint16_t>(interface.link)).u16(0).u32(longest_packet);
    body.option(if_name, as_bytes(interface.name)).option(if_tsresol, {&nanoseconds, 1});
    body.end_of_options();
    body.write_as(out, interface_description);
  }
}

}  // namespace

PcapngWriter::PcapngWriter(const std::filesystem::path& file)
    : file_(file), out_(file, std::ios::binary) {}

Result<PcapngWriter> PcapngWriter::open(const std::filesystem::path& file,
                                        const std::vector<Interface>& interfaces) {
  PcapngWriter writer(file);
  if (!writer.out_) return not_written(file.string());
  write_header(writer.out_, interfaces);
  return writer;
}

void PcapngWriter::write(std::size_t interface, std::int64_t unix_ns, ByteView ip_packet,
                         const std::string& comment) {
  const auto size = static_cast<std::uint32_t>(ip_packet.size());
  const auto ticks = static_cast<std::uint64_t>(unix_ns);
  Body body;
  body.u32(static_cast<std::uint32_t>(interface));
  body.u32(static_cast<std::uint32_t>(ticks >> 32)).u32(static_cast<std::uint32_t>(ticks));
  body.u32(size).u32(size);
  body.padded(ip_packet);
  if (!comment.empty())
    body.option(opt_comment, as_bytes(std::string_view(comment).substr(0, longest_comment)))
        .end_of_options();
  body.write_as(out_, enhanced_packet);
}

Result<void> PcapngWriter::finish() {
  out_.close();
  if (!out_) return not_written(file_.string());
  return {};
}

}  // namespace ikelab::capture
