// SPDX-License-Identifier: Apache-2.0
#include "base/metrics_text.hpp"

#include <fmt/format.h>

namespace vault {

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  out_ += fmt::format("# TYPE {0}_{1} {2}\n", prefix_, name, type);
  constexpr std::string_view seconds = "_seconds", bytes = "_bytes";
  if (name.ends_with(seconds)) out_ += fmt::format("# UNIT {0}_{1} seconds\n", prefix_, name);
  if (name.ends_with(bytes)) out_ += fmt::format("# UNIT {0}_{1} bytes\n", prefix_, name);
  out_ += fmt::format("# HELP {0}_{1} {2}\n", prefix_, name, help);
}

MetricsText& MetricsText::counter(std::string_view name, std::string_view help, std::uint64_t value) {
  family(name, "counter", help);
  out_ += fmt::format("{}_{}_total {}\n", prefix_, name, value);
  return *this;
}

MetricsText& MetricsText::counters(std::string_view name, std::string_view help, std::string_view label,
                                   Labelled values) {
  family(name, "counter", help);
  for (const auto& [of, value] : values)
    out_ += fmt::format("{}_{}_total{{{}=\"{}\"}} {}\n", prefix_, name, label, of, value);
  return *this;
}

MetricsText& MetricsText::gauge(std::string_view name, std::string_view help, double value) {
  family(name, "gauge", help);
  out_ += fmt::format("{}_{} {}\n", prefix_, name, value);
  return *this;
}

MetricsText& MetricsText::info(std::string_view name, std::string_view help, std::string_view label,
                               std::string_view value) {
  family(name, "info", help);
  out_ += fmt::format("{}_{}_info{{{}=\"{}\"}} 1\n", prefix_, name, label, value);
  return *this;
}

MetricsText& MetricsText::histogram(std::string_view name, std::string_view help, Buckets below, std::uint64_t beyond,
                                    double sum) {
  family(name, "histogram", help);
  std::uint64_t count = 0;
  for (const auto& [bound, number] : below)
    out_ += fmt::format("{}_{}_bucket{{le=\"{}\"}} {}\n", prefix_, name, bound, count += number);
  out_ += fmt::format("{0}_{1}_bucket{{le=\"+Inf\"}} {2}\n{0}_{1}_count {2}\n{0}_{1}_sum {3}\n", prefix_, name,
                      count + beyond, sum);
  return *this;
}

std::string MetricsText::take() {
  out_ += "# EOF\n";
  return std::move(out_);
}

}  // namespace vault
