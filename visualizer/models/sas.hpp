// Security associations over time: one row each, with its state and counts at any instant.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "protocol/trace/event.hpp"
#include "visualizer/models/traffic.hpp"

namespace ikelab::view {

enum class SaState : std::uint8_t { future, active, removed };

struct SaRow {
  std::string id;  ///< "gw-a out 1a2b3c4d": unique in a run
  std::string node;
  EventPtr installed = nullptr, removed = nullptr;
  std::vector<EventPtr> states;                   ///< StateChanged of an IKE SA
  std::vector<Instant> packets;                   ///< sealed or opened
  std::vector<std::uint64_t> sequences, highest;  ///< of them: the number, and the highest so far
  std::vector<EventPtr> refused;                  ///< EspRejected
  [[nodiscard]] const trace::SaInstalled& sa() const {
    return std::get<trace::SaInstalled>(installed->body);
  }
  [[nodiscard]] SaState state_at(Instant t) const;
  /// In the words of the state table ("ESTABLISHED"), or "active", "not yet", "removed".
  [[nodiscard]] std::string state_text(Instant t) const;
  [[nodiscard]] std::size_t packets_at(Instant t) const;
  [[nodiscard]] std::size_t refused_at(Instant t) const;
  /// "AES_GCM_16 256" and the like, integrity included when it is separate.
  [[nodiscard]] std::string algorithms() const;
};

class SaTable {
 public:
  void add(const trace::Event& event);
  [[nodiscard]] const std::vector<SaRow>& rows() const { return rows_; }
  [[nodiscard]] const SaRow* find(std::string_view id) const;
  [[nodiscard]] std::size_t active_at(Instant t) const;

 private:
  static void count(SaRow& row, Instant time, std::uint64_t sequence);
  SaRow* open_row(const std::string& node, const std::string& spi, std::string_view direction);
  std::vector<SaRow> rows_;
  std::map<std::string, std::size_t> newest_;  ///< node, SPI, direction to row
  std::map<std::string, std::size_t, std::less<>> by_id_;
  std::map<std::string, std::vector<std::size_t>> ike_rows_;  ///< by node and local name
  std::map<std::string, std::vector<EventPtr>>
      early_;  ///< state changes before the SA's keys are in
};

}  // namespace ikelab::view
