// IKE messages as Lua tables and back. Positions are Lua's: from 1, and an octet range is
// first..last as in string.sub.
#pragma once
#include "protocol/wire/diagnostic.hpp"
#include "protocol/wire/message.hpp"
#include "sim/script/sandbox.hpp"

namespace ikelab::script {

/// Header fields, `payloads`, `errors` (texts). The payloads' positions are in `octets`: the
/// message's own, or the content of its Encrypted payload.
void push_message(lua_State* state, const wire::Header& header,
                  const std::vector<wire::Payload>& payloads, ByteView octets,
                  const std::vector<wire::Diagnostic>& diagnostics);

/// The inverse, from the table at `index`. Nothing is checked but sizes: an adversary writes what
/// it likes. A payload with `body` is taken as it stands; an SA without one from its `proposals`.
wire::Message message_argument(lua_State* state, int index);

}  // namespace ikelab::script
