// Life of an IKE SA: tasks, timers, children, state. Messages are in ike_sa_messages.cpp.
#include "protocol/ikev2/ike_sa.hpp"

#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev2/child_setup.hpp"
#include "protocol/ikev2/fragmentation.hpp"
#include "protocol/ikev2/lifetimes.hpp"
#include "protocol/policy/traffic_selector.hpp"

namespace ikelab::ikev2 {
namespace {

constexpr Duration redundant_time =
    30s;  // a peer that knows of it deletes it at once; one that does not never will
constexpr Duration replaced_time = 300s;        // longer than a peer repeats its DELETE
constexpr unsigned repetitions_of_a_probe = 2;  // RFC 7383, 2.5.2: "a few retries"
constexpr Duration linger_time = 30s;           // longer than any peer repeats a request
constexpr unsigned ids_for_a_rekey = 16;        // one with seven additional key exchanges fits

std::string name_of(const crypto::Algorithm* algorithm) {
  return algorithm == nullptr ? std::string() : std::string(algorithm->name);
}

}  // namespace

std::string_view to_string(ChildState state) {
  constexpr std::string_view names[] = {"INSTALLED", "REKEYING", "REKEYED", "DELETING"};
  return names[static_cast<std::size_t>(state)];
}

IkeSa::IkeSa(Services& services_in, const policy::ConnectionConfig& connection_in,
             bool original_initiator_in, SocketAddress local_in, SocketAddress peer_in)
    : services(services_in),
      connection(&connection_in),
      original_initiator(original_initiator_in),
      name(services_in.next_sa_name()),
      local(local_in),
      peer(peer_in),
      window_(services_in.config.retransmit, services_in.config.last_message_id) {}

void IkeSa::start(Instant now, std::string child) {
  spi_i = IkeSpi{services.streams.ike_spi->u64() | 1};
  first_child = std::move(child);
  set_state(Trigger::initiate);
  enqueue(now, make_ike_init());
}

void IkeSa::set_state(Trigger event) {
  const Transition* row = services.decisions.transition(state_, event);
  IKELAB_ASSERT(row != nullptr);
  if (services.tells<trace::StateChanged>())
    emit(trace::StateChanged{"IKE", std::string(to_string(state_)), std::string(to_string(row->to)),
                             std::string(to_string(event)), std::string(row->rfc)});
  state_ = row->to;
  touch();
}

void IkeSa::emit_keys(keys::Derivations& derivations) {
  for (trace::KeyDerived& step : derivations.take()) emit(std::move(step));
}

void IkeSa::diagnose(const Error& error, std::uint64_t datagram) {
  const std::uint64_t at = error.offset.value_or(0);
  emit(trace::Diagnostic{"error", error.code, error.message, error.rfc, datagram, at, at});
}

void IkeSa::relocate(const SocketAddress& local_in, const SocketAddress& peer_in,
                     const std::string& reason) {
  touch();
  if (local == local_in && peer == peer_in) return;
  local = local_in;
  peer = peer_in;
  emit(trace::SaMoved{"IKE", "", to_string(spi_i), local.to_string(), peer.to_string(), reason});
}

// ---- established, and the end ------------------------------------------------------------------

void IkeSa::tell_installed(const std::string& reason) {
  if (!services.tells<trace::SaInstalled>()) return;
  trace::SaInstalled body;
  body.protocol = "IKE";
  body.spi = to_string(spi_i);
  body.peer_spi = to_string(spi_r);
  body.src = local.to_string();
  body.dst = peer.to_string();
  body.name = connection->name;
  body.encryption = name_of(suite.encr);
  body.integrity = name_of(suite.integ);
  body.prf = name_of(suite.prf);
  body.ke = suite.ke_names();
  if (services.config.disclose_secrets) {
    body.encryption_key = concat({keys.sk_ei.reveal(), keys.sk_er.reveal()});
    body.integrity_key = concat({keys.sk_ai.reveal(), keys.sk_ar.reveal()});
  }
  body.reason = reason;
  emit(std::move(body));
}

void IkeSa::become_established(Instant now, Trigger event, const std::string& reason) {
  set_state(event);
  set_timer(Timer::half_open, std::nullopt);
  retired_.reset();
  begin_lifetime(*this, now);
  if (connection->dpd_delay > Duration::zero()) set_timer(Timer::dpd, now + connection->dpd_delay);
  tell_installed(reason);
  for (const Extension& extension : extensions())
    if (extension.established != nullptr) extension.established(*this, now);
  for (std::string& child : std::exchange(also_children, {}))
    enqueue(now, make_child_create(std::move(child)));
  if (IkeSa* old = replaces.value != 0 ? services.find(replaces) : nullptr)
    old->enqueue(now, make_ike_delete());
}

void IkeSa::die(Instant now, Trigger event, const std::string& reason) {
  for (Task* task : under_way()) task->abandoned(*this, now);
  for (const Extension& extension : extensions())
    if (extension.ended != nullptr) extension.ended(*this);
  const bool was_installed =
      state_ == State::established || state_ == State::rekeyed || state_ == State::deleting;
  set_state(event);
  while (!children.empty()) remove_child(EspSpi{children.begin()->first}, reason);
  if (was_installed) emit(trace::SaRemoved{"IKE", "", to_string(spi_i), reason});
  queue_.clear();
  window_.forget_requests();
  timers_.fill(std::nullopt);
  set_timer(Timer::linger, now + linger_time);
}

// ---- children ----------------------------------------------------------------------------------

ChildSa* IkeSa::child_by_out(EspSpi spi_out) {
  for (auto& [spi, child] : children)
    if (child.spi_out == spi_out) return &child;
  return nullptr;
}

ChildSa* IkeSa::child_by_name(const std::string& name_in) {
  ChildSa* found = nullptr;
  for (auto& [spi, child] : children)
    if (child.config->name == name_in && child.state == ChildState::installed) found = &child;
  return found;
}

void IkeSa::set_child_state(ChildSa& child, ChildState state, const std::string& why,
                            const char* rfc) {
  if (services.tells<trace::StateChanged>())
    emit(trace::StateChanged{"Child", std::string(to_string(child.state)),
                             std::string(to_string(state)),
                             why + ", ESP SPI " + to_string(child.spi_in), rfc});
  child.state = state;
}

EspSpi IkeSa::new_esp_spi() {
  // RFC 4303, 2.1: 0 to 255 are reserved
  return EspSpi{
      static_cast<std::uint32_t>(256 + services.streams.esp_spi->below(0xffffffffULL - 256))};
}

void IkeSa::release_outbound(ChildSa& child) {
  if (!child.waiting_outbound) return;
  emit_installed(*this, *child.waiting_outbound, false, child.spi_in, child.reason);
  services.sad.push_back(esp::InstallSa{false, std::move(*child.waiting_outbound)});
  child.waiting_outbound.reset();
}

void IkeSa::half_close(ChildSa& child, const std::string& reason) {
  if (child.half_closed) return;
  child.half_closed = true;
  if (child.waiting_outbound) return;  // it was never installed
  services.sad.push_back(esp::RemoveSa{false, child.spi_out, child.spi_in});
  emit(trace::SaRemoved{"ESP", "out", to_string(child.spi_out), reason});
}

void IkeSa::remove_child(EspSpi spi_in, const std::string& reason) {
  const auto at = children.find(spi_in.value);
  if (at == children.end()) return;
  if (const auto heir = children.find(at->second.replaced_by.value); heir != children.end())
    release_outbound(heir->second);
  half_close(at->second, reason);
  const bool superseded = at->second.replaced_by.value != 0;
  services.sad.push_back(esp::RemoveSa{true, at->second.spi_in, {}, superseded});
  emit(trace::SaRemoved{"ESP", "in", to_string(at->second.spi_in), reason});
  children.erase(at);
}

// ---- tasks -------------------------------------------------------------------------------------

void IkeSa::enqueue(Instant now, std::unique_ptr<Task> task) {
  touch();
  if (state_ == State::dead || queue_.size() >= bounds::queued_tasks) return;
  queue_.push_back(std::move(task));
  run_next(now);
}

std::vector<Task*> IkeSa::under_way() const {
  std::vector<Task*> out;
  for (const Running& running : running_) out.push_back(running.task.get());
  return out;
}

bool IkeSa::has_queued(std::string_view task_name) const {
  return std::any_of(running_.begin(), running_.end(),
                     [&](const Running& r) { return r.task->name() == task_name; }) ||
         std::any_of(queue_.begin(), queue_.end(),
                     [&](const auto& task) { return task->name() == task_name; });
}

void IkeSa::become_redundant(Instant now) {
  set_state(Trigger::rekey_done);
  timers_.fill(std::nullopt);
  set_timer(Timer::redundant, now + redundant_time);
}

void IkeSa::hand_over_to(IkeSa& heir, Instant now) {
  touch();
  heir.touch();
  heir.children.merge(children);
  for (const Timer timer : {Timer::rekey_ike, Timer::reauth, Timer::expire_ike, Timer::dpd})
    set_timer(timer, std::nullopt);
  set_timer(Timer::redundant, now + replaced_time);
  set_state(Trigger::rekey_done);
  for (auto& task : std::exchange(queue_, {})) heir.enqueue(now, std::move(task));
}

bool IkeSa::may_begin_beside(const Task& task) const {
  return std::none_of(running_.begin(), running_.end(), [&](const Running& running) {
    return running.task->scope().clashes(task.scope());
  });
}

//= rfc7296#2.2 "In the unlikely event that Message IDs grow too large to fit in 32 bits, the IKE SA
//= MUST be closed or rekeyed."
void IkeSa::watch_ids() {
  const bool closing = state_ == State::rekeyed || state_ == State::deleting;
  if (window_.ids_left() > ids_for_a_rekey || (state_ != State::established && !closing)) return;
  if (window_.ids_left() == 1 && !has_queued("ike_delete")) {
    emit(trace::TimerFired{"message_ids", "one Message ID is left: the IKE SA is closed"});
    queue_.clear();
    queue_.push_back(make_ike_delete());
  } else if (window_.ids_left() > 1 && !closing && !ids_end_) {
    ids_end_ = true;  // where it fails, it is tried again as every rekey is
    emit(trace::TimerFired{"message_ids", std::to_string(window_.ids_left()) +
                                              " Message IDs are left: the IKE SA is rekeyed"});
    if (!has_queued("ike_rekey")) queue_.push_front(make_ike_rekey());
  }
}

void IkeSa::run_next(Instant now) {
  touch();
  if (state_ == State::dead || sending_ || (running_.empty() && queue_.empty())) return;
  if (services.handling) return services.waiting.push_back(this);
  sending_ = true;
  send_what_may_go(now);
  sending_ = false;
}

void IkeSa::send_what_may_go(Instant now) {
  for (auto at = running_.begin(); at != running_.end() && window_.may_send();) {
    Running& running = *at++;  // one that cannot be sent has ended, and is gone
    if (!running.id) send_request(now, running);
  }
  while (window_.may_send()) {
    watch_ids();
    if (queue_.empty() || !may_begin_beside(*queue_.front())) return;
    Running& running = running_.emplace_back(Running{std::move(queue_.front()), {}, {}});
    queue_.pop_front();
    running.task->started = now;
    emit(trace::TaskStarted{std::string(running.task->name()), "initiator",
                            window_.next_request_id().value});
    send_request(now, running);
  }
}

void IkeSa::finish_task(Instant now, const Task& task, Outcome outcome) {
  const auto at = std::find_if(running_.begin(), running_.end(),
                               [&](const Running& r) { return r.task.get() == &task; });
  IKELAB_ASSERT(at != running_.end());
  const std::unique_ptr<Task> done = std::move(at->task);
  running_.erase(at);
  emit(trace::TaskEnded{std::string(done->name()), "initiator", std::string(to_string(outcome)),
                        done->detail, (now - done->started).count()});
}

void IkeSa::end_tasks(Instant now) {
  while (!running_.empty()) {
    Task& task = *running_.front().task;
    if (task.detail.empty()) task.detail = "the IKE SA ended";
    finish_task(now, task, Outcome::failed);
  }
}

// ---- time --------------------------------------------------------------------------------------

std::optional<Instant> IkeSa::next_timeout() const {
  std::optional<Instant> next = window_.retransmit_at();
  const auto consider = [&](const std::optional<Instant>& at) {
    if (at && (!next || *at < *next)) next = at;
  };
  for (const auto& timer : timers_) consider(timer);
  if (state_ == State::dead) return next;
  for (const Extension& extension : extensions())
    if (extension.due != nullptr) consider(extension.due(*this));
  if (state_ == State::established)
    for (const auto& [spi, child] : children) {
      if (child.state == ChildState::installed) consider(child.rekey_at);
      consider(child.expire_at);
    }
  return next;
}

void IkeSa::handle_timeout(Instant now) {
  touch();
  const auto fired = [&](Timer timer) {
    auto& at = timers_[static_cast<std::size_t>(timer)];
    if (!at || *at > now) return false;
    at.reset();
    return true;
  };
  if (fired(Timer::linger)) return;
  while (const auto overdue = window_.overdue(now)) repeat_request(now, *overdue);
  if (fired(Timer::half_open))
    return die(now, Trigger::half_open_expired, "IKE_AUTH did not come in time");
  if (fired(Timer::redundant) && state_ == State::rekeyed)
    return die(now, Trigger::peer_silent, "replaced, and the peer never deleted it");
  if (fired(Timer::retry) && state_ == State::established) check_children(now);
  if (fired(Timer::dpd) && state_ == State::established) {
    //= rfc7296#2.4 "If no cryptographically protected messages have been received on an IKE SA or
    //= any of its Child SAs recently, the system needs to perform a liveness check"
    set_timer(Timer::dpd, now + connection->dpd_delay);
    if (!window_.busy()) {
      emit(trace::TimerFired{
          "dpd", "nothing heard of the peer for " + ikelab::to_string(connection->dpd_delay)});
      enqueue(now, make_liveness());
    }
  }
  if (fired(Timer::rekey_ike) && state_ == State::established && !has_queued("ike_rekey")) {
    emit(trace::TimerFired{"rekey_ike", "the IKE SA's rekey_time is over"});
    enqueue(now, make_ike_rekey());
  }
  if (fired(Timer::reauth) && state_ == State::established) {
    emit(trace::TimerFired{"reauth", "the IKE SA's reauth_time is over"});
    services.begin_anew(*this, now, peer.ip);
  }
  if (fired(Timer::expire_ike) && state_ == State::established) {
    emit(trace::TimerFired{"expire_ike", "the IKE SA was not replaced in its over_time"});
    enqueue(now, make_ike_delete());
  }
  if (state_ == State::established) check_children(now);
  if (state_ == State::dead) return;
  for (const Extension& extension : extensions())
    if (extension.due != nullptr)
      if (const auto at = extension.due(*this); at && *at <= now) extension.timeout(*this, now);
}

void IkeSa::check_children(Instant now) {
  std::vector<EspSpi> due;
  for (auto& [spi, child] : children)
    if (child.state == ChildState::installed && child.rekey_at && *child.rekey_at <= now) {
      child.rekey_at.reset();
      due.push_back(child.spi_in);
    }
  for (const EspSpi spi : due) {
    emit(trace::TimerFired{"rekey_child",
                           "the rekey_time of ESP SPI " + to_string(spi) + " is over"});
    enqueue(now, make_child_rekey(spi));
  }
  std::vector<EspSpi> over;
  for (const auto& [spi, child] : children)
    if (child.expire_at && *child.expire_at <= now) over.push_back(child.spi_in);
  for (const EspSpi spi : over) expire_child(*this, now, spi, "its life_time is over");
}

/// The path may not carry fragments of this size: the request goes on in smaller ones (RFC
/// 7383, 2.5.2). False: it goes on as it is.
bool IkeSa::probe_path(Instant now, const Running& running) {
  const wire::Header header = header_of(running.task->exchange(), false, *running.id);
  //= rfc7383#2.5.2 "Implementations MUST be prepared to probe in every exchange that utilizes IKE
  //= fragmentation to deal with possible changes in path MTU over time."
  if (window_.attempt_of_cut(*running.id) < repetitions_of_a_probe ||
      running.task->exchange() == wire::ExchangeType::ike_sa_init ||
      !probe_smaller(*this, header, wire::encode_chain(running.payloads).bytes.size(),
                     wire::encode_chain(outside_of_extensions(*this, header)).bytes.size()))
    return false;
  auto datagrams = build(header, running.payloads);
  if (!datagrams) return false;
  window_.recut_request(now, *running.id, *datagrams);
  emit(trace::TimerFired{"retransmit", "no response; cut into " +
                                           std::to_string(datagrams->size()) +
                                           " fragments, in case the path carries no larger ones"});
  transmit({true, local, peer}, *datagrams, header, running.payloads, window_.attempt(*running.id));
  return true;
}

void IkeSa::repeat_request(Instant now, MessageId id) {
  const auto at = std::find_if(running_.begin(), running_.end(),
                               [&](const Running& running) { return running.id == id; });
  IKELAB_ASSERT(at != running_.end());
  if (probe_path(now, *at)) return;
  if (const auto datagrams = window_.repeat(now, id)) {
    emit(trace::TimerFired{"retransmit",
                           "no response; repetition " + std::to_string(window_.attempt(id))});
    const wire::Header header = header_of(at->task->exchange(), false, id);
    return transmit({true, local, peer}, *datagrams, header, at->payloads, window_.attempt(id));
  }
  //= rfc7296#2.4 "If there has only been outgoing traffic on all of the SAs associated with an IKE
  //= SA, it is essential to confirm liveness of the other endpoint to avoid black holes."
  at->task->detail = "the peer did not answer";
  const bool deleting = state_ == State::deleting;
  die(now, Trigger::peer_silent,
      deleting ? "the peer did not answer our DELETE" : "the peer does not answer");
  end_tasks(now);
}

}  // namespace ikelab::ikev2
