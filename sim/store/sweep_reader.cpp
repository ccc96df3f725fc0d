#include "sim/store/sweep_reader.hpp"

#include <nlohmann/json.hpp>

#include "sim/store/database.hpp"

namespace ikelab::store {

Result<std::vector<MeasuredPoint>> measured_points(const std::filesystem::path& file) {
  IKELAB_TRY(auto database, Database::open_read_only(file));
  IKELAB_TRY(Statement query,
             database->prepare("SELECT p.experiment, p.parameters, p.seed, v.measure, v.unit, "
                               "v.value FROM sweep_values v JOIN sweep_points p USING (point_key) "
                               "WHERE p.status = 'done' AND v.value IS NOT NULL "
                               "ORDER BY p.experiment, p.point_key LIMIT 1000000"));
  std::vector<MeasuredPoint> out;
  while (true) {
    IKELAB_TRY(const bool row, query.step());
    if (!row) return out;
    MeasuredPoint point{query.text(0), {},           query.unsigned_integer(2), query.text(3),
                        query.text(4), query.real(5)};
    const auto parameters = nlohmann::json::parse(query.text(1), nullptr, false);
    if (parameters.is_object())
      for (const auto& [key, text] : parameters.items())
        point.parameters[key] = text.is_string() ? text.get<std::string>() : text.dump();
    out.push_back(std::move(point));
  }
}

}  // namespace ikelab::store
