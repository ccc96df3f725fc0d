#include "sim/run/capture.hpp"

namespace ikelab::run {
namespace {

void u32(std::ostream& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out.put(static_cast<char>(value >> shift & 255));
}
void u16(std::ostream& out, std::uint16_t value) {
  out.put(static_cast<char>(value & 255));
  out.put(static_cast<char>(value >> 8));
}

// The classic format (draft-ietf-opsawg-pcap): little endian, nanoseconds, LINKTYPE_RAW.
void file_header(std::ostream& out) {
  constexpr std::uint32_t magic_nanoseconds = 0xa1b23c4d, linktype_raw = 101, snap_octets = 65535;
  u32(out, magic_nanoseconds);
  u16(out, 2);
  u16(out, 4);
  u32(out, 0);
  u32(out, 0);
  u32(out, snap_octets);
  u32(out, linktype_raw);
}

}  // namespace

Result<std::unique_ptr<Capture>> Capture::open(const std::filesystem::path& directory,
                                               const scenario::Scenario& scenario) {
  auto capture = std::make_unique<Capture>();
  capture->epoch_ = scenario.epoch;
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  for (const scenario::Link& link : scenario.links) {
    std::ofstream file(directory / (link.name + ".pcap"), std::ios::binary);
    if (!file)
      return Error{"E-RUN-003", "cannot write captures"}
          .in((directory / (link.name + ".pcap")).string())
          .expect("expected a folder that can be written");
    file_header(file);
    capture->files_.emplace(link.name, std::move(file));
  }
  return capture;
}

void Capture::on_wire(const std::string& link, Instant time, ByteView ip_packet) {
  std::ofstream& out = files_.at(link);
  u32(out, static_cast<std::uint32_t>(epoch_ + time.ns / 1'000'000'000));
  u32(out, static_cast<std::uint32_t>(time.ns % 1'000'000'000));
  u32(out, static_cast<std::uint32_t>(ip_packet.size()));
  u32(out, static_cast<std::uint32_t>(ip_packet.size()));
  const std::string text = to_text(ip_packet);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
}

Result<void> Capture::finish() {
  for (auto& [link, file] : files_) {
    file.close();
    if (!file)
      return Error{"E-RUN-003", "the capture of link '" + link + "' could not be written whole"}
          .expect("is the disk full?");
  }
  return {};
}

}  // namespace ikelab::run
