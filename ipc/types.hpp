// SPDX-License-Identifier: Apache-2.0
// The two ways a member of a described struct can have no value.
//
// std::optional<T>: the member may be left out; null is refused. For params, and for results that have it
// only sometimes (a cursor on all pages but the last).
// Nullable<T>: the member is always there and is null where unknown. For objects whose shape scripts rely on.
#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <optional>

namespace vault::ipc {

template <class T>
struct Nullable : std::optional<T> {
  using std::optional<T>::optional;
};

struct Nothing {};  // params of a method that takes none, result of one that has nothing to say
BOOST_DESCRIBE_STRUCT(Nothing, (), ())

}  // namespace vault::ipc
