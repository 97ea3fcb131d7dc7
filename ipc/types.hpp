// SPDX-License-Identifier: Apache-2.0
// Defines the two ways in which a member of a described struct can have no value.
//
// std::optional<T>: the member may be left out; null is refused. For params, and for results that have the member only
// sometimes (a cursor on all pages but the last).
// Nullable<T>: the member is always there, and is null if it is unknown. For objects whose shape scripts rely on.
#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <optional>

namespace vault::ipc {

template <class T>
struct Nullable : std::optional<T> {
  using std::optional<T>::optional;
};

// Serves as params of a method that takes none, and as result of one that has nothing to say.
struct Nothing {};
BOOST_DESCRIBE_STRUCT(Nothing, (), ())

}  // namespace vault::ipc
