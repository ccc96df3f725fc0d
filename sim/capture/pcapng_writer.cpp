#include "sim/capture/pcapng_writer.hpp"

namespace ikelab::capture {
namespace {

constexpr std::uint32_t section_header = 0x0a0d0d0a, interface_description = 1, enhanced_packet = 6;
constexpr std::uint16_t opt_comment = 1, shb_userappl = 4, if_name = 2, if_tsresol = 9;
constexpr std::size_t longest_comment = 1000;

/// A block's body; what is appended is padded to 32 bits where the format asks for it.
class Body {
 public:
  Body& u16(std::uint16_t value) { return number(value, 2); }
  Body& u32(std::uint32_t value) { return number(value, 4); }
  Body& u64(std::uint64_t value) { return number(value, 8); }
  Body& padded(ByteView octets) {
    octets_.insert(octets_.end(), octets.begin(), octets.end());
    octets_.resize((octets_.size() + 3) / 4 * 4);
    return *this;
  }
  Body& option(std::uint16_t code, ByteView value) {
    return u16(code).u16(static_cast<std::uint16_t>(value.size())).padded(value);
  }
  Body& end_of_options() { return u16(0).u16(0); }

  void write(std::ostream& out, std::uint32_t type) const {
    const auto length = static_cast<std::uint32_t>(octets_.size() + 12);
    Body head, tail;
    head.u32(type).u32(length);
    tail.u32(length);
    for (const Bytes* part :
         std::initializer_list<const Bytes*>{&head.octets_, &octets_, &tail.octets_}) {
      const std::string text = to_text(*part);
      out.write(text.data(), static_cast<std::streamsize>(text.size()));
    }
  }

 private:
  Body& number(std::uint64_t value, unsigned octets) {
    for (unsigned i = 0; i < octets; ++i)
      octets_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    return *this;
  }
  Bytes octets_;
};

void write_header(std::ostream& out, const std::vector<Interface>& interfaces) {
  Body section;
  section.u32(0x1a2b3c4d).u16(1).u16(0).u64(~std::uint64_t{0});  // length: not given
  section.option(shb_userappl, as_bytes("ikelab")).end_of_options();
  section.write(out, section_header);
  for (const Interface& interface : interfaces) {
    constexpr std::uint32_t snap_octets = 65'535;
    const std::uint8_t nanoseconds = 9;  // 10^-9
    Body body;
    body.u16(static_cast<std::uint16_t>(interface.link)).u16(0).u32(snap_octets);
    body.option(if_name, as_bytes(interface.name)).option(if_tsresol, {&nanoseconds, 1});
    body.end_of_options();
    body.write(out, interface_description);
  }
}

Error not_written(const std::filesystem::path& file) {
  return Error{"E-RUN-003", "the capture cannot be written"}
      .in(file.string())
      .expect("expected a folder that can be written, on a disk that is not full");
}

}  // namespace

PcapngWriter::PcapngWriter(const std::filesystem::path& file)
    : file_(file), out_(file, std::ios::binary) {}

Result<PcapngWriter> PcapngWriter::open(const std::filesystem::path& file,
                                        const std::vector<Interface>& interfaces) {
  PcapngWriter writer(file);
  if (!writer.out_) return not_written(file);
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
  body.u32(size).u32(size).padded(ip_packet);
  if (!comment.empty())
    body.option(opt_comment, as_bytes(std::string_view(comment).substr(0, longest_comment)))
        .end_of_options();
  body.write(out_, enhanced_packet);
}

Result<void> PcapngWriter::finish() {
  out_.close();
  if (!out_) return not_written(file_);
  return {};
}

}  // namespace ikelab::capture
