// SPDX-License-Identifier: Apache-2.0
// Writes numbers in the text format of OpenMetrics 1.0, which Prometheus also reads.
//
//   MetricsText out{"vaultd"};
//   out.counter("puts", "Items written.", puts).gauge("items", "Items that exist.", items);
//   return out.take();
//
// Names and values of labels are literals in lower_snake. No number may be of one item, account or device.
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

  // Writes a counter; "_total" is appended to `name`.
  MetricsText& counter(std::string_view name, std::string_view help, std::uint64_t value);
  MetricsText& counters(std::string_view name, std::string_view help, std::string_view label, Labelled values);
  MetricsText& gauge(std::string_view name, std::string_view help, double value);
  MetricsText& info(std::string_view name, std::string_view help, std::string_view label, std::string_view value);

  // Writes a histogram. `below` holds, for each upper bound, how many values were above the bound before it and not
  // above it; `beyond` counts the values above the last bound, and `sum` adds up all values.
  using Buckets = std::span<const std::pair<double, std::uint64_t>>;
  MetricsText& histogram(std::string_view name, std::string_view help, Buckets below, std::uint64_t beyond, double sum);

  // Returns the text, with the end mark that the format wants.
  std::string take();

 private:
  void family(std::string_view name, std::string_view type, std::string_view help);

  std::string prefix_, out_;
};

inline constexpr std::string_view metrics_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";

}  // namespace vault
