// SPDX-License-Identifier: Apache-2.0
// Requests as the protocol's endpoints see them, in an account of two devices. The first byte chooses endpoint and
// signer, so that what is behind a signature is reached too; the rest is the target's end, a zero, and the body. An
// answer is 200, or an error of a client's making: never the server's own fault.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/assert.hpp"
#include "base/hex.hpp"
#include "server/lmdb_storage.hpp"
#include "tests/server/api_client.hpp"

using namespace vault;
using namespace vault::server;
using namespace vault::tests;

namespace {

std::filesystem::path folder_in_memory() {
  const auto* base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  std::string name = std::string{base} + "/vault-fuzz-XXXXXX";
  VAULT_ASSERT(mkdtemp(name.data()) != nullptr);
  return name;
}

class World {
 public:
  World() {
    api_.accept_origins({wire::Origin::parse("http://127.0.0.1:8080").value()});
    auto header = first_header("ann", 1);
    add_device(header, 2);
    const wire::CreateAccount body{"ann", {}, Sealed::from_untrusted(make_keyring(header, 1))};
    VAULT_ASSERT(api_.handle(plain("POST", "/v1/account", wire::encode(body))).status == 200);
    device_ = open(device_id(1));
    password_ = open({});
  }
  ~World() { std::filesystem::remove_all(folder_); }

  wire::HttpResponse ask(std::uint8_t choice, std::string target, Bytes body) {
    constexpr std::array<std::pair<const char*, const char*>, 11> endpoints{{{"POST", "/v1/prelogin"},
                                                                             {"POST", "/v1/session"},
                                                                             {"POST", "/v1/account"},
                                                                             {"GET", "/v1/keyring"},
                                                                             {"PUT", "/v1/keyring"},
                                                                             {"GET", "/v1/heads"},
                                                                             {"GET", "/v1/chain/"},
                                                                             {"POST", "/v1/chain/"},
                                                                             {"GET", ""},
                                                                             {"GET", "/v1/blob/"},
                                                                             {"PUT", "/v1/blob/"}}};
    const auto& [method, path] = endpoints[choice / 4 % endpoints.size()];
    target = path + target;
    if (choice % 4 == 0) return api_.handle(plain(method, target, std::move(body)));
    auto& by = choice % 4 == 1 ? password_ : device_;
    return api_.handle(by.sign(method, target, std::move(body)));
  }

 private:
  Signing open(const wire::KeyId& key) {
    Signing out{.account = "ann", .vault = first_header("ann", 1).vault, .key = key};
    const wire::SessionRequest asked{out.account, out.vault, key};
    out.session =
        wire::decode<wire::Session>(api_.handle(plain("POST", "/v1/session", wire::encode(asked))).body).value();
    VAULT_ASSERT(api_.handle(out.sign("GET", "/v1/heads")).status == 200);
    return out;
  }

  std::filesystem::path folder_ = folder_in_memory();
  std::unique_ptr<LmdbStorage> storage_ = LmdbStorage::open(folder_ / "data", {.quota = 1 << 20}).value();
  Api api_{*storage_, {}};
  Signing device_, password_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  if (size == 0) return 0;
  const BytesView in{data + 1, size - 1};
  const auto end = std::find(in.begin(), in.end(), 0);
  const std::string target{in.begin(), end};
  const Bytes body{end == in.end() ? end : end + 1, in.end()};
  if (target.size() > 60'000) return 0;
  const auto answer = world.ask(data[0], target, body);
  VAULT_ASSERT(answer.status == 200 || (answer.status >= 400 && answer.status < 500));
  VAULT_ASSERT(answer.status == 200 || !error_of(answer).empty());
  return 0;
}
