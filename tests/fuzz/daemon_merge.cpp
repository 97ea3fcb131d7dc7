// SPDX-License-Identifier: Apache-2.0
// Three values as an item's ancestor and two heads have them, of which any may be what another device made up. What is
// merged is JSON again; sides that are alike, or of which one is the ancestor's, give what they must; and the two sides
// may be exchanged: what comes out says the same.
#include "base/assert.hpp"
#include "daemon/items/json_merge.hpp"
#include "ipc/json_text.hpp"

using namespace vault;
using ipc::JsonText;

namespace {

std::string_view take(std::string_view& in) {
  const auto end = std::min(in.find('\0'), in.size());
  const auto out = in.substr(0, end);
  in.remove_prefix(std::min(end + 1, in.size()));
  return out;
}

std::optional<Secret> merged(const JsonText* base, const JsonText& ours, const JsonText& theirs) {
  std::vector<std::string> clashes;
  auto out = daemon::merge_json(base, ours, theirs, "value", clashes);
  VAULT_ASSERT(out.has_value() == clashes.empty());
  return out;
}

void says(const std::optional<Secret>& text, const JsonText& expected) {
  VAULT_ASSERT(text);
  const auto again = ipc::read_json_text(text->text());
  VAULT_ASSERT(again && same(*again, expected));
}

void try_all(const JsonText* base, const JsonText& ours, const JsonText& theirs) {
  says(merged(base, ours, ours), ours);
  if (base != nullptr) says(merged(base, *base, theirs), theirs);
  if (base != nullptr) says(merged(base, ours, *base), ours);
  const auto one = merged(base, ours, theirs), other = merged(base, theirs, ours);
  VAULT_ASSERT(one.has_value() == other.has_value());
  if (!one) return;
  const auto again = ipc::read_json_text(other->text());
  VAULT_ASSERT(again);
  says(one, *again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto in = text_of(BytesView{data, size});
  const auto base = ipc::read_json_text(take(in)), ours = ipc::read_json_text(take(in)),
             theirs = ipc::read_json_text(take(in));
  if (!ours || !theirs) return 0;
  try_all(base ? &*base : nullptr, *ours, *theirs);
  try_all(nullptr, *ours, *theirs);
  return 0;
}
