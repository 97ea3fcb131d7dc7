// SPDX-License-Identifier: Apache-2.0
// Makes an error category of a table of details, such as base/input_errc.cpp has.
#pragma once

#include <array>
#include <boost/system/error_category.hpp>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/errc.hpp"

namespace vault {

struct ErrorDetail {
  template <class E>
  requires std::is_enum_v<E>
  constexpr ErrorDetail(E detail, Errc of, std::string_view text, std::array<std::uint64_t, 2> with = {})
      : code(static_cast<int>(detail)), klass(of), sentence(text), numbers(with) {}

  int code;
  Errc klass;
  std::string_view sentence;             // for a person: each # stands for one of `numbers`
  std::array<std::uint64_t, 2> numbers;  // in the order of the #s
};

class ErrorTable : public boost::system::error_category {
 public:
  // Requires: both outlive every error.
  ErrorTable(const char* name, std::span<const ErrorDetail> details) : name_(name), details_(details) {}
  const char* name() const noexcept override { return name_; }
  std::string message(int value) const override;
  // Returns the class of a detail; internal for a number that the table does not have.
  virtual Errc class_of(int value) const;
  std::span<const ErrorDetail> details() const { return details_; }

 private:
  const ErrorDetail* find(int value) const;
  const char* name_;
  std::span<const ErrorDetail> details_;
};

}  // namespace vault
