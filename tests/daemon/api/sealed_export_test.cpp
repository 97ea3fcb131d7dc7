// SPDX-License-Identifier: Apache-2.0
#include "daemon/api/sealed_export.hpp"

#include "base/limits.hpp"
#include "daemon/state/profile.hpp"
#include "tests/daemon/open_vault.hpp"

using namespace vault;
using namespace vault::tests;
using daemon::export_page;

namespace sealed_export_test {
namespace {

// All pages put together: each byte once, in order.
std::map<std::string, Bytes> exported(const store::Store& store, std::size_t& pages) {
  std::map<std::string, Bytes> out;
  std::string cursor;
  do {
    const auto page = export_page(store, cursor);
    REQUIRE(page);
    std::size_t answer_bytes = 0;
    for (const auto& object : page->objects) {
      auto& bytes = out[object.path];
      CHECK(bytes.size() == object.offset.value_or(0));
      const auto piece = unbase64(object.base64).value();
      CHECK_FALSE(piece.empty());
      bytes.insert(bytes.end(), piece.begin(), piece.end());
      answer_bytes += object.base64.size() + object.path.size();
    }
    CHECK(answer_bytes < limits::frame_bytes);
    cursor = page->cursor.value_or("");
    REQUIRE(++pages < 1000);
  } while (!cursor.empty());
  out.erase("manifest.bin");
  return out;
}

std::map<std::string, Bytes> stored(const store::Store& store) {
  std::map<std::string, Bytes> out;
  const auto read = store.read([&out](const store::ReadTxn& tx) {
    const auto bytes = [](const Sealed& s) { return Bytes{s.view().begin(), s.view().end()}; };
    tx.scan(store::keyrings, store::Range<std::uint32_t>::all(), [&](std::uint32_t v, const Sealed& object) {
      out["keyring/" + std::to_string(v) + ".bin"] = bytes(object);
    });
    tx.scan(store::chains, store::Range<store::Place>::all(), [&](const store::Place& at, const Sealed& object) {
      out["chains/" + hex(at.device) + "/" + std::to_string(at.seq) + ".bin"] = bytes(object);
    });
    tx.scan(
        store::proofs, store::Range<store::ProofPlace>::all(), [&](const store::ProofPlace& at, const Sealed& object) {
          out["proofs/" + hex(at.device) + "/" + std::to_string(at.seq) + "-" + hex(at.hash) + ".bin"] = bytes(object);
        });
  });
  REQUIRE(read);
  return out;
}

// A commit of nearly the greatest size: sixteen values.
void write_large(OpenVault& open, const std::string& name) {
  std::vector<daemon::ItemWrite> writes;
  for (int i = 0; i < 15; ++i) writes.push_back(put_of(name + std::to_string(i), std::string(65'000, 'v')));
  const auto all = [](OpenVault& o, std::vector<daemon::ItemWrite> w) -> asio::awaitable<void> {
    std::optional<daemon::Refusal> refusal;
    const auto written = co_await daemon::write_items(o.vault, *o.writer, std::move(w), refusal);
    CHECK(written);
  };
  daemon::spawn(open.io.get_executor(), "large", all(open, std::move(writes)));
  open.run();
}

void put_profile(OpenVault& open, const DeviceId& device) {
  auto write = [&]() -> asio::awaitable<void> {
    auto body = [&device](store::WriteTxn& tx) {
      daemon::put_profile(tx, {.account = "alice", .vault = a_vault, .device = device, .net = Secret{32}});
    };
    const auto done = co_await open.writer->write(std::move(body));
    CHECK(done);
  };
  daemon::spawn(open.io.get_executor(), "profile", write());
  open.run();
}

}  // namespace

TEST_CASE("the pages of an export hold every byte once, of small commits and of those larger than a page") {
  const Household home{3};
  const TempFolder folder;
  OpenVault open{home, folder};
  write_large(open, "large/");
  std::vector<daemon::ItemWrite> writes;
  for (int i = 0; i < 1800; ++i) writes.push_back(put_of("small/" + std::to_string(i), "v"));
  for (const auto& one : open.write_at_once(std::move(writes))) REQUIRE(one);
  write_large(open, "more/");
  std::size_t pages = 0;
  CHECK(exported(*open.store, pages) == stored(*open.store));
  CHECK(pages > 5);
}

TEST_CASE(
    "proofs of a clone are exported behind the chains, in pages too, and the version of a roll that was not sent") {
  auto home = Household{2};
  const TempFolder folder;
  OpenVault open{home, folder};
  write_large(open, "large/");
  const auto put = [&](store::WriteTxn& tx) {
    const auto large = tx.get(store::chains, {home.id(0), 2});
    REQUIRE(large);
    for (std::uint8_t i = 1; i < 4; ++i) tx.put(store::proofs, {home.id(0), i, of_byte<Hash>(i)}, *large);
    tx.put(store::proofs, {home.id(1), 1, of_byte<Hash>(9)}, home.versions().front());
    daemon::put_unsent_identity(tx, {home.id(0), Secret{32}, {}, home.versions().back()});
  };
  auto write = [&]() -> asio::awaitable<void> {
    auto body = put;
    const auto done = co_await open.writer->write(std::move(body));
    CHECK(done);
  };
  daemon::spawn(open.io.get_executor(), "proofs", write());
  open.run();
  auto wanted = stored(*open.store);
  wanted["keyring/3.bin"] = Bytes(home.versions().back().view().begin(), home.versions().back().view().end());
  std::size_t pages = 0;
  CHECK(exported(*open.store, pages) == wanted);
  CHECK(pages > 10);
}

TEST_CASE("the first page of an export begins with its manifest, and no other page has one") {
  const Household home{2};
  const TempFolder folder;
  OpenVault open{home, folder};
  write_large(open, "large/");
  put_profile(open, home.id(0));
  const auto first = export_page(*open.store, "");
  REQUIRE(first);
  REQUIRE(first->cursor);
  CHECK(first->objects.front().path == "manifest.bin");
  REQUIRE(first->manifest);
  CHECK(first->manifest->heads.size() == 1);
  CHECK(first->manifest->commits == first->manifest->heads.front().seq);
  CHECK_FALSE(first->manifest->state_code);
  const auto second = export_page(*open.store, *first->cursor);
  REQUIRE(second);
  CHECK_FALSE(second->manifest);
}

TEST_CASE("what was pulled and not verified is not exported") {
  auto home = Household{2};
  home.epoch(1);
  const TempFolder folder;
  OpenVault open{home, folder};  // which has no head for the other chain
  std::size_t pages = 0;
  const auto all = exported(*open.store, pages);
  CHECK(all.count("chains/" + hex(home.id(0)) + "/1.bin") == 1);
  CHECK(all.count("chains/" + hex(home.id(1)) + "/1.bin") == 0);
  CHECK(all.count("keyring/2.bin") == 1);
}

TEST_CASE("a cursor that no page gave is refused") {
  const Household home;
  const TempFolder folder;
  const OpenVault open{home, folder};
  const auto device = hex(home.id(0));
  for (const auto& cursor : {std::string{"@"},
                             std::string{"keyring/1"},
                             std::string{"keyring/0@0"},
                             std::string{"keyring/@0"},
                             std::string{"keyring/1@"},
                             std::string{"keyring/1@-1"},
                             std::string{"keyring/1@ 0"},
                             std::string{"keyring/+1@0"},
                             std::string{"keyring/1@0x"},
                             std::string{"keyring/4294967296@0"},
                             std::string{"blobs/1@0"},
                             "chains/" + device + "@0",
                             "chains/" + device + "/@0",
                             "chains/" + device + "/1@",
                             "chains/" + device + "x/1@0",
                             "chains/" + device.substr(1) + "/1@0",
                             "chains/" + std::string(32, 'G') + "/1@0",
                             "chains/" + device + "/18446744073709551616@0",
                             "proofs/" + device + "/1@0",
                             "proofs/" + device + "/1-00@0",
                             "proofs/" + device + "/x-" + std::string(64, '0') + "@0"}) {
    INFO(cursor);
    CHECK(export_page(*open.store, cursor).error() == Errc::usage);
  }
}

TEST_CASE("a cursor beyond the end of an object, or of the vault, gives nothing and no error") {
  const Household home;
  const TempFolder folder;
  const OpenVault open{home, folder};
  const auto beyond = export_page(*open.store, "chains/" + hex(home.id(0)) + "/9@0");
  REQUIRE(beyond);
  CHECK(beyond->objects.empty());
  CHECK_FALSE(beyond->cursor);
  const auto past = export_page(*open.store, "chains/" + hex(home.id(0)) + "/1@18446744073709551615");
  REQUIRE(past);
  CHECK(past->objects.empty());
}

}  // namespace sealed_export_test
