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

void ExchangeWindow::request_sent(Instant now, std::vector<Bytes> datagrams) {
  IKELAB_ASSERT(!outstanding_);
  outstanding_ =
      Outstanding{next_request_, std::move(datagrams), 0, now + wait_after(policy_, 0), 0};
}

bool ExchangeWindow::accept_response(MessageId id) {
  if (!outstanding_ || outstanding_->id != id.value) return false;
  outstanding_.reset();
  ++next_request_;
  return true;
}

std::optional<Instant> ExchangeWindow::retransmit_at() const {
  return outstanding_ ? std::optional(outstanding_->next) : std::nullopt;
}

//= rfc7296#2.1 "The initiator MUST remember each request until it receives the corresponding
//= response."
std::optional<std::vector<Bytes>> ExchangeWindow::repeat(Instant now) {
  IKELAB_ASSERT(outstanding_);
  if (outstanding_->attempt >= policy_.tries) return std::nullopt;
  ++outstanding_->attempt;
  ++outstanding_->repeated;
  outstanding_->next = now + wait_after(policy_, outstanding_->attempt);
  return outstanding_->datagrams;
}

void ExchangeWindow::recut_request(Instant now, std::vector<Bytes> datagrams) {
  IKELAB_ASSERT(outstanding_);
  outstanding_->datagrams = std::move(datagrams);
  //= rfc7383#2.5.2 "When starting a new probe, the node MUST reset its retransmission timers so
  //= that if it employs exponential back-off the timers will start over."
  outstanding_->attempt = 0;
  outstanding_->next = now + wait_after(policy_, 0);
  ++outstanding_->repeated;
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
  const std::uint32_t newest = answers_.rbegin()->first;
  std::erase_if(answers_, [&](const auto& row) { return newest - row.first >= size_; });
  next_expected_ = std::max(
      next_expected_, newest >= size_ - 1 ? static_cast<std::uint32_t>(newest - (size_ - 1)) : 0U);
  while (answers_.contains(next_expected_)) ++next_expected_;
}

}  // namespace ikelab::ikev2
