// SPDX-License-Identifier: Apache-2.0
// The floors of this machine: what the disk, the cipher, the key derivation and a Unix socket cost with nothing of
// vaultd around them.
//
//   vault_bench_floors FOLDER        one line of JSON; each figure is the median of many, FOLDER takes the files
//   vault_bench_floors --echo PATH   gives every line back to whoever sends it, until stdin ends
#include <fcntl.h>
#include <fmt/format.h>
#include <lmdb.h>
#include <openssl/evp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/assert.hpp"
#include "crypto/argon2.hpp"
#include "crypto/hkdf.hpp"

namespace {

using namespace vault;
constexpr std::size_t value_bytes = 300;  // of a put, as bench.py makes them

double microseconds(const std::function<void()>& once) {
  const auto began = std::chrono::steady_clock::now();
  once();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began).count();
}

double median(int times, const std::function<void()>& once) {
  std::vector<double> each;
  for (int i = 0; i < times; ++i) each.push_back(microseconds(once));
  std::nth_element(each.begin(), each.begin() + times / 2, each.end());
  return each[static_cast<std::size_t>(times) / 2];
}

// An LMDB database with its default, durable flags.
class Database {
 public:
  explicit Database(const std::filesystem::path& file) {
    VAULT_ASSERT(mdb_env_create(&env_) == 0 && mdb_env_set_mapsize(env_, 1u << 30) == 0);
    VAULT_ASSERT(mdb_env_open(env_, file.c_str(), MDB_NOSUBDIR, 0600) == 0);
  }
  ~Database() { mdb_env_close(env_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // One durable transaction with so many records, at ascending keys as those of a chain.
  void commit(int records) {
    MDB_txn* txn = nullptr;
    MDB_dbi table = 0;
    VAULT_ASSERT(mdb_txn_begin(env_, nullptr, 0, &txn) == 0 && mdb_dbi_open(txn, nullptr, 0, &table) == 0);
    for (int i = 0; i < records; ++i) {
      auto key = crypto::be64(next_++);
      MDB_val k{key.size(), key.data()};
      MDB_val v{value_.size(), value_.data()};
      VAULT_ASSERT(mdb_put(txn, table, &k, &v, 0) == 0);
    }
    VAULT_ASSERT(mdb_txn_commit(txn) == 0);
  }

 private:
  MDB_env* env_ = nullptr;
  std::uint64_t next_ = 0;
  std::array<std::uint8_t, value_bytes> value_{};
};

double append_and_sync(const std::filesystem::path& file) {
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::array<std::uint8_t, value_bytes> value{};
  const auto took = median(300, [fd, &value] {
    VAULT_ASSERT(write(fd, value.data(), value.size()) == static_cast<ssize_t>(value.size()) && fdatasync(fd) == 0);
  });
  close(fd);
  return took;
}

// What FORMAT.md §4 asks of the primitives for one small commit: HMAC, HKDF, AES-256-GCM with a new key.
void seal_once(EVP_CIPHER_CTX* cipher, Bytes& text) {
  std::array<std::uint8_t, 64> keys{};
  const Bytes header(136);
  const auto salt = crypto::hmac_sha256(header, header, text);
  crypto::hkdf_into(header, salt.view(), header, keys);
  int size = 0;
  VAULT_ASSERT(EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nullptr, keys.data(), keys.data() + 32) == 1);
  VAULT_ASSERT(EVP_EncryptUpdate(cipher, nullptr, &size, header.data(), static_cast<int>(header.size())) == 1);
  VAULT_ASSERT(EVP_EncryptUpdate(cipher, text.data(), &size, text.data(), static_cast<int>(text.size())) == 1);
  VAULT_ASSERT(EVP_EncryptFinal_ex(cipher, text.data(), &size) == 1);
}

double seal() {
  auto* cipher = EVP_CIPHER_CTX_new();
  Bytes text(512);
  const auto took = median(5000, [cipher, &text] { seal_once(cipher, text); });
  EVP_CIPHER_CTX_free(cipher);
  return took;
}

double argon2() {
  const Bytes password(16), salt(32);
  Bytes out(64);
  return median(3, [&] { crypto::argon2id(password, salt, {.memory_kib = 262144, .passes = 3, .lanes = 4}, out); });
}

int print_floors(const std::filesystem::path& folder) {
  Database one{folder / "one"}, sixteen{folder / "sixteen"}, many{folder / "many"};
  fmt::print(
      "{{\"lmdb_commit_us\": {:.1f}, \"lmdb_commit_of_16_us\": {:.1f}, \"lmdb_load_10000_us\": {:.0f}, "
      "\"append_fdatasync_us\": {:.1f}, \"seal_us\": {:.2f}, \"argon2_us\": {:.0f}}}\n",
      median(300, [&one] { one.commit(1); }), median(100, [&sixteen] { sixteen.commit(16); }),
      median(3, [&many] { many.commit(10'000); }), append_and_sync(folder / "log"), seal(), argon2());
  return 0;
}

void echo(int client) {
  std::array<char, 1 << 16> buffer{};
  for (;;) {
    const auto got = read(client, buffer.data(), buffer.size());
    if (got <= 0 || write(client, buffer.data(), static_cast<std::size_t>(got)) != got) break;
  }
  close(client);
}

int serve_echo(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX};
  VAULT_ASSERT(path.size() < sizeof address.sun_path);
  std::copy(path.begin(), path.end(), address.sun_path);
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  VAULT_ASSERT(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && listen(listener, 8) == 0);
  std::thread{[listener] {
    for (;;) echo(accept(listener, nullptr, nullptr));
  }}.detach();
  char end = 0;
  while (read(STDIN_FILENO, &end, 1) > 0) {
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string first = argc > 1 ? argv[1] : "";
  if (argc == 3 && first == "--echo") return serve_echo(argv[2]);
  if (argc == 2) return print_floors(first);
  fmt::print(stderr, "usage: {0} FOLDER\n       {0} --echo PATH\n", argv[0]);
  return 2;
}
