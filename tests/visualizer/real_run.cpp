#include "tests/visualizer/real_run.hpp"

#include <algorithm>

#include "tests/support/pair.hpp"

namespace ikelab::view::samples {
namespace {

using test::Pair;
using test::Side;

class Recording {
 public:
  Recording() : pair_(test::site_a(), test::site_b()) {
    pair_.lose = [this](const Side& from, unsigned, const ikev2::Datagram& d) {
      return on_wire(from, d);
    };
  }

  std::vector<trace::Event> run() {
    mark("gw-a brings the tunnel up");
    command(ikev2::Initiate{"site", "net"});
    drive(2s);
    mark("the tunnel gets fresh keys; the first request is lost");
    lose_next_ = true;
    command(ikev2::RekeyChild{"net"});
    drive(5s);
    mark("the IKE SA gets fresh keys");
    command(ikev2::RekeyIke{});
    drive(2s);
    command(ikev2::DeleteIke{});
    drive(2s);
    std::stable_sort(events_.begin(), events_.end(),
                     [](const trace::Event& a, const trace::Event& b) { return a.time < b.time; });
    std::uint64_t seq = 0;
    for (trace::Event& e : events_) e.seq = ++seq;
    return std::move(events_);
  }

 private:
  void emit(Instant t, std::string node, std::string sa, trace::Body body) {
    events_.push_back({t, 0, std::move(node), std::move(sa), std::move(body)});
  }
  void mark(std::string text) { emit(pair_.now, "", "", trace::Mark{std::move(text)}); }
  bool on_wire(const Side& from, const ikev2::Datagram& d) {
    const std::string sender = &from == &pair_.a ? "gw-a" : "gw-b",
                      receiver = &from == &pair_.a ? "gw-b" : "gw-a";
    const std::string src = d.src.to_string(), dst = d.dst.to_string();
    emit(pair_.now, sender, "",
         trace::DatagramSent{d.id, "IKE", src, dst, d.payload, d.payload.size()});
    if (std::exchange(lose_next_, false)) {
      emit(pair_.now + 4ms, "", "", trace::DatagramDropped{d.id, "link wan", "random loss"});
      return true;
    }
    emit(pair_.now + pair_.latency, receiver, "",
         trace::DatagramReceived{d.id, "IKE", src, dst, d.payload, d.payload.size()});
    return false;
  }
  void collect() {
    for (auto [side, node, next] :
         {std::tuple{&pair_.a, "gw-a", &next_a_}, std::tuple{&pair_.b, "gw-b", &next_b_}})
      for (; *next < side->events.size(); ++*next) {
        const trace::LocalEvent& e = side->events[*next];
        emit(pair_.now, node, e.sa, e.body);
      }
  }
  void command(const ikev2::Command& c) {
    IKELAB_ASSERT(pair_.command(pair_.a, c).ok());
    collect();
  }
  void drive(Duration time) {
    const Instant until = pair_.now + time;
    while (pair_.step(until)) collect();
    pair_.now = until;
  }

  Pair pair_;
  std::vector<trace::Event> events_;
  std::size_t next_a_ = 0, next_b_ = 0;
  bool lose_next_ = false;
};

}  // namespace

std::vector<trace::Event> engine_events() {
  return Recording().run();
}

}  // namespace ikelab::view::samples
