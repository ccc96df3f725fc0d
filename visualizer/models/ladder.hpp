// The ladder: lanes for nodes, time down, one row for each message, fold of ESP, or thing that
// matters.
//
// Three axes. Pauses: the distance between two instants grows with the logarithm of the pause, so
// that ten seconds and ten microseconds can both be read. Steps: every row takes the same room.
// Time: as it passes; then the panel draws by the instants, for the stretch it shows. Everything
// goes through TimeScale, so an arrow leaves at its send time and lands at its receive time.
#pragma once
#include <unordered_map>

#include "protocol/filter/filter.hpp"
#include "protocol/trace/event.hpp"
#include "sim/store/run.hpp"
#include "visualizer/models/selection.hpp"
#include "visualizer/models/time_scale.hpp"
#include "visualizer/models/traffic.hpp"

namespace ikelab::view {

struct Lane {
  std::string node, role;  ///< role of the node: "gateway", "adversary" ...
  std::string part;        ///< "initiator" or "responder" of the first IKE SA, or ""
  double x = 0;            ///< place in the topology, for the order
  std::uint64_t messages = 0;
  std::size_t folded = 0;  ///< nodes that share it; 0: it is of one
};
/// With more nodes than this, those that speak most keep a lane of their own.
inline constexpr std::size_t most_lanes = 8, kept_lanes = 6;

enum class Axis : std::uint8_t { pauses, steps, time };

/// One arrow, from lane to lane. Lost: it ends on its way, at `fraction`.
struct Leg {
  int from = 0, to = 0;
  Instant sent, landed;
  bool lost = false;
  double fraction = 1;              ///< of the way
  bool changed = false;             ///< it carries what an adversary made of it
  double y_sent = 0, y_landed = 0;  ///< base pixels
};

struct LadderRow {
  enum class Kind : std::uint8_t { message, esp, attack, refusal, mark };
  Kind kind = Kind::message;
  Instant time;
  std::uint64_t seq = 0;
  std::uint64_t number = 0, repeats = 0;  ///< message: its number; the number it repeats, or 0
  std::string title;                      ///< "IKE_AUTH request", "ESP", "gw-b refuses a packet"
  std::vector<std::string> payloads;      ///< message: "IDi", "AUTH" ...
  bool encrypted = false, response = false;
  bool by_chance = false;               ///< message: a link's weather lost it
  std::string exchange, exchange_name;  ///< message: what it shares with its answer; for a person
  std::string note;                     ///< why lost, what was changed, counts
  std::vector<Leg> legs;
  std::uint64_t packets = 0, octets = 0;  ///< esp: folded
  std::uint64_t backwards = 0;            ///< esp: of these against the first leg's direction
  Instant until;                          ///< esp: of the last one folded
  Selection selection;
  double y = 0, y_end = 0;  ///< base pixels: its place and what it needs below
};

/// "SA, KE, Ni"; in braces what is encrypted on the wire, as RFC 7296 writes it.
std::string contents_of(const LadderRow& row);

/// The messages of one exchange: request and response, what was sent again, and fragments.
struct Exchange {
  std::string name;                 ///< "IKE_AUTH, message id 1"
  std::size_t first = 0, last = 0;  ///< rows
  std::uint64_t messages = 0, again = 0, lost = 0;
  bool answered = false;
  int depth = 0;  ///< brackets of one depth do not overlap
};

class Ladder {
 public:
  /// Rebuilds lanes, rows and scale from the traffic and the events worth a row. With a filter: of
  /// the packets that fit, and of nothing else.
  void build(const store::RunInfo& info, const Traffic& traffic,
             const std::vector<EventPtr>& notable, const filter::Filter& filter = {});
  /// How time is laid out from now on.
  void set_axis(Axis axis);
  [[nodiscard]] Axis axis() const { return axis_; }
  /// By their first row.
  [[nodiscard]] const std::vector<Exchange>& exchanges() const { return exchanges_; }
  /// Exchanges [first, second) hold all that reach into rows [from, to); a few more may be in it.
  [[nodiscard]] std::pair<std::size_t, std::size_t> exchanges_between(std::size_t from,
                                                                      std::size_t to) const;
  /// Of the rows [from, to): how many were lost, changed, refused, or are an adversary's.
  [[nodiscard]] std::size_t troubles(std::size_t from, std::size_t to) const;
  /// How many rows begin above a height, before an instant.
  [[nodiscard]] std::size_t rows_above(double y) const;
  [[nodiscard]] std::size_t rows_before(Instant t) const;
  /// Messages that were lost, and that were sent again, of those the ladder shows.
  [[nodiscard]] std::size_t lost() const { return lost_; }
  [[nodiscard]] std::size_t sent_again() const { return sent_again_; }
  /// Rows [first, second) hold all that happens between two instants; a few more may be in it.
  [[nodiscard]] std::pair<std::size_t, std::size_t> during(Instant from, Instant to) const;
  [[nodiscard]] const std::vector<Lane>& lanes() const { return lanes_; }
  [[nodiscard]] const std::vector<LadderRow>& rows() const { return rows_; }
  [[nodiscard]] const TimeScale& scale() const { return scale_; }
  [[nodiscard]] int lane_of(const std::string& node) const;  ///< -1: none
  /// Every node that has a lane or shares one, as the lanes stand.
  [[nodiscard]] const std::vector<std::string>& nodes() const { return nodes_; }
  [[nodiscard]] const LadderRow* row_of(const Selection& selection, const Traffic& traffic) const;
  /// The row of a message's number, or nullptr.
  [[nodiscard]] const LadderRow* row_of_message(std::uint64_t number) const;
  /// Rows [first, second) hold all that is drawn between two heights; a few more may be in it.
  [[nodiscard]] std::pair<std::size_t, std::size_t> between(double top, double bottom) const;
  /// The last row that begins at or before an instant, -1 before the first.
  [[nodiscard]] std::ptrdiff_t row_at(Instant t) const;

