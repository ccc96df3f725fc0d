// What is selected, taken apart: one sentence, facts, and for octets the field tree and where it
// came from. Dissected again from the recorded octets by the code the engine used.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "protocol/wire/field.hpp"
#include "visualizer/models/run_model.hpp"

namespace ikelab::view {

struct Fact {
  std::string label, value;
  Selection link;  ///< what the value names, if it can be selected
  bool mono = false;
};

/// One line of the field tree. Points into its block's root.
struct FieldLine {
  const wire::Field* field = nullptr;
  int depth = 0;
  int payload = 0;  ///< index of its top-level payload, for the colour; 0 is the header
};

/// A remark about octets: `error` refused, otherwise accepted.
struct Remark {
  bool error = false;
  std::string text, rfc;
  std::size_t begin = 0, end = 0;
};

/// A run of octets with its fields.
struct OctetBlock {
  std::string title;       ///< "On the wire", "Decrypted"
  bool plain = false;      ///< the decrypted content: ranges of the selection count here
  bool encrypted = false;  ///< holds ciphertext
  Bytes bytes;
  wire::Field root;
  std::vector<FieldLine> lines;
  std::vector<std::uint8_t> payload_of;  ///< for each octet
  std::vector<std::string> payloads;     ///< names of the top-level payloads, by index
  std::vector<std::pair<std::size_t, std::size_t>> covered;  ///< by an AUTH payload
  std::string coverage;  ///< in words, "" when AUTH is no matter here
  bool outline = false;  ///< octets that are not covered are outlined
  std::vector<Remark> remarks;
  [[nodiscard]] bool is_covered(std::size_t octet) const;
  /// The deepest field that holds exactly or around [begin, end), or nullptr.
  [[nodiscard]] const wire::Field* field_at(std::size_t begin, std::size_t end) const;
};

struct Inspection {
  std::string title, sentence, explanation, rfc;
  std::vector<Fact> facts;
  std::vector<std::unique_ptr<OctetBlock>> blocks;
  [[nodiscard]] const OctetBlock* block(bool plain) const;
};

/// Of any selection. An empty title when nothing is selected or it is not in this run.
Inspection inspect(const RunModel& run, const Selection& selection);

/// Fields and values of an event, as the trace names them.
std::vector<Fact> event_facts(const trace::Event& event);

}  // namespace ikelab::view
