// `show trace`: every event as one line of JSON (JSON Lines), for other programs. Bytes are hex.
#include "sim/show/views.hpp"

namespace ikelab::show {
namespace {

/// The members of a body as its `fields` visitor names them.
struct ToJson {
  Json& out;
  template <class T>
  void operator()(const char* name, const T& value) {
    out[name] = json_of(value);
  }
  static Json json_of(const Bytes& value) { return to_hex(value); }
  static Json json_of(const std::string& value) { return value; }
  static Json json_of(bool value) { return value; }
  static Json json_of(std::uint64_t value) { return value; }
  static Json json_of(std::int64_t value) { return value; }
  template <class T>
  static Json json_of(const std::vector<T>& values) {
    Json list = Json::array();
    for (const T& value : values) list.push_back(json_of(value));
    return list;
  }
  template <class T>
  static Json json_of(const T& part) {
    Json object = Json::object();
    T::fields(part, ToJson{object});
    return object;
  }
};

}  // namespace

Json event_json(const trace::Event& event) {
  Json out{{"seq", event.seq},
           {"time_ns", event.time.ns},
           {"node", event.node},
           {"sa", event.sa},
           {"kind", std::string(trace::kind_of(event.body))}};
  std::visit([&](const auto& body) { std::decay_t<decltype(body)>::fields(body, ToJson{out}); },
             event.body);
  return out;
}

void write_trace(std::ostream& out, const Events& events) {
  for (const trace::Event& event : events)
    out << event_json(event).dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
}

}  // namespace ikelab::show
