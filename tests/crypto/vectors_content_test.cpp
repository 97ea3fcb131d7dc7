// SPDX-License-Identifier: Apache-2.0
// The known answers of tests/vectors for frames, records, contents, slots and blobs.
#include "crypto/blob.hpp"
#include "crypto/frame.hpp"
#include "crypto/sealer.hpp"
#include "tests/crypto/vec.hpp"

using namespace vault;
using namespace vault::crypto;
using namespace vault::tests;

namespace vectors_content_test {
namespace {

std::string text_field(const Block& block, const std::string& key) {
  const auto bytes = block.bytes(key);
  return {bytes.begin(), bytes.end()};
}

std::string ascii(const std::string& hex_text) {
  const auto bytes = bytes_of_hex(hex_text);
  return {bytes.begin(), bytes.end()};
}

VersionId id_of(const Bytes& bytes) {
  ByteReader in{bytes};
  return VersionId::read(in);
}

Bytes content_of(const Block& block) {
  auto out = block.bytes("content");
  if (!block.has("repeat_unit")) return out;
  const auto unit = block.bytes("repeat_unit");
  for (std::uint64_t i = 0; i < block.number("repeat_count"); ++i) out.insert(out.end(), unit.begin(), unit.end());
  return out;
}

bool reads(const Block& block) {
  const auto content = content_of(block);
  const auto kind = static_cast<Kind>(block.number("kind"));
  const auto own = block.fixed<DeviceId>("device_id");
  if (kind == Kind::epoch) {
    if (content.size() < 32) return false;
    return decode_seen(BytesView{content}.first(content.size() - 32), own).has_value();
  }
  const auto checks = NameKey{block.key<NameKey>("nk")}.checks(block.fixed<VaultId>("vault_id"));
  return decode_content(kind, content, own, &checks).has_value();
}

SlotPlace place_of(const Block& block) {
  return {static_cast<std::uint8_t>(block.number("suite")), block.fixed<VaultId>("vault_id"),
          block.fixed<DeviceId>("device_id"), static_cast<std::uint32_t>(block.number("v")),
          static_cast<std::uint32_t>(block.number("g"))};
}

// Everything that opening a slot takes stands in a block of errors or in the block of its kind.
Result<VaultKey> open_slot(const Block& block, const Block& good) {
  const auto slot = block.bytes("slot");
  const auto place = place_of(good);
  const auto kind = static_cast<Kind>(block.number("kind"));
  if (kind == Kind::password_slot) return open_password_slot(block.key<PasswordKey>("pwk"), slot, place.vault);
  if (kind == Kind::recovery_slot) {
    RecoveryKeys keys{block.box("rbox"), signer_of_byte<RecoveryAuthKey>(1), Secret::copy_of(block.bytes("rpsk"))};
    return open_recovery_slot(keys, slot, place.vault);
  }
  return open_device_slot(slot, block.box("box"), VaultKey{block.key<VaultKey>("vk_before")}, place.vault,
                          good.fixed<DeviceId>("recipient"), place.version, place.generation);
}

}  // namespace

TEST_CASE("padding and frames are the known answers", "[claim.9]") {
  for_each_block("content.vec", "padded", 20,
                 [](const Block& block) { CHECK(padded(block.number("length")) == block.number("padded")); });
  for_each_block("content.vec", "frame", 10, [](const Block& block) {
    if (block.must_be_refused()) {
      CHECK_FALSE(unframe(block.bytes("frame")));
      return;
    }
    const auto content = block.bytes_or_fill("content");
    const auto framed = frame(content);
    CHECK(framed.size() == block.number("framed_length"));
    if (block.has("frame")) CHECK(hex(framed.view()) == block.text("frame"));
    CHECK(std::ranges::equal(unframe(framed.view()).value(), content));
  });
}

TEST_CASE("a record is the known answer, and is read as it was written", "[claim.9]") {
  for_each_block("content.vec", "record", 7, [](const Block& block) {
    const auto name = text_field(block, "record_name"), type = text_field(block, "content_type");
    std::vector<std::string> texts;
    texts.reserve(256);
    RecordDraft draft;
    draft.operation = static_cast<Operation>(block.number("operation"));
    draft.name = name;
    draft.content_type = type;
    for (int i = 0; block.has("attribute" + std::to_string(i)); ++i) {
      const auto words = block.words("attribute" + std::to_string(i));
      const auto& key = texts.emplace_back(ascii(words.at(0)));
      const auto& value = texts.emplace_back(words.size() > 1 ? ascii(words[1]) : "");
      draft.attributes.push_back({key, value});
    }
    for (int i = 0; block.has("replaces" + std::to_string(i)); ++i)
      draft.replaces.push_back(id_of(block.bytes("replaces" + std::to_string(i))));
    draft.clock = block.number("clock");
    draft.wall_ms = block.number("wall");
    std::optional<BlobRef> blob;
    Bytes value;
    if (block.number("form") == 1) value = block.bytes_or_fill("value");
    if (block.number("form") == 2)
      blob.emplace(BlobRef{block.fixed<BlobId>("blob_id"), block.key<BlobKey>("blob_key"), block.number("blob_length"),
                           block.fixed<Hash>("blob_root")});
    draft.value = value;
    draft.blob = blob ? &*blob : nullptr;
    REQUIRE(check_draft(draft));
    const auto checks = NameKey{block.key<NameKey>("nk")}.checks(block.fixed<VaultId>("vault_id"));
    Secret bytes;
    const RecordPlace place{block.fixed<DeviceId>("device_id"), block.number("seq"),
                            static_cast<std::uint32_t>(block.number("index"))};
    const auto id = append_record(bytes, draft, place, checks);
    CHECK(block.matches("bytes", bytes.view()));
    CHECK(hex(BytesView{id.bytes()}) == block.text("version_id"));
    ByteReader in{bytes.view()};
    const auto record = read_record(in);
    REQUIRE(in.done());
    CHECK(check_is_right(checks, record));
    CHECK(record.name == name);
    CHECK(std::ranges::equal(record.value, value));
    CHECK(record.is_blob() == blob.has_value());
    if (blob) CHECK(record.blob_ref().root == blob->root);
  });
}

TEST_CASE("a content is read or refused as the known answers say", "[claim.9]") {
  for_each_block("content.vec", "content", 40,
                 [](const Block& block) { CHECK(reads(block) != block.must_be_refused()); });
}

TEST_CASE("slots are the known answers, open, and refuse what they must", "[claim.9]") {
  std::map<std::uint64_t, Block> good;
  for (const auto& block : read_vectors("slots.vec"))
    if (!block.must_be_refused()) good.emplace(block.number("kind"), block);
  for_each_block("slots.vec", "", 15, [&](const Block& block) {
    const auto opened = open_slot(block, good.at(block.number("kind")));
    REQUIRE(opened.has_value() != block.must_be_refused());
    if (opened) CHECK(hex(KeyAccess::view(*opened)) == block.text("vk"));
  });
  const auto& password = good.at(17);
  const RandomSource random{password.bytes("r")};
  const auto slot =
      seal_password_slot(password.key<PasswordKey>("pwk"), VaultKey{password.key<VaultKey>("vk")}, place_of(password));
  CHECK(hex(slot.view()) == password.text("slot"));
}

TEST_CASE("chunks of a blob and the root over them are the known answers", "[claim.9]") {
  for_each_block("misc.vec", "merkle", 5, [](const Block& block) {
    BlobPlace place{static_cast<std::uint8_t>(block.number("suite")),
                    block.fixed<VaultId>("vault_id"),
                    block.fixed<DeviceId>("device_id"),
                    block.fixed<BlobId>("blob_id"),
                    0,
                    block.number("count")};
    TreeHash tree;
    for (; place.index < place.count; ++place.index) {
      // Their plaintexts are short, which only the last chunk of a real blob is: sealed with the untyped seal.
      const auto i = std::to_string(place.index);
      const RandomSource random{block.bytes("r" + i)};
      ByteWriter hdr0;
      layout::put_common(hdr0, place.suite, Kind::blob_chunk, place.vault, place.device, place.index);
      hdr0.fixed(place.blob).u64(place.index).u64(place.count);
      const Bytes data(256, static_cast<std::uint8_t>(place.index));
      const auto chunk = Sealer::seal(block.bytes("key"), hdr0.take(), Secret::copy_of(data));
      CHECK(hex(sha256(chunk.view())) == block.text("chunk" + i + "_sha256"));
      CHECK(open_chunk(block.key<BlobKey>("key"), place, chunk.view(), 256));
      tree.add(TreeHash::leaf(chunk.view()));
    }
    CHECK(hex(tree.root()) == block.text("root"));
  });
}

}  // namespace vectors_content_test
