// One point of an experiment as a run of its scenario.
#include "protocol/crypto/digest.hpp"
#include "sim/run/run.hpp"
#include "sim/sweep/runner.hpp"

namespace ikelab::sweep {

Result<store::PointRow> simulate(const Experiment& experiment, const Point& point) {
  IKELAB_TRY(const scenario::Scenario loaded,
             scenario::load(experiment.scenario, point.settings, point.seed));
  Collector collector(experiment.measures, experiment.warm_up);
  run::RunOptions options;
  options.sinks = {&collector};
  IKELAB_TRY(const run::RunReport report, run::run(loaded, options));
  store::PointRow row;
  auto digest = crypto::sha256();
  digest->update(as_bytes(loaded.yaml));
  row.config_hash = to_hex(digest->finish());
  row.versions = report.versions;
  row.fingerprint = report.fingerprint;
  for (const Collector::Value& v : collector.values())
    row.values.push_back({v.measure, v.value, v.unit});
  return row;
}

}  // namespace ikelab::sweep
