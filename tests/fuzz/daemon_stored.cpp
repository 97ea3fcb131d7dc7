// SPDX-License-Identifier: Apache-2.0
// What the daemon's own database may hold in the clear once somebody has edited it: the profile (first byte even). And
// the cursor of an export (odd), which any local program may make up. What is read of a profile is written as the same.
#include <unistd.h>

#include <cstdlib>

#include "base/assert.hpp"
#include "daemon/api/sealed_export.hpp"
#include "daemon/state/profile.hpp"
#include "store/vault_tables.hpp"

using namespace vault;
using namespace vault::daemon;

namespace {

class World {
 public:
  World() {
    const auto filled = store_.write([](store::WriteTxn& tx) {
      for (std::uint32_t v = 1; v <= 2; ++v) tx.put(store::keyrings, v, Sealed::from_untrusted(Bytes(1000, 'k')));
      for (std::uint64_t seq = 1; seq <= 3; ++seq)
        tx.put(store::chains, {DeviceId{}, seq}, Sealed::from_untrusted(Bytes(300'000, 'c')));
      tx.put(store::heads, DeviceId{}, Head{3, {}});
    });
    VAULT_ASSERT(filled.has_value());
  }
  ~World() { std::filesystem::remove_all(folder_); }

  void read_profile(BytesView in) {
    const auto put =
        store_.write([in](store::WriteTxn& tx) { tx.put(store::named, "profile", Bytes(in.begin(), in.end())); });
    VAULT_ASSERT(put.has_value());
    const auto read = store_.read([](store::ReadTxn& tx) { return get_profile(tx); });
    if (!read || !*read) return;
    const auto again = store_.write([&read](store::WriteTxn& tx) {
      put_profile(tx, **read);
      return tx.get(store::named, "profile").value();
    });
    VAULT_ASSERT(*again == Bytes(in.begin(), in.end()));
  }

  void read_cursor(BytesView in) {
    const auto page = export_page(store_, std::string{text_of(in)});
    if (!page) VAULT_ASSERT(class_of(page.error()) == Errc::usage);
    else VAULT_ASSERT(page->objects.size() <= 750);
  }

 private:
  static std::filesystem::path folder_in_memory() {
    std::string name = access("/dev/shm", W_OK) == 0 ? "/dev/shm/vault-fuzz-XXXXXX" : "/tmp/vault-fuzz-XXXXXX";
    VAULT_ASSERT(mkdtemp(name.data()) != nullptr);
    return name;
  }

  std::filesystem::path folder_ = folder_in_memory();
  store::Store store_ =
      store::Store::open(folder_ / "state", {.tables = store::vault_tables, .oldest = store::vault_schema}).value();
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  if (size == 0 || size > 60'000) return 0;
  const BytesView in{data + 1, size - 1};
  if (data[0] % 2 == 0) world.read_profile(in);
  else world.read_cursor(in);
  return 0;
}
