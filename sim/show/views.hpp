// The views of `show`, each as text and as JSON. Internal to this folder; show.hpp is the door.
#pragma once
#include <nlohmann/json.hpp>

#include "sim/show/show.hpp"
#include "sim/show/story.hpp"
#include "sim/show/terminal.hpp"

namespace ikelab::show {

using Json = nlohmann::ordered_json;
using Events = std::vector<trace::Event>;

void print_overview(Terminal& terminal, const store::RunInfo& run, const Events& events);
Json overview_json(const store::RunInfo& run, const Events& events);

void print_messages(Terminal& terminal, const Story& story);
Json messages_json(const Story& story);

void print_message(Terminal& terminal, const Events& events, const Story& story,
                   const IkeMessage& message);
Json message_json(const Events& events, const IkeMessage& message);

void print_keys(Terminal& terminal, const Events& events);
Json keys_json(const Events& events);

void print_sas(Terminal& terminal, const Events& events);
Json sas_json(const Events& events);

void print_why(Terminal& terminal, const Events& events);
Json why_json(const Events& events);
void print_authentication(Terminal& terminal, const Events& events);
Json authentication_json(const Events& events);

void print_attack(Terminal& terminal, const store::RunInfo& run, const Events& events,
                  const Story& story);
Json attack_json(const Events& events, const Story& story);

void print_event(Terminal& terminal, const Story& story, const trace::Event& event);
/// An event whole; octets are hex.
Json event_json(const trace::Event& event);
/// Every event whole, one line of JSON each.
void write_trace(std::ostream& out, const Events& events);

/// "12.345 ms"; the run's start is 0.
std::string at(Instant time);

}  // namespace ikelab::show
