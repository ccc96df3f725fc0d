#include "visualizer/models/sas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ikelab::view {

SaState SaRow::state_at(Instant t) const {
  if (t < installed->time) return SaState::future;
  return removed != nullptr && removed->time <= t ? SaState::removed : SaState::active;
}

std::string SaRow::state_text(Instant t) const {
  if (state_at(t) == SaState::future) return "not yet";
  if (state_at(t) == SaState::removed) return "removed";
  std::string text = "active";
  for (const EventPtr e : states)
    if (e->time <= t) text = std::get<trace::StateChanged>(e->body).to;
  return text;
}

std::size_t SaRow::packets_at(Instant t) const {
  return static_cast<std::size_t>(std::upper_bound(packets.begin(), packets.end(), t) -
                                  packets.begin());
}

std::size_t SaRow::refused_at(Instant t) const {
  return static_cast<std::size_t>(
      std::count_if(refused.begin(), refused.end(), [t](EventPtr e) { return e->time <= t; }));
}

std::string SaRow::algorithms() const {
  std::string text = sa().encryption;
  for (const std::string& more : {sa().integrity, sa().prf, sa().ke})
    if (!more.empty() && more != "NONE") text += ", " + more;
  return text;
}

SaRow* SaTable::open_row(const std::string& node, const std::string& spi,
                         std::string_view direction) {
  const auto found = newest_.find(fmt::format("{} {} {}", node, spi, direction));
  return found == newest_.end() ? nullptr : &rows_[found->second];
}

void SaTable::count(SaRow& row, Instant time, std::uint64_t sequence) {
  row.packets.push_back(time);
  row.sequences.push_back(sequence);
  row.highest.push_back(row.highest.empty() ? sequence : std::max(row.highest.back(), sequence));
}

void SaTable::add(const trace::Event& event) {
  if (const auto* i = std::get_if<trace::SaInstalled>(&event.body)) {
    SaRow row;
    row.node = event.node;
    row.installed = &event;
    row.id = i->protocol == "IKE" ? fmt::format("{} IKE {}", event.node, i->spi)
                                  : fmt::format("{} {} {}", event.node, i->direction, i->spi);
    newest_[fmt::format("{} {} {}", event.node, i->spi, i->direction)] = rows_.size();
    by_id_.try_emplace(row.id, rows_.size());
    if (i->protocol == "IKE") {
      const std::string name = event.node + " " + event.sa;
      ike_rows_[name].push_back(rows_.size());
      row.states = std::exchange(early_[name], {});
    }
    rows_.push_back(std::move(row));
  } else if (const auto* r = std::get_if<trace::SaRemoved>(&event.body)) {
    if (SaRow* row = open_row(event.node, r->spi, r->direction)) row->removed = &event;
  } else if (const auto* s = std::get_if<trace::StateChanged>(&event.body)) {
    if (s->what != "IKE") return;
    const auto mine = ike_rows_.find(event.node + " " + event.sa);
    if (mine == ike_rows_.end()) {
      early_[event.node + " " + event.sa].push_back(&event);
      return;
    }
    for (const std::size_t row : mine->second) rows_[row].states.push_back(&event);
  } else if (const auto* e = std::get_if<trace::EspSealed>(&event.body)) {
    if (SaRow* row = open_row(event.node, e->spi, "out")) count(*row, event.time, e->sequence);
  } else if (const auto* o = std::get_if<trace::EspOpened>(&event.body)) {
    if (SaRow* row = open_row(event.node, o->spi, "in")) count(*row, event.time, o->sequence);
  } else if (const auto* x = std::get_if<trace::EspRejected>(&event.body)) {
    if (SaRow* row = open_row(event.node, x->spi, "in")) row->refused.push_back(&event);
  }
}

const SaRow* SaTable::find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &rows_[found->second];
}

std::size_t SaTable::active_at(Instant t) const {
  return static_cast<std::size_t>(std::count_if(rows_.begin(), rows_.end(), [t](const SaRow& r) {
    return r.state_at(t) == SaState::active;
  }));
}

}  // namespace ikelab::view
