// What the reader looks at, to be pasted elsewhere: as text, as hex, as a C array.
#pragma once
#include "visualizer/models/session.hpp"

namespace ikelab::view {

enum class CopyAs { text, hex, c_array };

/// The selected octets, or all of what is selected; a key's value; as text the inspector's words.
/// "" when there is nothing to copy.
std::string copied(const RunModel& run, Session& session, CopyAs as);

}  // namespace ikelab::view
