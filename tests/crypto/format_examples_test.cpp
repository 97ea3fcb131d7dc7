// SPDX-License-Identifier: Apache-2.0
// Section 12 of crypto/FORMAT.md is what this program computes. After a change of the format:
//   VAULT_WRITE_EXAMPLES=1 build/<folder>/test_crypto '[examples]'
#include <fstream>
#include <sstream>

#include "crypto/frame.hpp"
#include "crypto/tags.hpp"
#include "tests/crypto/fixtures.hpp"

using namespace vault;
using namespace vault::crypto;
using namespace vault::tests;

namespace format_examples_test {
namespace {

const std::string format_file = std::string{VAULT_TREE} + "/crypto/FORMAT.md";
constexpr std::string_view begin_mark = "<!-- examples begin -->\n";
constexpr std::string_view end_mark = "<!-- examples end -->\n";

// An object cut into its fields, a line each: offset, bytes, name.
class Dump {
 public:
  Dump(std::ostringstream& out, BytesView bytes) : out_(out), bytes_(bytes) { out_ << "```\n"; }
  ~Dump() {
    CHECK(at_ == bytes_.size());
    out_ << "```\n";
  }
  Dump& field(std::size_t size, std::string_view name) {
    for (std::size_t done = 0; done < size || (size == 0 && done == 0); done += 32) {
      const auto n = std::min<std::size_t>(32, size - done);
      char offset[8];
      std::snprintf(offset, sizeof offset, "%5zu", at_ + done);
      auto line = std::string{offset} + "  " + hex(bytes_.subspan(at_ + done, n));
      if (done == 0) line.resize(std::max<std::size_t>(line.size(), 72), ' ');
      out_ << line << (done == 0 ? " " + std::string{name} : "") << "\n";
      if (size == 0) break;
    }
    at_ += size;
    return *this;
  }
  Dump& common() {
    return field(4, "magic")
        .field(1, "format")
        .field(1, "suite")
        .field(1, "kind")
        .field(1, "0")
        .field(16, "vault_id")
        .field(16, "device_id")
        .field(8, "ctr")
        .field(4, "n")
        .field(4, "total");
  }
  Dump& seal(std::size_t plaintext) {
    return field(32, "salt").field(32, "ck").field(plaintext, "ciphertext").field(16, "tag");
  }

