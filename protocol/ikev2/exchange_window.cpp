#include "protocol/ikev2/exchange_window.hpp"

#include <algorithm>
#include <cmath>

#include "protocol/base/bounds.hpp"

namespace ikelab::ikev2 {
namespace {

Duration wait_after(const policy::RetransmitPolicy& policy, unsigned attempt) {
  const double factor = std::pow(policy.base, attempt);
  return Duration(static_cast<std::int64_t>(static_cast<double>(policy.timeout.count()) * factor));
}

}  // namespace

Duration patience(const policy::RetransmitPolicy& policy) {
  Duration sum{0};
  for (unsigned attempt = 0; attempt <= policy.tries; ++attempt) sum += wait_after(policy, attempt);
  return sum;
}

//= rfc7296#2.3 "An IKE endpoint MUST NOT exceed the peer's stated window size for transmitted IKE
//= requests."
// With a window of N, request X waits for the responses up to X - N.
bool ExchangeWindow::may_send() const {
  return ids_left() != 0 &&
         (outstanding_.empty() || next_request_ - outstanding_.begin()->first < permitted_);
}

void ExchangeWindow::permit(std::size_t requests) {
  permitted_ = std::clamp(requests, std::size_t{1}, bounds::exchange_window);
}

void ExchangeWindow::request_sent(Instant now, std::vector<Bytes> datagrams) {
  IKELAB_ASSERT(may_send());
  const auto id = static_cast<std::uint32_t>(next_request_++);
  outstanding_[id] = Outstanding{std::move(datagrams), 0, now + wait_after(policy_, 0), 0};
}

bool ExchangeWindow::accept_response(MessageId id) {
  return outstanding_.erase(id.value) == 1;
}

std::optional<Instant> ExchangeWindow::retransmit_at() const {
  std::optional<Instant> first;
  for (const auto& [id, request] : outstanding_)
    if (!first || request.next < *first) first = request.next;
  return first;
}

std::optional<MessageId> ExchangeWindow::overdue(Instant now) const {
  for (const auto& [id, request] : outstanding_)
    if (request.next <= now) return MessageId{id};
  return std::nullopt;
}

//= rfc7296#2.1 "The initiator MUST remember each request until it receives the corresponding
//= response."
std::optional<std::vector<Bytes>> ExchangeWindow::repeat(Instant now, MessageId id) {
  Outstanding& request = outstanding_.at(id.value);
  if (request.attempt >= policy_.tries) return std::nullopt;
  ++request.attempt;
  ++request.repeated;
  request.next = now + wait_after(policy_, request.attempt);
  return request.datagrams;
}

void ExchangeWindow::recut_request(Instant now, MessageId id, std::vector<Bytes> datagrams) {
  Outstanding& request = outstanding_.at(id.value);
  request.datagrams = std::move(datagrams);
  //= rfc7383#2.5.2 "When starting a new probe, the node MUST reset its retransmission timers so
  //= that if it employs exponential back-off the timers will start over."
  request.attempt = 0;
  request.next = now + wait_after(policy_, 0);
  ++request.repeated;
}

ExchangeWindow::Incoming ExchangeWindow::classify(MessageId id) const {
  if (answers_.contains(id.value)) return Incoming::repeated;
  return id.value < next_expected_ || is_ahead(id) ? Incoming::outside : Incoming::fresh;
}

ExchangeWindow::Incoming ExchangeWindow::classify(MessageId id, ByteView request) const {
  //= rfc7296#2.1 "A retransmission from the initiator MUST be bitwise identical to the original
  //= request."
  const Incoming by_id = classify(id);
  return by_id == Incoming::repeated && !equal(request, answers_.at(id.value).request)
             ? Incoming::outside
             : by_id;
}

void ExchangeWindow::set_size(std::size_t size) {
  size_ = std::clamp(size, std::size_t{1}, bounds::exchange_window);
}

//= rfc7296#2.1 "The responder MUST remember each response until it receives a request whose
//= sequence number is larger than or equal to the sequence number in the response plus its window
//= size"
void ExchangeWindow::response_sent(MessageId id, Answer answer) {
  answers_.insert_or_assign(id.value, std::move(answer));
  const std::uint64_t newest = answers_.rbegin()->first;
  std::erase_if(answers_, [&](const auto& row) { return newest - row.first >= size_; });
  next_expected_ = std::max(next_expected_, newest >= size_ - 1 ? newest - (size_ - 1) : 0);
  while (next_expected_ <= newest && answers_.contains(static_cast<std::uint32_t>(next_expected_)))
    ++next_expected_;
}

}  // namespace ikelab::ikev2
