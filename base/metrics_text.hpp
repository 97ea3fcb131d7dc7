// SPDX-License-Identifier: Apache-2.0
// Numbers in the text format of OpenMetrics 1.0, which Prometheus reads as well.
//
//   MetricsText out{"vaultd"};
//   out.counter("puts", "Items written.", puts).gauge("items", "Items that exist.", items);
//   return out.take();
//
// Names are literals in lower_snake; a label's values are, too. No number here is of one item, account or device.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace vault {

class MetricsText {
 public:
  using Labelled = std::span<const std::pair<std::string_view, std::uint64_t>>;

  explicit MetricsText(std::string_view prefix) : prefix_(prefix) {}

  MetricsText& counter(std::string_view name, std::string_view help, std::uint64_t value);  // "_total" is added
  MetricsText& counters(std::string_view name, std::string_view help, std::string_view label, Labelled values);
  MetricsText& gauge(std::string_view name, std::string_view help, double value);
  MetricsText& info(std::string_view name, std::string_view help, std::string_view label, std::string_view value);

  // `below` are the numbers at or under each bound, and above the one before; `beyond` is the number above the last.
  using Buckets = std::span<const std::pair<double, std::uint64_t>>;
  MetricsText& histogram(std::string_view name, std::string_view help, Buckets below, std::uint64_t beyond, double sum);

  std::string take();  // with the end that the format wants

 private:
  void family(std::string_view name, std::string_view type, std::string_view help);

  std::string prefix_, out_;
};

inline constexpr std::string_view metrics_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";

}  // namespace vault
