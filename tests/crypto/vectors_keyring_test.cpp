// SPDX-License-Identifier: Apache-2.0
// The known answers of tests/vectors for whole keyring versions: made again byte for byte from what they are made of,
// and opened. What may follow what is the daemon's to judge; the versions that no reader may open at all are judged
// here.
#include <set>

#include "crypto/sealer.hpp"
#include "tests/crypto/vec.hpp"

using namespace vault;
using namespace vault::crypto;
using namespace vault::tests;

namespace vectors_keyring_test {
namespace {

constexpr std::size_t version_at = 56;
constexpr std::size_t generation_at = 60;

std::string numbered(const char* key, std::uint64_t i) { return key + std::to_string(i); }

KeyringDevice device_of(const std::vector<std::string>& words) {
  KeyringDevice out;
  const auto name = bytes_of_hex(words.at(1));
  out.id = of_hex<DeviceId>(words.at(0));
  out.name.assign(name.begin(), name.end());
  out.sig = of_hex<SignKey>(words.at(2));
  out.box = of_hex<BoxKey>(words.at(3));
  out.net = of_hex<SignKey>(words.at(4));
  out.active = words.at(5) == "1";
  out.joined = std::stoull(words.at(6));
  out.joined_version = static_cast<std::uint32_t>(std::stoul(words.at(7)));
  out.revoked_seq = std::stoull(words.at(8));
  out.revoked_hash = of_hex<Hash>(words.at(9));
  return out;
}

KeyringBody body_of(const Block& block) {
  KeyringBody out{.names = block.key<NameKey>("nk"),
                  .recovery_box = block.fixed<BoxKey>("rbox_pk"),
                  .recovery_psk = Secret::copy_of(block.bytes("rpsk"))};
  for (std::uint64_t g = 1; g < block.number("g"); ++g) out.older.push_back(block.key<VaultKey>(numbered("vk", g)));
  for (std::uint64_t i = 0; block.has(numbered("device", i)); ++i)
    out.devices.push_back(device_of(block.words(numbered("device", i))));
  for (std::uint64_t i = 0; block.has(numbered("head", i)); ++i) {
    const auto words = block.words(numbered("head", i));
    out.heads[of_hex<DeviceId>(words.at(0))] = {std::stoull(words.at(1)), of_hex<Hash>(words.at(2))};
  }
  return out;
}

VaultKey vault_key(const Block& block) { return block.key<VaultKey>(numbered("vk", block.number("g"))); }

template <class AnySigner>
AnySigner signer_of(const std::string& seed) {
  return SignerAccess::from_seed<AnySigner>(Secret::copy_of(bytes_of_hex(seed)));
}

Result<Sealed> seal_again(const Block& block, const VaultKey& previous) {
  auto hdr0 = block.bytes("hdr0");
  std::fill_n(hdr0.begin() + layout::segments, 8, std::uint8_t{0});
  const RandomSource random{block.bytes("r")};
  const auto words = block.words("signers");
  const auto own = signer_of<AuthKey>(words.at(1));
  std::optional<AuthKey> before;
  std::optional<RecoveryAuthKey> recovery;
  if (words.size() > 2 && words[2] == "2") before = signer_of<AuthKey>(words.at(3));
  if (words.size() > 2 && words[2] == "3") recovery = signer_of<RecoveryAuthKey>(words.at(3));
  return seal_keyring(vault_key(block), previous, std::move(hdr0), body_of(block),
                      {own, before ? &*before : nullptr, recovery ? &*recovery : nullptr});
}

// Of a version that is not authentic or not well formed, whatever came before it. `hdr0` of the file's good versions is
// all that is told about its size, so each of them is tried.
bool opens(const Block& block, const std::vector<std::size_t>& sizes) {
  const auto object = block.bytes("object");
  if (object.size() < generation_at + 4) return false;
  const auto g = layout::number_at(object, generation_at, 4);
  if (g == 0 || !block.has(numbered("vk", g))) return false;
  const auto version = static_cast<std::uint32_t>(layout::number_at(object, version_at, 4));
  const auto vault_id = VaultId::from(BytesView{object}.subspan(layout::vault_id, 16));
  const VaultKey key{block.key<VaultKey>(numbered("vk", g))};
  return std::ranges::any_of(
      sizes, [&](auto size) { return open_keyring_body(key, object, size, vault_id, version).has_value(); });
}

}  // namespace

TEST_CASE("a keyring version is the known answer, byte for byte, and opens to what it was made of", "[claim.9]") {
  std::map<std::string, Block> blocks;
  for (const auto& block : read_vectors("keyring.vec")) blocks.emplace(block.text("name"), block);
  for_each_block("keyring.vec", "version", 60, [&](const Block& block) {
    if (block.must_be_refused()) return;
    const auto& before = block.text("follows") == "none" ? block : blocks.at(block.text("follows"));
    const auto sealed = seal_again(block, vault_key(before));
    REQUIRE(sealed);
    CHECK(hex(sealed->view()) == block.text("object"));
    CHECK(hex(keyring_hash(sealed->view())) == block.text("object_hash"));
    const auto hdr0_size = block.bytes("hdr0").size();
    const auto vault_id = block.fixed<VaultId>("vault_id");
    CHECK(verify_link(vault_key(before), vault_id, sealed->view(), hdr0_size));
    const auto body = open_keyring_body(vault_key(block), sealed->view(), hdr0_size, vault_id,
                                        static_cast<std::uint32_t>(block.number("v")));
    REQUIRE(body);
    CHECK(body->devices == body_of(block).devices);
    CHECK(body->heads == body_of(block).heads);
    const auto trailer = keyring_trailer(sealed->view(), hdr0_size);
    REQUIRE(trailer);
    CHECK(verify_keyring_signature(block.fixed<SignKey>("auth_pk"), sealed->view().first(trailer->signed_size),
                                   trailer->signatures[0].signature));
  });
}

TEST_CASE("a keyring version that is malformed or altered does not open", "[claim.9]") {
  const std::set<std::string> never_open{
      "bad-min-format-3",  "bad-head-unknown",  "bad-head-0",        "bad-active-with-cut", "bad-status-3",
      "bad-recovery-part", "bad-role-4",        "bad-roles-swapped", "bad-role-2-alone",    "bad-flip-v",
      "bad-flip-seed",     "bad-flip-count",    "bad-flip-role",     "bad-flip-body",       "bad-cut",
      "bad-longer",        "bad-old-vk-missing"};
  std::vector<std::size_t> sizes;
  for (const auto& block : read_vectors("keyring.vec"))
    if (block.has("hdr0")) sizes.push_back(block.bytes("hdr0").size());
  std::size_t count = 0, opened = 0;
  for_each_block("keyring.vec", "version", 60, [&](const Block& block) {
    const bool must_not = never_open.count(block.text("name")) != 0;
    if (must_not) CHECK_FALSE(opens(block, sizes));
    else opened += opens(block, sizes);
    count += must_not;
  });
  CHECK(count == never_open.size());
  CHECK(opened >= 25);  // so that the reason for the others is what their names say
}

}  // namespace vectors_keyring_test
