#include "sim/capture/pcap_writer.hpp"

#include "sim/capture/capture_file.hpp"
#include "sim/capture/little_endian.hpp"

namespace ikelab::capture {

PcapWriter::PcapWriter(const std::filesystem::path& file)
    : file_(file), out_(file, std::ios::binary) {}

Result<PcapWriter> PcapWriter::open(const std::filesystem::path& file) {
  PcapWriter writer(file);
  if (!writer.out_) return not_written(file.string());
  constexpr std::uint32_t magic_nanoseconds = 0xa1b23c4d, zone_and_accuracy = 0;
  LittleEndian header;
  header.u32(magic_nanoseconds).u16(2).u16(4).u32(zone_and_accuracy).u32(zone_and_accuracy);
  header.u32(longest_packet).u32(static_cast<std::uint32_t>(LinkType::raw));
  header.write(writer.out_);
  return writer;
}

void PcapWriter::write(std::int64_t unix_ns, ByteView ip_packet) {
  constexpr std::int64_t second = 1'000'000'000;
  const auto size = static_cast<std::uint32_t>(ip_packet.size());
  LittleEndian record;
  record.u32(static_cast<std::uint32_t>(unix_ns / second));
  record.u32(static_cast<std::uint32_t>(unix_ns % second));
  record.u32(size).u32(size).octets(ip_packet);
  record.write(out_);
}

Result<void> PcapWriter::finish() {
  out_.close();
  if (!out_) return not_written(file_.string());
  return {};
}

}  // namespace ikelab::capture
