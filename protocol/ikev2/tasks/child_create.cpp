// CREATE_CHILD_SA that makes one more Child SA, with or without a key exchange of its own (RFC
// 7296, 1.3.1).
//
//   HDR, SK {SA, Ni, [KEi,] TSi, TSr}  -->   <--  HDR, SK {SA, Nr, [KEr,] TSi, TSr}
#include "protocol/ikev2/tasks/child_exchange.hpp"
#include "protocol/ikev2/tasks/rows.hpp"

namespace ikelab::ikev2 {
namespace {

class ChildCreate : public ChildExchange {
 public:
  ChildCreate(std::string child, std::optional<policy::Flow> packet)
      : child_(std::move(child)), packet_(packet) {}
  [[nodiscard]] std::string_view name() const override { return "child_create"; }

  Result<std::vector<wire::Payload>> begin(IkeSa& sa, Instant) override {
    if (sa.state() != State::established)
      return Error{"E-CMD-002", "the IKE SA is not established"};
    for (const policy::ChildConfig& config : sa.connection->children)
      if (config.name == child_) return offer(sa, config, packet_);
    return Error{"E-CMD-001", "no child '" + child_ + "' is configured"};
  }
  Outcome response(IkeSa& sa, const Inbound& in) override {
    std::optional<Outcome> goes_on;
    auto child = accept(sa, in, "new", goes_on);
    if (goes_on) return *goes_on;
    if (child) return Outcome::done;
    detail = child.error().message;
    sa.diagnose(child.error(), in.datagram);
    delete_refused(sa, in);
    return Outcome::failed;
  }

 private:
  std::string child_;
  std::optional<policy::Flow> packet_;
};

std::vector<wire::Payload> respond(IkeSa& sa, const Inbound& in, std::string& detail,
                                   bool& failed) {
  return answer_child_exchange(sa, in, {nullptr, "new", false, not_now, nullptr}, detail, failed);
}

}  // namespace

std::unique_ptr<Task> make_child_create(std::string child, std::optional<policy::Flow> packet) {
  return std::make_unique<ChildCreate>(std::move(child), packet);
}

ResponderRow respond_child_create() {
  return {"child_create", wire::ExchangeType::create_child_sa, [](const Inbound&) { return true; },
          respond};
}

}  // namespace ikelab::ikev2
