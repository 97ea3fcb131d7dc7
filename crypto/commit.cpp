// SPDX-License-Identifier: Apache-2.0
#include "crypto/commit.hpp"

#include "base/fault_point.hpp"
#include "base/limits.hpp"
#include "crypto/frame.hpp"
#include "crypto/hash.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/key_access.hpp"
#include "crypto/seal.hpp"
#include "crypto/sealer.hpp"
#include "crypto/signer_access.hpp"

namespace vault::crypto {
namespace {

Sealed seal_signed(BytesView key, const CommitSigner& signer, Bytes hdr0, BytesView content) {
  VAULT_ASSERT(hdr0.size() == layout::commit_hdr0_of(hdr0) && content.size() <= limits::commit_plain_bytes);
  const auto sign = [&signer](BytesView all_before, std::span<std::uint8_t> out) {
    std::ranges::copy(SignerAccess::sign_commit(signer, sha256(all_before).view()).raw, out.begin());
  };
  auto sealed = Sealer::seal(key, std::move(hdr0), frame(content), signature_bytes, sign);
  fault_point("crypto.commit-sealed");
  return sealed;
}

Result<Secret> open_signed(BytesView key, Kinds kinds, BytesView commit) {
  if (commit.size() > limits::commit_bytes) return Errc::limit;
  return content_of(Sealer::open(key, kinds, commit, layout::commit_hdr0_of(commit), signature_bytes));
}

Kind kind_of(const Bytes& hdr0) { return static_cast<Kind>(hdr0.at(layout::kind)); }

}  // namespace

std::uint32_t commit_segments(std::size_t content) { return segments_of(framed_size(content)); }

Sealed seal_commit(const OwnDeviceKey& key, const CommitSigner& signer, Bytes hdr0, BytesView content) {
  VAULT_ASSERT(OwnDeviceKey::purpose::seals.has(kind_of(hdr0)));
  return seal_signed(KeyAccess::view(key), signer, std::move(hdr0), content);
}

Sealed seal_epoch_commit(const WrapKey& key, const CommitSigner& signer, Bytes hdr0, BytesView seen,
                         const OwnDeviceKey& device_key) {
  VAULT_ASSERT(WrapKey::purpose::seals.has(kind_of(hdr0)));
  const auto content = concat({seen, KeyAccess::view(device_key)});
  return seal_signed(KeyAccess::view(key), signer, std::move(hdr0), content.view());
}

Result<Secret> open_commit(const DeviceKey& key, BytesView commit) {
  return open_signed(KeyAccess::view(key), DeviceKey::purpose::opens, commit);
}

Result<OpenedEpoch> open_epoch_commit(const WrapKey& key, BytesView commit) {
  const auto content = open_signed(KeyAccess::view(key), WrapKey::purpose::opens, commit);
  if (!content) return content.error();
  if (content->size() < DeviceKey::size) return Errc::tamper;
  const auto seen = content->size() - DeviceKey::size;
  return OpenedEpoch{Secret::copy_of(content->view().first(seen)),
                     KeyAccess::copy_of<DeviceKey>(content->view().subspan(seen))};
}

}  // namespace vault::crypto
