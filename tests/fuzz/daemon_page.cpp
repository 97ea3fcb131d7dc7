// SPDX-License-Identifier: Apache-2.0
// Anything as a page of the index, which an edited database or a bad disk could hand to the daemon. A page that is
// taken can be looked through from end to end, each of its names be found, and its entries be merged into pages again.
#include "base/assert.hpp"
#include "daemon/index/page.hpp"
#include "store/errc.hpp"

using namespace vault;
using namespace vault::daemon;

namespace {

DeviceNumbers some_devices() {
  DeviceNumbers out;
  for (std::uint8_t n = 1; n <= 3; ++n) {
    DeviceId id;
    id.raw.fill(n);
    out.number_of(id);
  }
  return out;
}

std::vector<Entry> entries_of(const IndexPage& page, const DeviceNumbers& devices, std::vector<std::string>& names) {
  std::vector<std::pair<std::optional<VersionId>, Bytes>> rest;
  PageReader in{page.bytes(), devices};
  while (in.next()) {
    names.push_back(in.name());
    rest.emplace_back(in.key().past, Bytes(in.body().begin(), in.body().end()));
    if (in.is_heads()) (void)in.heads();
    else (void)in.past();
  }
  VAULT_ASSERT(in.whole());
  std::vector<Entry> out;
  for (std::size_t i = 0; i < rest.size(); ++i) out.push_back({names[i], rest[i].first, rest[i].second});
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto devices = some_devices();
  const auto page = IndexPage::parse({data, size}, devices);
  if (!page) {
    VAULT_ASSERT(page.error() == StoreErrc::store_damaged);
    return 0;
  }
  std::vector<std::string> names;
  const auto entries = entries_of(**page, devices, names);
  VAULT_ASSERT(!entries.empty());
  for (const auto& name : names) (void)find_heads((*page)->bytes(), name, devices);
  const auto again = merge(nullptr, entries, size + 64 * 1024, devices);
  VAULT_ASSERT(!again.empty());
  return 0;
}
