// `ikelab open`.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/cli/commands.hpp"
#include "sim/cli/terminal.hpp"
#include "sim/open/open.hpp"

namespace ikelab::cli {
namespace {

nlohmann::json to_json(const open::OpenReport& report, const OpenArguments& arguments) {
  return {{"run_id", report.run_id},
          {"db", arguments.db},
          {"packets", report.packets},
          {"events", report.events},
          {"ike_messages", report.counts.ike},
          {"ike_opened", report.counts.ike_opened},
          {"ike_not_opened", report.counts.ike_sealed},
          {"esp_packets", report.counts.esp},
          {"esp_opened", report.counts.esp_opened},
          {"keepalives", report.counts.keepalives},
          {"other", report.counts.other},
          {"duplicates", report.counts.duplicates},
          {"without_key", report.counts.without_key},
          {"unknown_link_types", report.unknown_links},
          {"remark", report.remark}};
}

void print_report(const open::OpenReport& report, const OpenArguments& arguments) {
  const open::Counts& c = report.counts;
  fmt::print("{} packets: {} IKE messages, {} ESP packets, {} keepalives, {} others\n",
             report.packets, c.ike, c.esp, c.keepalives, c.other);
  if (c.duplicates > 0)
    fmt::print("{} packets were seen on several interfaces and are told once\n", c.duplicates);
  fmt::print("decrypted: {} IKE messages, {} ESP packets\n", c.ike_opened, c.esp_opened);
  if (!report.remark.empty()) fmt::print("the capture is not whole: {}\n", report.remark);
  for (const std::string& link : report.unknown_links)
    fmt::print("packets of link type {} were not looked into\n", link);
  constexpr std::size_t most_named = 8;
  std::size_t named = 0;
  for (const std::string& sa : c.without_key)
    if (named++ < most_named) fmt::print("no key for {}\n", sa);
  if (named > most_named) fmt::print("... and {} more\n", named - most_named);
  fmt::print("recorded as run {} in {}\n", report.run_id, arguments.db);
  fmt::print("look at it: ikelab show {0}{1}; ikelab view {0}{1}\n", report.run_id,
             arguments.db == "ikelab.db" ? "" : " --db " + arguments.db);
}

}  // namespace

int open_command(const OpenArguments& arguments) {
  open::OpenOptions options{arguments.capture, arguments.db, {}};
  if (!arguments.keys.empty()) options.keys_dir = arguments.keys;
  const auto report = open::open(options);
  if (!report) return fail(report.error());
  if (arguments.json)
    fmt::print("{}\n", to_json(*report, arguments).dump(2));
  else if (!arguments.quiet)
    print_report(*report, arguments);
  return done;
}

}  // namespace ikelab::cli
