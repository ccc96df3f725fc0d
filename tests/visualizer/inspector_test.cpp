// The inspector: fields, octets and what AUTH covers.
#include "visualizer/models/inspector.hpp"

#include <algorithm>

#include "tests/support/catch.hpp"
#include "tests/visualizer/sample_run.hpp"

using namespace ikelab;
using namespace ikelab::view;

namespace {

RunModel sample() {
  RunModel run;
  run.set_info(samples::sample_info());
  run.append(samples::sample_events());
  return run;
}

}  // namespace

TEST_CASE("nothing selected, or something that is not there, inspects to nothing", "[inspector]") {
  const RunModel run = sample();
  CHECK(inspect(run, {}).title.empty());
  CHECK(inspect(run, select_message(99)).title.empty());
  CHECK(inspect(run, select_sa("nobody")).title.empty());
  CHECK(inspect(run, select_event(999'999)).title.empty());
}

TEST_CASE("message 1 is in the clear and wholly covered by the initiator's AUTH", "[inspector]") {
  const RunModel run = sample();
  const Inspection in = inspect(run, select_message(1));
  CHECK(in.sentence == "Message 1 of 11: gw-a offers algorithms, its key share and a nonce");
  CHECK(in.rfc == "RFC 7296, 1.2");
  REQUIRE(in.blocks.size() == 1);
  const OctetBlock& block = *in.blocks[0];
  CHECK_FALSE(block.encrypted);
  CHECK(block.coverage.find("initiator's AUTH") != std::string::npos);
  for (std::size_t i = 0; i < block.bytes.size(); ++i) CHECK(block.is_covered(i));
  CHECK(block.payloads == std::vector<std::string>{"header", "SA", "KE", "Ni", "N", "N"});
  CHECK(block.remarks.empty());
}

TEST_CASE("IKE_AUTH shows its content and its envelope; AUTH covers the identity alone",
          "[inspector]") {
  const RunModel run = sample();
  const Inspection in = inspect(run, select_message(3));
  REQUIRE(in.blocks.size() == 2);
  const OctetBlock& plain = *in.block(true);
  const OctetBlock& wire = *in.block(false);
  CHECK(wire.encrypted);
  CHECK(plain.payloads.front() == "IDi");
  CHECK_FALSE(plain.is_covered(0));  // the generic header
  CHECK(plain.is_covered(4));        // ID Type
  REQUIRE(wire::find_field(plain.root, "Identification Data") != nullptr);
  CHECK(plain.is_covered(wire::find_field(plain.root, "Identification Data")->end - 1));
  CHECK_FALSE(plain.is_covered(plain.bytes.size() - 1));
  CHECK(wire::find_field(wire.root, "Ciphertext") !=
        nullptr);  // the negotiated cipher gives the sizes
}

TEST_CASE("every octet belongs to a field, and a field to its octets", "[inspector]") {
  const RunModel run = sample();
  for (std::uint64_t n = 1; n <= 11; ++n)
    for (const auto& block : inspect(run, select_message(n)).blocks) {
      INFO("message " << n << " " << block->title);
      REQUIRE(block->payload_of.size() == block->bytes.size());
      for (std::size_t i = 0; i < block->bytes.size(); ++i) {
        const wire::Field* f = block->field_at(i, i + 1);
        REQUIRE(f != nullptr);
        CHECK((f->begin <= i && i < f->end));
        CHECK(block->field_at(f->begin, f->end) == f);
      }
    }
}

TEST_CASE("a changed message is not covered by AUTH", "[inspector]") {
  auto events = samples::sample_events();
  for (trace::Event& e : events)
    if (auto* m = std::get_if<trace::Message>(&e.body);
        m != nullptr && m->exchange == "IKE_SA_INIT")
      m->bytes[30] ^= 1;
  RunModel run;
  run.append(std::move(events));
  const Inspection in = inspect(run, select_message(1));
  CHECK(in.blocks[0]->covered.empty());
  CHECK(in.blocks[0]->outline);
  CHECK(in.blocks[0]->coverage.find("Not covered") == 0);
}

TEST_CASE("a key names its inputs and what it makes, and leads there", "[inspector]") {
  const RunModel run = sample();
  const EventPtr seed = run.derivations().find("SKEYSEED");
  const Inspection in = inspect(run, select_key(seed->seq));
  CHECK(in.title == "SKEYSEED");
  const auto makes = std::count_if(in.facts.begin(), in.facts.end(),
                                   [](const Fact& f) { return f.label == "makes"; });
  CHECK(makes == 5);
  for (const Fact& f : in.facts)
    if (f.label == "makes") CHECK(f.link.kind == Selection::Kind::key);
}

TEST_CASE("any event of a run can be inspected", "[inspector]") {
  const RunModel run = sample();
  for (std::uint64_t seq = 1; seq <= run.last_seq(); ++seq) {
    const Inspection in = inspect(run, select_event(seq));
    INFO("event " << seq);
    CHECK_FALSE(in.title.empty());
    CHECK_FALSE(in.sentence.empty());
  }
}

TEST_CASE("octets that are no message are shown with the remark that refuses them", "[inspector]") {
  RunModel run;
  trace::Message m;
  m.direction = "sent";
  m.datagram = 1;
  m.exchange = "IKE_SA_INIT";
  m.bytes = hex("00112233445566778899");
  run.append({{{0}, 1, "gw-a", "", m}});
  const Inspection in = inspect(run, select_message(1));
  REQUIRE(in.blocks.size() == 1);
  REQUIRE_FALSE(in.blocks[0]->remarks.empty());
  CHECK(in.blocks[0]->remarks[0].error);
}
