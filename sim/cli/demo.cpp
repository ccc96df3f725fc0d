// `ikelab demo`: the site-to-site scenario told chapter by chapter, from the events of its run, for
// a student who sees a tunnel for the first time.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "protocol/trace/event.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/terminal.hpp"
#include "sim/run/run.hpp"
#include "sim/store/reader.hpp"

namespace ikelab::cli {
namespace {

using trace::Event;

// ---- the run as a story -------------------------------------------------------------------------

struct Story {
  store::RunInfo run;
  std::vector<Event> events;
  bool colour = false;
  std::string initiator;  ///< the node that spoke first
  std::string responder;  ///< the node that answered

  /// Every event of one kind, in order; at one node if one is named.
  template <class T>
  std::vector<std::pair<const Event*, const T*>> all(const std::string& node = "") const {
    std::vector<std::pair<const Event*, const T*>> out;
    for (const Event& event : events) {
      const T* body = std::get_if<T>(&event.body);
      if (body && (node.empty() || event.node == node)) out.emplace_back(&event, body);
    }
    return out;
  }
};

Story story_of(store::RunInfo run, std::vector<Event> events, bool colour) {
  Story story{std::move(run), std::move(events), colour, "", ""};
  for (const auto& [event, message] : story.all<trace::Message>()) {
    if (message->direction != "sent") continue;
    std::string& who = message->response ? story.responder : story.initiator;
    if (who.empty()) who = event->node;
  }
  return story;
}

// ---- how it is printed --------------------------------------------------------------------------

/// A paragraph, wrapped to 84 columns, indented by two.
void say(const std::string& text) {
  constexpr std::size_t width = 84;
  std::size_t column = 0;
  std::string word;
  const auto put = [&] {
    if (word.empty()) return;
    if (column + word.size() + 1 > width && column > 0) {
      fmt::print("\n");
      column = 0;
    }
    fmt::print("{}{}", column == 0 ? "  " : " ", word);
    column += word.size() + 1;
    word.clear();
  };
  for (const char c : text) {
    if (c == ' ')
      put();
    else
      word += c;
  }
  put();
  fmt::print("\n");
}

void chapter(const Story& story, int number, const std::string& title) {
  fmt::print("\n{}{}. {}{}\n\n", story.colour ? "\033[1m" : "", number, title,
             story.colour ? "\033[0m" : "");
}

std::string at(const Event& event) {
  return fmt::format("{:>10.3f} ms", static_cast<double>(event.time.ns) / 1e6);
}

/// The first octets in hex, and how many there are.
std::string octets(const Bytes& bytes) {
  constexpr std::size_t shown = 16;
  if (bytes.empty()) return "(not disclosed)";
  const ByteView first(bytes.data(), std::min(shown, bytes.size()));
  return to_hex(first) + (bytes.size() > shown ? fmt::format("... ({} octets)", bytes.size()) : "");
}

std::string counted(std::size_t n, const std::string& one) {
  return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s");
}

// ---- the chapters -------------------------------------------------------------------------------

void who_is_who(const Story& story) {
  chapter(story, 1, "Who is who");
  for (const store::NodeInfo& node : story.run.nodes) {
    std::string addresses;
    for (const std::string& address : node.addresses)
      addresses += (addresses.empty() ? "" : ", ") + address;
    fmt::print("    {:<12} {:<10} {}\n", node.name, node.role, addresses);
  }
  fmt::print("\n");
  for (const store::LinkInfo& link : story.run.links)
    fmt::print("    {:<12} {} -- {}  {}\n", link.name, link.a, link.b, link.about);
  fmt::print("\n");
  say(
      fmt::format("Two sites want to talk across a network they do not trust. The gateways {} and "
                  "{} build a tunnel between them, so that "
                  "the hosts behind them need not know about it.",
                  story.initiator, story.responder));
}

/// What each message of the first exchanges is for (RFC 7296, 1.2).
struct Explained {
  const char* exchange;
  bool response;
  const char* words;
};
constexpr Explained explained[] = {
    {"IKE_SA_INIT", false,
     "\"These algorithms I can do, this is my half of a Diffie-Hellman exchange, this is my "
     "nonce.\" In the clear."},
    {"IKE_SA_INIT", true,
     "\"I take this combination; here are my half and my nonce.\" From here on both can compute "
     "the same keys."},
    {"IKE_AUTH", false,
     "\"This is who I am, and the proof; this is the traffic I want protected.\" Encrypted."},
    {"IKE_AUTH", true,
     "\"This is who I am, and my proof; agreed.\" Now there is an IKE SA and a first pair of ESP "
     "SAs."},
};

void messages(const Story& story) {
  chapter(story, 2, "Four messages");
  std::size_t shown = 0;
  for (const auto& [event, message] : story.all<trace::Message>(story.initiator)) {
    if (message->exchange != "IKE_SA_INIT" && message->exchange != "IKE_AUTH") continue;
    const bool out = message->direction == "sent";
    fmt::print("  {}  {} {} {}  {}  [{}]  {} octets{}\n", at(*event), story.initiator,
               out ? "-->" : "<--", story.responder, message->exchange, message->payloads,
               message->bytes.size(), message->attempt > 0 ? ", sent again" : "");
    for (const Explained& e : explained) {
      if (message->exchange == e.exchange && message->response == e.response)
        say("              " + std::string(e.words));
    }
    ++shown;
  }
  if (shown == 0) say("No handshake was recorded.");
  for (const auto& [event, negotiated] : story.all<trace::Negotiated>(story.responder)) {
    if (negotiated->protocol != "IKE" || negotiated->chosen.empty()) continue;
    fmt::print("\n");
    say(fmt::format("{} had to choose from {} and took {}.", story.responder,
                    counted(negotiated->verdicts.size(), "proposal"), negotiated->chosen));
    for (const trace::ProposalVerdict& v : negotiated->verdicts) {
      fmt::print("    {}  {}  {}\n", v.accepted ? "taken  " : "refused", v.text, v.reason);
    }
    break;
  }
}

void keys(const Story& story) {
  chapter(story, 3, "From a secret nobody sent to every key");
  const auto derived = story.all<trace::KeyDerived>(story.initiator);
  const auto first = std::find_if(derived.begin(), derived.end(),
                                  [](const auto& d) { return d.second->name == "SKEYSEED"; });
  if (first == derived.end()) return say("No keys were recorded.");
  say("The two halves of Diffie-Hellman give g^ir at both ends, and only there. Together with the "
      "nonces it becomes SKEYSEED, and SKEYSEED "
      "becomes the seven keys of the IKE SA (RFC 7296, 2.14):");
  fmt::print("\n");
  const std::string sa = first->first->sa;
  for (const auto& [event, key] : derived) {
    if (event->sa != sa || event->time != first->first->time) continue;
    fmt::print("    {:<9} = {}\n", key->name, key->function);
    if (key == first->second) {
      for (const trace::NamedValue& input : key->inputs)
        fmt::print("      {:<9} {}   {}\n", input.name, octets(input.value), input.source);
    }
    fmt::print("              {}\n", octets(key->output));
  }
  const auto last = std::find_if(derived.begin(), derived.end(),
                                 [](const auto& d) { return d.second->name.starts_with("ESP"); });
  if (last != derived.end()) {
    fmt::print("\n");
    say("SK_d is not used on messages at all: the keys of the ESP SAs are made from it (RFC 7296, "
        "2.17):");
    fmt::print("\n    {} = {}\n              {}\n", last->second->name, last->second->function,
               octets(last->second->output));
  }
}

void identities(const Story& story) {
  chapter(story, 4, "Proof of identity");
  say("Whoever sits in the middle can do Diffie-Hellman with both sides. So each side proves who "
      "it is, over its own first message, the "
      "other's nonce, and its name (RFC 7296, 2.15): what an attacker changed, the proof does not "
      "fit.");
  fmt::print("\n");
  for (const auto& [event, auth] : story.all<trace::AuthDecided>()) {
    if (auth->local) continue;
    std::string covers;
    for (const trace::LabelledRange& part : auth->parts) {
      covers += fmt::format("{}{} ({} octets)", covers.empty() ? "" : " | ", part.label,
                            part.end - part.begin);
    }
    fmt::print("  {}  {} {} '{}' by {}\n", at(*event), event->node,
               auth->ok ? "accepts" : "REFUSES", auth->identity, auth->method);
    if (!covers.empty()) fmt::print("                 over {}\n", covers);
    if (!auth->ok) fmt::print("                 {}\n", auth->reason);
  }
}

void tunnel(const Story& story) {
  chapter(story, 5, "The tunnel at work");
  const auto sealed = story.all<trace::EspSealed>(),
             sealed_here = story.all<trace::EspSealed>(story.initiator);
  const auto opened = story.all<trace::EspOpened>();
  if (sealed.empty()) return say("No packet went through the tunnel.");
  const trace::EspSealed& first = *sealed.front().second;
  fmt::print("  {}  {} seals    {}\n", at(*sealed.front().first), sealed.front().first->node,
             first.summary);
  fmt::print("                 {} octets become {} octets of ESP, SPI {}, sequence number {}\n",
             first.inner_size, first.outer_size, first.spi, first.sequence);
  for (const auto& [event, packet] : opened) {
    if (packet->datagram != first.datagram) continue;
    fmt::print("  {}  {} opens    {}\n", at(*event), event->node, packet->summary);
    break;
  }
  fmt::print("\n");
  say(fmt::format("In this run {} were sealed and {} opened. {} was refused.",
                  counted(sealed.size(), "packet"), opened.size(),
                  counted(story.all<trace::EspRejected>().size(), "packet")));
}

void rekeying(const Story& story) {
  chapter(story, 6, "New keys in mid-transfer");
  bool any = false;
  for (const auto& [event, task] : story.all<trace::TaskEnded>()) {
    if (task->role != "initiator" || (task->task != "child_rekey" && task->task != "ike_rekey"))
      continue;
    any = true;
    fmt::print("  {}  {} rekeys its {} SA: {}, after {}\n", at(*event), event->node,
               task->task == "ike_rekey" ? "IKE" : "ESP", task->outcome,
               to_string(Duration(task->duration_ns)));
  }
  if (!any) return say("No SA was rekeyed in this run.");
  for (const auto& [event, sa] : story.all<trace::SaInstalled>(story.initiator)) {
    if (sa->protocol != "ESP" || !sa->reason.starts_with("rekey")) continue;
    fmt::print("  {}  new SA {} ({}), {}\n", at(*event), sa->spi, sa->direction, sa->reason);
  }
  fmt::print("\n");
  std::size_t lost = 0;
  for (const auto& [event, rejected] : story.all<trace::EspRejected>())
    lost += rejected->code == "E-ESP-NO-SA" ? 1 : 0;
  say(
      fmt::format("The new SAs are there before the old ones are deleted, so the transfer goes on: "
                  "{} met no SA.",
                  lost == 0 ? "not one packet" : counted(lost, "packet")));
}

void eavesdropper(const Story& story) {
  chapter(story, 7, "What the eavesdropper got");
  const auto actions = story.all<trace::AttackAction>();
  const auto knowledge = story.all<trace::AttackKnowledge>();
  if (actions.empty() && knowledge.empty()) return say("Nobody listened.");
  const std::string& name =
      actions.empty() ? knowledge.front().first->node : actions.front().first->node;
  std::size_t ike = 0, esp = 0;
  for (const auto& [event, crossing] : story.all<trace::PacketOnLink>()) {
    ike += crossing->protocol == "IKE" ? 1 : 0;
    esp += crossing->protocol == "ESP" ? 1 : 0;
  }
  say(
      fmt::format("{} listened on the link between the gateways, where {} of IKE and {} of ESP "
                  "passed. It knows:",
                  name, counted(ike, "packet"), counted(esp, "packet")));
  fmt::print("\n");
  std::vector<std::string> told;
  for (const auto& [event, known] : knowledge) {
    if (std::find(told.begin(), told.end(), known->item) != told.end()) continue;
    told.push_back(known->item);
    fmt::print("    {:<28} {}{}\n", known->item, known->text,
               known->how.empty() ? "" : "  (" + known->how + ")");
  }
  if (told.empty()) fmt::print("    nothing but addresses, sizes and times\n");
  fmt::print("\n");
  say("It does not know g^ir, and therefore none of the keys of chapter 3, and therefore nothing "
      "of what the hosts said.");
}

// ---- files --------------------------------------------------------------------------------------

/// Runs a program silently; true when it exits with 0.
bool run_silently(const std::vector<std::string>& command) {
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid < 0) return false;
  if (pid == 0) {
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    if (!std::freopen("/dev/null", "w", stdout) || !std::freopen("/dev/null", "w", stderr))
      _exit(127);
    execv(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Pictures by the visualizer that lies beside this program, if it is there.
std::vector<std::filesystem::path> draw_pictures(const DemoArguments& arguments,
                                                 std::int64_t run_id) {
  std::error_code none;
  const std::filesystem::path viewer =
      std::filesystem::read_symlink("/proc/self/exe", none).parent_path() / "ikelab-view";
  std::vector<std::filesystem::path> out;
  if (!arguments.pictures || access(viewer.c_str(), X_OK) != 0) return out;
  for (const char* panel : {"ladder", "keys", "topology"}) {
    const auto file = std::filesystem::path(arguments.directory) / (std::string(panel) + ".png");
    if (run_silently({viewer.string(), std::to_string(run_id), "--db", arguments.db, "--panel",
                      panel, "--png", file.string()})) {
      out.push_back(file);
    }
  }
  return out;
}

void print_files(const Story& story, const DemoArguments& arguments) {
  chapter(story, 8, "Look for yourself");
  const std::string db = arguments.db == "ikelab.db" ? "" : " --db " + arguments.db;
  fmt::print("    database   {}  (run {}, seed {})\n", arguments.db, story.run.id, story.run.seed);
  std::vector<std::string> captures;
  std::error_code none;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(arguments.directory, none)) {
    if (entry.path().extension() == ".pcap") captures.push_back(entry.path().string());
  }
  std::sort(captures.begin(), captures.end());
  for (const std::string& file : captures) fmt::print("    capture    {}\n", file);
  const std::string keys = arguments.directory + "/keys";
  fmt::print("    keys       {}  (for Wireshark: WIRESHARK_CONFIG_DIR={} wireshark CAPTURE)\n",
             keys, keys);
  const auto pictures = draw_pictures(arguments, story.run.id);
  for (const auto& file : pictures) fmt::print("    picture    {}\n", file.string());
  if (pictures.empty())
    fmt::print(
        "    pictures   none: ikelab-view is not built; ./ikelab view builds and opens it\n");
  fmt::print("\n  Next:\n");
  fmt::print(
      "    ./ikelab show messages{0}      every message; message 3 byte by byte: ./ikelab show "
      "message 3{0}\n",
      db);
  fmt::print("    ./ikelab view{}               the same in pictures, to scrub and step through\n",
             db);
  fmt::print("    ./ikelab lab list              compute SKEYSEED yourself\n\n");
}

Result<int> run_demo(const DemoArguments& arguments) {
  std::error_code error;
  std::filesystem::create_directories(arguments.directory, error);
  if (!std::filesystem::is_directory(arguments.directory)) {
    return Error{
        "E-CLI-002", "--dir '" + arguments.directory + "' is no folder and cannot become one",
        {},          "",
        "",          error.message()};
  }
  IKELAB_TRY(const scenario::Scenario scenario, scenario::load("site-to-site"));
  run::RunOptions options;
  options.db = arguments.db;
  options.pcap_dir = std::filesystem::path(arguments.directory) / "captures";
  options.keys_dir = std::filesystem::path(arguments.directory) / "keys";
  std::filesystem::create_directories(*options.pcap_dir, error);
  std::filesystem::create_directories(*options.keys_dir, error);
  options.progress = true;
  on_interrupt_say("interrupted; what was recorded until now is kept in " + arguments.db +
                   " as an unfinished run");
  IKELAB_TRY(const run::RunReport report, run::run(scenario, options));
  IKELAB_TRY(const auto reader, store::Reader::open(arguments.db));
  IKELAB_TRY(auto info, reader->run(std::to_string(report.run_id)));
  IKELAB_TRY(auto events, reader->events(report.run_id));
  const Story story = story_of(std::move(info), std::move(events), colour_wanted(arguments.color));
  fmt::print("\n{}A tunnel between two sites{}\n\n", story.colour ? "\033[1m" : "",
             story.colour ? "\033[0m" : "");
  say(scenario.about + (scenario.about.ends_with('.') ? "" : ".") +
      " Everything below happened just now in a simulated network, with real messages, real keys "
      "and real packets.");
  for (const auto tell : {who_is_who, messages, keys, identities, tunnel, rekeying, eavesdropper})
    tell(story);
  print_files(story, arguments);
  for (const auto& e : report.expectations) {
    if (!e.met)
      fmt::print(stderr, "ikelab: the scenario expected '{}', but found: {}\n", e.text, e.found);
  }
  return int{report.expectations_met() ? done : not_met};
}

}  // namespace

int demo_command(const DemoArguments& arguments) {
  const auto result = run_demo(arguments);
  return result.ok() ? *result : fail(result.error());
}

}  // namespace ikelab::cli
