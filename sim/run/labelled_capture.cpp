#include "sim/run/labelled_capture.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/capture/little_endian.hpp"

namespace ikelab::run {
namespace {

/// A field of CSV (RFC 4180): in quotes, with quotes doubled.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

constexpr const char* columns =
    "packet,time,src,dst,ip_protocol,size,label,attack,by,action,note,datagram\n";

/// Source, destination and protocol number of an IP packet, as three fields.
std::string header_fields(ByteView packet) {
  const bool v6 = !packet.empty() && packet[0] >> 4 == 6;
  const std::size_t size = v6 ? 16 : 4, src = v6 ? 8 : 12;
  if (packet.size() < src + 2 * size) return ",,";
  const auto address = [&](std::size_t at) {
    return IpAddress::from_octets(packet.subspan(at, size)).value().to_string();
  };
  return fmt::format("{},{},{}", address(src), address(src + size), packet[v6 ? 6 : 9]);
}

bool is_wanted(const Labels& labels, const std::string& link) {
  return labels.links.empty() ||
         std::find(labels.links.begin(), labels.links.end(), link) != labels.links.end();
}

}  // namespace

Result<std::unique_ptr<LabelledCapture>> LabelledCapture::open(const Labels& labels,
                                                               const scenario::Scenario& scenario) {
  std::error_code failed;
  std::filesystem::create_directories(labels.folder, failed);
  auto capture = std::make_unique<LabelledCapture>();
  capture->epoch_ = scenario.epoch;
  for (const scenario::Adversary& adversary : scenario.adversaries)
    capture->scripts_[adversary.name] = adversary.script;
  for (const scenario::Link& link : scenario.links) {
    if (!is_wanted(labels, link.name)) continue;
    const auto base = labels.folder / fmt::format("{}-{}", labels.stem, link.name);
    IKELAB_TRY(auto file, capture::PcapngWriter::open(base.string() + ".pcapng",
                                                      {{capture::LinkType::raw, link.name}}));
    Link one{std::move(file), base.string() + ".csv", {}, 0};
    one.csv.open(one.csv_path, std::ios::binary);
    if (!one.csv) return capture::not_written(one.csv_path.string());
    one.csv << columns;
    capture->links_.emplace(link.name, std::move(one));
  }
  return capture;
}

void LabelledCapture::on_wire(const std::string& link_name, Instant time, std::uint64_t datagram,
                              ByteView ip_packet) {
  const auto at = links_.find(link_name);
  if (at == links_.end()) return;
  Link& link = at->second;
  const std::int64_t unix_ns = epoch_ * 1'000'000'000 + time.ns;
  const auto made = datagram == 0 ? made_.end() : made_.find(datagram);
  const bool attack = made != made_.end();
  const Label label = attack ? made->second : Label{};
  link.file.write(0, unix_ns, ip_packet,
                  attack ? fmt::format("attack: {}, by {}: {}{}{}", label.attack, label.by,
                                       label.action, label.note.empty() ? "" : ", ", label.note)
                         : "honest");
  link.csv << fmt::format("{},{}.{:09},{},{},{},{},{},{},{},{}\n", ++link.packets,
                          unix_ns / 1'000'000'000, unix_ns % 1'000'000'000,
                          header_fields(ip_packet), ip_packet.size(), attack ? "attack" : "honest",
                          quoted(label.attack), quoted(label.by), label.action, quoted(label.note),
                          datagram);
}

void LabelledCapture::record(const trace::Event& event) {
  const auto* deed = std::get_if<trace::AttackAction>(&event.body);
  if (deed == nullptr || deed->result == 0) return;
  const auto script = scripts_.find(event.node);
  if (script == scripts_.end()) return;
  made_[deed->result] = {event.node, script->second, deed->action, deed->note};
}

Result<void> LabelledCapture::finish() {
  for (auto& [name, link] : links_) {
    IKELAB_CHECK(link.file.finish());
    link.csv.close();
    if (!link.csv) return capture::not_written(link.csv_path.string());
  }
  return {};
}

}  // namespace ikelab::run
