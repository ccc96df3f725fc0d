// CVE-2016-5361, Libreswan before 3.17 (and others that took RFC 2408, 5.1 at its word). The
// responder of IKEv1 started a timer with its first answer, and repeated it to an address that had
// shown nothing: one forged datagram became many, for somebody who had never asked.
#include "sim/historic/historic.hpp"

namespace ikelab::historic {

const Bug cve_2016_5361 = {
    "CVE-2016-5361",
    "Libreswan before 3.17",
    "The responder of IKEv1 repeated its first answer until it heard more, although nobody had "
    "shown to be at that address: an amplifier for whoever can forge a source.",
    "an initiator that is not proven gets an answer when it asks, and the same once more when it "
    "asks again",
    nullptr,
    nullptr,
    nullptr,
    [](ikev1::Habits& habits) { habits.repeats_to_anybody = true; }};

}  // namespace ikelab::historic
