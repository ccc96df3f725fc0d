#include "sim/run/capture.hpp"

#include <fmt/format.h>

namespace ikelab::run {
namespace {

/// How many datagrams are commented at once: more are never on their way.
constexpr std::size_t most_comments = 65'536;

}  // namespace

Result<std::unique_ptr<Capture>> Capture::open(const std::filesystem::path& directory,
                                               const scenario::Scenario& scenario) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  std::vector<std::string> media;
  for (const scenario::Link& link : scenario.links) media.push_back(link.name);
  for (const scenario::Lan& lan : scenario.lans) media.push_back(lan.name);
  for (const scenario::Cloud& cloud : scenario.clouds) media.push_back(cloud.name);
  std::vector<capture::Interface> interfaces;
  for (const std::string& name : media) interfaces.push_back({capture::LinkType::raw, name});
  IKELAB_TRY(auto all, capture::PcapngWriter::open(directory / "all.pcapng", interfaces));
  std::unique_ptr<Capture> capture(new Capture(std::move(all)));
  capture->epoch_ = scenario.epoch;
  for (const std::string& name : media) {
    IKELAB_TRY(auto file, capture::PcapWriter::open(directory / (name + ".pcap")));
    capture->links_.emplace(name, Link{capture->links_.size(), std::move(file)});
  }
  for (std::size_t i = 0; i < interfaces.size(); ++i)
    capture->links_.at(interfaces[i].name).interface = i;
  return capture;
}

void Capture::on_wire(const std::string& link_name, Instant time, std::uint64_t datagram,
                      ByteView ip_packet) {
  Link& link = links_.at(link_name);
  const std::int64_t unix_ns = epoch_ * 1'000'000'000 + time.ns;
  link.file.write(unix_ns, ip_packet);
  const auto comment = comments_.find(datagram);
  all_.write(link.interface, unix_ns, ip_packet, comment == comments_.end() ? "" : comment->second);
}

void Capture::remember(std::uint64_t datagram, std::string comment) {
  if (datagram == 0) return;
  comments_[datagram] = std::move(comment);
  if (comments_.size() > most_comments) comments_.erase(comments_.begin());
}

void Capture::record(const trace::Event& event) {
  if (const auto* m = std::get_if<trace::Message>(&event.body); m && m->direction == "sent") {
    std::string text = fmt::format("{}: {} {}, message ID {}", event.node, m->exchange,
                                   m->response ? "response" : "request", m->message_id);
    if (m->attempt > 0) text += fmt::format(", repetition {}", m->attempt);
    if (m->fragments > 0) text += fmt::format(", fragment {} of {}", m->fragment, m->fragments);
    if (!m->payloads.empty()) text += m->encrypted ? " {" + m->payloads + "}" : ": " + m->payloads;
    remember(m->datagram, std::move(text));
  } else if (const auto* sealed = std::get_if<trace::EspSealed>(&event.body)) {
    remember(sealed->datagram, fmt::format("{}: ESP {}, sequence number {}: {}", event.node,
                                           sealed->spi, sealed->sequence, sealed->summary));
  } else if (const auto* deed = std::get_if<trace::AttackAction>(&event.body)) {
    remember(deed->result, fmt::format("{}: {}{}{}", event.node, deed->action,
                                       deed->note.empty() ? "" : ", ", deed->note));
  }
}

Result<void> Capture::finish() {
  for (auto& [name, link] : links_) IKELAB_CHECK(link.file.finish());
  return all_.finish();
}

}  // namespace ikelab::run
