// SPDX-License-Identifier: Apache-2.0
// Anything at the door of every opener; and what we sealed ourselves, which must open. The first byte chooses.
#include <algorithm>
#include <cstdlib>

#include "crypto/blob.hpp"
#include "crypto/commit.hpp"
#include "crypto/frame.hpp"
#include "crypto/key_access.hpp"
#include "crypto/local.hpp"
#include "crypto/slot.hpp"
#include "crypto/suite.hpp"
#include "crypto/verify.hpp"

using namespace vault;
using namespace vault::crypto;

namespace {

template <class AnyKey>
AnyKey key() {
  return KeyAccess::copy_of<AnyKey>(Bytes(32, 7));
}
const VaultKey& vault_key() {
  static const VaultKey out{key<VaultKey>()};
  return out;
}

void expect(bool good) {
  if (!good) std::abort();
}

// Nobody who does not know the keys makes an object that opens.
void refuse_all(BytesView in) {
  const auto box = BoxAccess::make(Secret::copy_of(Bytes(32, 7)));
  const auto recovery = recovery_keys(RecoveryAccess::make(Secret{20}), VaultId{});
  expect(!open_commit(key<DeviceKey>(), in));
  expect(!open_epoch_commit(key<WrapKey>(), in));
  expect(!open_local(key<LocalKey>(), in));
  expect(!open_chunk(key<BlobKey>(), BlobPlace{.count = 1}, in, 1));
  expect(!open_password_slot(key<PasswordKey>(), in, VaultId{}));
  expect(!open_device_slot(in, box, vault_key(), VaultId{}, DeviceId{}, 0, 0));
  expect(!open_recovery_slot(recovery, in, VaultId{}));
  expect(!verify_commit_signature(SignKey{}, in));
}

void round_trip(BytesView content) {
  const LocalPlace place{.suite = default_suite, .generation = 1};
  const auto sealed = seal_local(key<LocalKey>(), place, content);
  const auto opened = open_local(key<LocalKey>(), sealed.view());
  expect(opened && opened->place == place && std::ranges::equal(opened->content.view(), content));
}

void unframe_any(BytesView in) {
  const auto content = unframe(in);
  if (content) expect(std::ranges::equal(frame(*content).view(), in));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const BytesView in{data + 1, size - 1};
  if (data[0] % 3 == 0) refuse_all(in);
  if (data[0] % 3 == 1) round_trip(in);
  if (data[0] % 3 == 2) unframe_any(in);
  return 0;
}