 private:
  void find_lanes(const store::RunInfo& info, const Traffic& traffic,
                  const std::vector<EventPtr>& notable);
  Lane* add_lane(const store::RunInfo& info, const std::string& name);
  void fold_lanes();
  [[nodiscard]] bool is_folded(int lane) const {
    return lane >= 0 && lanes_[static_cast<std::size_t>(lane)].folded > 0;
  }
  void add_message(const MessageRow& message, const Traffic& traffic);
  void add_esp(const Packet& packet);
  void add_notable(const trace::Event& event, const Traffic& traffic);
  void add_attack(const trace::Event& event, const trace::AttackAction& action,
                  const Traffic& traffic);
  [[nodiscard]] Leg leg_of(const Packet& packet, int from, int to) const;
  void place();
  void index();
  void note_overtaking();
  void group();
  Axis axis_ = Axis::pauses;
  std::vector<Exchange> exchanges_;
  std::vector<std::size_t> exchange_reach_;  ///< the last row that exchanges 0..i reach
  std::vector<std::size_t> troubles_;        ///< of rows 0..i-1
  std::vector<std::int64_t> time_reach_;     ///< when the last of rows 0..i is over
  std::vector<double> tops_;          ///< where each row begins, close together for searching
  std::vector<std::int64_t> begins_;  ///< and when
  std::size_t lost_ = 0, sent_again_ = 0;
  std::vector<Lane> lanes_;
  std::vector<std::string> nodes_;
  std::unordered_map<std::string, int> lane_of_;
  std::vector<LadderRow> rows_;
  std::vector<double> reach_;  ///< how far down rows 0..i reach
  std::unordered_map<std::uint64_t, std::size_t> by_message_, by_packet_, by_event_;
  TimeScale scale_;
};

}  // namespace ikelab::view
