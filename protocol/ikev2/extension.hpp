// An RFC extension is one file in tasks/ and one row here: payloads it adds to messages that pass
// anyway, payloads of the peer it reads, and tasks it begins. Its memory of an IKE SA is a type of
// its own in IkeSa::notes.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <typeindex>
#include <vector>

#include "protocol/base/result.hpp"
#include "protocol/base/time.hpp"
#include "protocol/keys/ike_keys.hpp"
#include "protocol/wire/message.hpp"

namespace ikelab::ikev2 {

class IkeSa;
class Task;
struct Services;
struct Inbound;

/// What extensions remember about one IKE SA: at most one value of each type.
class Notes {
 public:
  /// The value of type T, made by T{} when it is first asked for.
  template <class T>
  [[nodiscard]] T& of() {
    std::shared_ptr<void>& slot = slots_[typeid(T)];
    if (!slot) slot = std::make_shared<T>();
    return *static_cast<T*>(slot.get());
  }
  template <class T>
  void forget() {
    slots_.erase(typeid(T));
  }
  /// nullptr: nothing was noted.
  template <class T>
  [[nodiscard]] const T* find() const {
    const auto at = slots_.find(typeid(T));
    return at == slots_.end() ? nullptr : static_cast<const T*>(at->second.get());
  }

 private:
  std::map<std::type_index, std::shared_ptr<void>> slots_;
};

/// A message of ours that is about to be encoded.
struct Outbound {
  wire::ExchangeType exchange;
  bool response;
  const Inbound* request;      ///< of a response: what it answers; else nullptr
  const Task* task = nullptr;  ///< of a request: whose it is; else nullptr
};

/// Hooks are tried in the order of the registry; a nullptr is a hook that is not needed.
struct Extension {
  std::string_view name;
  std::string_view rfc;
  /// Adds payloads after those of the task, before the message is encoded (and so covered by AUTH).
  void (*add)(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) = nullptr;
  /// Payloads of an encrypted message that stand in the clear, before its Encrypted payload, whose
  /// ICV covers them; of a fragmented one in its first fragment. Asked again when it is cut anew.
  std::vector<wire::Payload> (*outside)(IkeSa& sa, const wire::Header& header) = nullptr;
  /// Why an encrypted request is dropped before anything is computed for it: `payloads` are those
  /// in the clear, the Encrypted one among them.
  std::optional<Error> (*turns_away)(IkeSa& sa, const Inbound& in) = nullptr;
  /// An encrypted message did not pass its integrity check.
  void (*unauthentic)(IkeSa& sa, const Inbound& in) = nullptr;
  /// Reads a message of the peer that was decrypted, is grammatical and due, before its task does.
  void (*read)(IkeSa& sa, const Inbound& in) = nullptr;
  /// A message of ours is on its way: not called again when it is repeated. `datagram`: its first
  /// one, when it was fragmented.
  void (*sent)(IkeSa& sa, const Outbound& out, ByteView datagram,
               const std::vector<wire::Payload>& payloads) = nullptr;
  /// Why an answer that nothing protects is not believed: it is as if it had not come.
  std::optional<Error> (*ignores)(const IkeSa& sa, const Inbound& in) = nullptr;
  /// An IKE_SA_INIT request is answered with this alone, and nothing is kept.
  std::optional<std::vector<wire::Payload>> (*diverts)(IkeSa& sa, const Inbound& in) = nullptr;
  /// The answer to our IKE_SA_INIT ends this IKE SA in another way than by an error: how, in words.
  std::optional<std::string> (*diverted)(IkeSa& sa, const Inbound& in) = nullptr;
  /// A message that must be encrypted and is not, for an IKE SA that has keys. True: it was ours.
  bool (*unprotected)(IkeSa& sa, const Inbound& in) = nullptr;
  /// What is told, without protection, to who sends a message of an IKE SA that nobody knows here.
  std::vector<wire::Payload> (*stranger)(Services& services, const wire::Header& header) = nullptr;
  /// IKE_AUTH makes no Child SA: asked as initiator before the request; as responder, when the
  /// request asks for none, whether that will do.
  bool (*childless)(const IkeSa& sa) = nullptr;
  /// Why the peer may not begin this exchange now, although the state of the SA would allow it.
  std::optional<std::string> (*refuses)(const IkeSa& sa, wire::ExchangeType exchange) = nullptr;
  /// The initiator has keys; what is enqueued now runs before IKE_AUTH.
  void (*keyed)(IkeSa& sa, Instant now) = nullptr;
  /// The initiator is about to make its first AUTH: what changes SK_p has changed it after this.
  void (*proves)(IkeSa& sa) = nullptr;
  /// The signature schemes that the peer says it verifies; nullptr: it said nothing.
  const std::vector<crypto::SignatureScheme>* (*verifies)(const IkeSa& sa) = nullptr;
  /// AUTH of the peer is about to be checked, and on the first one of the responder's side nothing
  /// is proved yet. May give other payloads to check; an error fails the authentication.
  Result<std::optional<std::vector<wire::Payload>>> (*judges)(IkeSa& sa,
                                                              const Inbound& in) = nullptr;
  /// Keys will be made of `root` in a CREATE_CHILD_SA that we (`ours`) or the peer began: it may
  /// put another secret there.
  Result<void> (*mixes)(IkeSa& sa, bool ours, keys::Root& root) = nullptr;
  /// The IKE SA works from now on, after IKE_AUTH or as the successor in a rekey.
  void (*established)(IkeSa& sa, Instant now) = nullptr;
  /// When it wants `timeout` to be called; asked again after every input. Neither is called for an
  /// SA that is DEAD.
  std::optional<Instant> (*due)(const IkeSa& sa) = nullptr;
  void (*timeout)(IkeSa& sa, Instant now) = nullptr;
  /// `heir` succeeds `old` by a rekey (RFC 7296, 2.8).
  void (*inherit)(IkeSa& heir, const IkeSa& old) = nullptr;
  /// The IKE SA is at its end, whether somebody succeeds it or not.
  void (*ended)(IkeSa& sa) = nullptr;
  /// Why the peer gets no Child SA, as the notification that says so, and in `detail` in words.
  std::optional<wire::Payload> (*refuse_child)(IkeSa& sa, std::string& detail) = nullptr;
};

/// Calls `outside` of every extension.
std::vector<wire::Payload> outside_of_extensions(IkeSa& sa, const wire::Header& header);

/// Calls `judges` of every extension. The message as it is to be checked: `in`, or `instead` when
/// one of them puts something else in its place.
Result<const Inbound*> judged_by_extensions(IkeSa& sa, const Inbound& in,
                                            std::optional<Inbound>& instead);

/// IKE_AUTH makes no Child SA, says one of them.
bool is_childless(const IkeSa& sa);

/// Every extension this engine speaks (registry.cpp).
std::span<const Extension> extensions();

}  // namespace ikelab::ikev2
