// SPDX-License-Identifier: Apache-2.0
// Reads and writes JSON for the local API: strict, bounded, and in memory that is wiped.
//
// Requests and answers carry passwords and values. So every JSON value made here, and every buffer for its text, comes
// from the locked pool of base/secret.hpp.
#pragma once

#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>
#include <string_view>
#include <vector>

#include "base/errc.hpp"
#include "base/secret.hpp"

namespace vault::ipc {

namespace json = boost::json;

using Wire = std::vector<char, WipingAllocator<char>>;  // text on its way in or out

inline std::string_view text_of(const Wire& wire) { return {wire.data(), wire.size()}; }
inline void append(Wire& wire, std::string_view text) { wire.insert(wire.end(), text.begin(), text.end()); }

// Returns the memory for json::value and everything inside it.
json::storage_ptr json_storage();

// Parses exactly one JSON text. Errors: usage for what RFC 8259 does not allow, trailing bytes, invalid UTF-8, a lone
// surrogate, the same key twice in an object, or a number beyond the range of a double; limit for nesting deeper than
// limits::json_depth.
Result<json::value> parse_json(std::string_view text);

// Appends `value` in its shortest form, without newlines.
void write_json(Wire& out, const json::value& value);

}  // namespace vault::ipc