 private:
  std::ostringstream& out_;
  BytesView bytes_;
  std::size_t at_ = 0;
};

// Bytes from, from + 1, from + 2, …
Bytes counting(std::uint8_t from, std::size_t size = 32) {
  Bytes out(size);
  for (auto& b : out) b = from++;
  return out;
}

const auto vault_id = VaultId::from(counting(0x10, 16));
const auto device_id = DeviceId::from(counting(0x20, 16));

VaultKey vk() { return key_of<VaultKey>(counting(0x01)); }
OwnDeviceKey dk() { return key_of<OwnDeviceKey>(counting(0x40)); }
CommitSigner sig() { return SignerAccess::from_seed<CommitSigner>(Secret::copy_of(counting(0x60))); }
BoxPrivate box() { return BoxAccess::make(Secret::copy_of(counting(0x80))); }
RequestSigner net() { return SignerAccess::from_seed<RequestSigner>(Secret::copy_of(counting(0xa0))); }
AuthKey auth() { return SignerAccess::from_seed<AuthKey>(Secret::copy_of(counting(0xc0))); }
NameKey nk() { return key_of<NameKey>(counting(0x31)); }
PasswordKey pwk() { return key_of<PasswordKey>(counting(0x51)); }

ByteWriter hdr0(Kind kind, std::uint64_t counter) {
  ByteWriter out;
  layout::put_common(out, default_suite, kind, vault_id, device_id, counter);
  return out;
}

Bytes commit_header(Kind kind, std::uint64_t counter, std::uint64_t seq, const Hash& keyring, const Hash& prev) {
  auto out = hdr0(kind, counter);
  out.u32(1).u64(seq).u32(1).fixed(keyring).fixed(prev);
  return out.take();
}

void dump_commit(std::ostringstream& out, const Sealed& commit, std::size_t plaintext) {
  Dump{out, commit.view()}
      .common()
      .field(4, "epoch")
      .field(8, "seq")
      .field(4, "keyring version")
      .field(32, "hash of that keyring version")
      .field(32, "prev")
      .seal(plaintext)
      .field(64, "signature");
  out << "\nIts hash: `" << hex(commit_hash(commit.view())) << "`\n";
}

void password_slot_example(std::ostringstream& out, const Sealed& slot) {
  out << "\n### A password slot\n\nK = PWK `" << hex(counting(0x51)) << "`; plaintext VK_1 `" << hex(counting(0x01))
      << "`.\n\n";
  Dump{out, slot.view()}.common().field(4, "v").field(4, "g").seal(32);
}

KeyringBody body() {
  KeyringBody out{.names = nk(), .recovery_box = {}, .recovery_psk = Secret{32}};
  KeyringDevice device;
  device.id = device_id;
  device.name = "laptop";
  device.sig = sig().public_key();
  device.box = box().public_key();
  device.net = net().public_key();
  device.joined = 1'700'000'000'000;
  device.joined_version = 1;
  out.devices.push_back(device);
  return out;
}

Sealed keyring_example(std::ostringstream& out, const Sealed& slot) {
  auto header = hdr0(Kind::keyring, 0);
  header.u32(1)
      .u32(1)
      .fixed(Hash{})
      .u8(0)
      .fixed(Seed::from(counting(0x71)))
      .fixed(auth().public_key())
      .fixed(SignKey{});
  header.var8(bytes_of("alice")).var16(slot.view()).var16({}).u16(0);
  header.u16(1).fixed(device_id).fixed(net().public_key()).fixed(sig().public_key()).u8(1);
  const auto own = auth();
  const auto keyring = seal_keyring(vk(), vk(), header.take(), body(), {own}).value();
  out << "\n### A keyring, version 1\n\nK = HKDF(VK_1, \"vaultd/v1/keyring-body\" ‖ 0x00 ‖ vault_id ‖ 00000001); NK `"
      << hex(counting(0x31)) << "`; one device, named laptop, with SIG seed `" << hex(counting(0x60))
      << "`, BOX private `" << hex(counting(0x80)) << "`, NET seed `" << hex(counting(0xa0)) << "`; AUTH seed `"
      << hex(counting(0xc0)) << "`.\n\n";
  Dump dump{out, keyring.view()};
  dump.common()
      .field(4, "v")
      .field(4, "g")
      .field(32, "prev")
      .field(1, "siblings")
      .field(32, "seed")
      .field(32, "AUTH_pk")
      .field(32, "RAUTH_pk");
  dump.field(1, "length of account")
      .field(5, "account")
      .field(2, "length of password slot")
      .field(slot.size(), "password slot");
  dump.field(2, "length of recovery slot")
      .field(2, "device slots")
      .field(2, "devices")
      .field(16, "device_id")
      .field(32, "NET_pk")
      .field(32, "SIG_pk")
      .field(1, "may write");
  dump.seal(framed_size(32 * 3 + 4 + 2 + 16 + 7 + 96 + 1 + 12 + 40 + 2 + 1 + 32));
  dump.field(32, "link").field(1, "signatures").field(1, "role").field(64, "signature by AUTH");
  return keyring;
}

Sealed epoch_example(std::ostringstream& out, const Hash& keyring) {
  const auto wrap = vk().wrap(vault_id, device_id, 1);
  const auto commit =
      seal_epoch_commit(wrap, sig(), commit_header(Kind::epoch, 1, 1, keyring, keyring), encode_seen({}), dk());
  out << "\n### An epoch commit, the first of a chain\n\nK = HKDF(VK_1, \"vaultd/v1/dk-wrap\" ‖ 0x00 ‖ vault_id ‖ "
         "device_id ‖ 00000001) `"
      << hex(KeyAccess::view(wrap)) << "`; content: an empty seen vector and DK `" << hex(counting(0x40)) << "`.\n\n";
  dump_commit(out, commit, 256);
  return commit;
}

void data_example(std::ostringstream& out, const Hash& keyring, const Hash& prev) {
  RecordDraft draft;
  draft.name = "notes/today";
  draft.content_type = "text/plain";
  draft.value = bytes_of("hello");
  draft.wall_ms = 1'700'000'000'000;
  draft.clock = draft.wall_ms << 16;
  const auto data = encode_data({}, std::vector{draft}, device_id, 2, nk().checks(vault_id)).value();
  const auto commit = seal_commit(dk(), sig(), commit_header(Kind::data, 2, 2, keyring, prev), data.content.view());
  out << "\n### A data commit\n\nK = DK; content:\n\n";
  Dump{out, data.content.view()}
      .field(2, "seen")
      .field(4, "records")
      .field(16, "device_id")
      .field(8, "seq")
      .field(4, "index")
      .field(8, "check")
      .field(1, "operation: put")
      .field(2, "length of name")
      .field(11, "name")
      .field(1, "length of content type")
      .field(10, "content type")
      .field(2, "attributes")
      .field(2, "replaces")
      .field(8, "clock")
      .field(8, "wall time")
      .field(1, "form: value")
      .field(4, "length of value")
      .field(5, "value");
  out << "\n";
  dump_commit(out, commit, 256);
}

std::string examples() {
  const RandomSource random{counting(0xe0)};
  std::ostringstream out;
  out << "\nThe 32 random bytes r of each seal are `" << hex(counting(0xe0))
      << "`. Numbers before the bytes are offsets.\n";
  const auto slot = seal_password_slot(pwk(), vk(), {default_suite, vault_id, device_id, 1, 1});
  password_slot_example(out, slot);
  const auto keyring = keyring_hash(keyring_example(out, slot).view());
  out << "\nIts hash: `" << hex(keyring) << "`\n";
  const auto epoch = epoch_example(out, keyring);
  data_example(out, keyring, commit_hash(epoch.view()));
  out << "\nThe state code of the epoch commit, were it a checkpoint: `"
      << state_code(vault_id, commit_hash(epoch.view())) << "`\n\n";
  return out.str();
}

std::string read_file(const std::string& name) {
  std::ostringstream out;
  out << std::ifstream{name}.rdbuf();
  return out.str();
}

}  // namespace

TEST_CASE("the examples of FORMAT.md are what we compute", "[examples]") {
  const auto text = read_file(format_file);
  const auto begin = text.find(begin_mark), end = text.find(end_mark);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  const auto from = begin + begin_mark.size();
  const auto computed = examples();
  if (std::getenv("VAULT_WRITE_EXAMPLES") != nullptr) {
    std::ofstream{format_file} << text.substr(0, from) << computed << text.substr(end);
    return;
  }
  INFO("write them anew: VAULT_WRITE_EXAMPLES=1 test_crypto '[examples]'");
  CHECK(text.substr(from, end - from) == computed);
}

}  // namespace format_examples_test
