// SPDX-License-Identifier: Apache-2.0
// The endpoints of a server, without sockets and on a clock that is moved by hand.
#pragma once

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "server/api.hpp"
#include "server/lmdb_storage.hpp"
#include "tests/server/api_client.hpp"
#include "tests/store/temp_folder.hpp"
#include "tests/support/catch.hpp"

namespace vault::tests {

// With an account "ann" of one device.
class World {
 public:
  explicit World(server::Registration registration = server::Registration::open,
                 std::uint64_t quota = limits::quota_bytes)
      : registration_(registration), quota_(quota) {
    restart();
    if (registration != server::Registration::open) return;
    keyring = make_keyring(first_header("ann", 1), 1);
    REQUIRE(create("ann", keyring).status == 200);
  }

  void restart() {
    api.reset();
    storage.reset();
    storage = server::LmdbStorage::open(folder_.path() / "data", {.quota = quota_}).value();
    api = std::make_unique<server::Api>(*storage, server::ApiOptions{registration_, [this] { return now; }});
    api->accept_origins(
        {wire::Origin::parse("http://127.0.0.1:8080").value(), wire::Origin::parse("https://vault.example").value()});
  }

  wire::HttpResponse create(const std::string& account, const Bytes& first, const Bytes& invitation = {}) {
    const wire::CreateAccount body{account, invitation, Sealed::from_untrusted(first)};
    return api->handle(plain("POST", "/v1/account", wire::encode(body)));
  }

  // A session for the owner of `number`: a password or a device of `account`.
  Signing open(const wire::KeyId& key, std::uint8_t number, const std::string& account = "ann") {
    Signing out;
    out.account = account;
    out.vault = first_header(account, 1).vault;
    out.key = key;
    out.number = number;
    const auto answer =
        api->handle(plain("POST", "/v1/session", wire::encode(wire::SessionRequest{account, out.vault, key})));
    REQUIRE(answer.status == 200);
    out.session = wire::decode<wire::Session>(answer.body).value();
    return out;
  }
  Signing device(std::uint8_t n = 1, const std::string& account = "ann") { return open(device_id(n), n, account); }
  Signing password(std::uint8_t n = 1, const std::string& account = "ann") { return open({}, n, account); }
  Signing sheet(std::uint8_t n = 1, const std::string& account = "ann") { return open(wire::sheet_key_id, n, account); }

  wire::HttpResponse get(Signing& by, const std::string& target) { return api->handle(by.sign("GET", target)); }
  wire::HttpResponse put(const Bytes& next) {
    auto by = device();
    return api->handle(by.sign("PUT", "/v1/keyring", next));
  }
  wire::HttpResponse post(std::uint8_t n, const std::vector<Sealed>& commits) {
    auto by = device();
    return api->handle(by.sign("POST", chain(n), wire::encode(wire::CommitPage{commits})));
  }
  std::string chain(std::uint8_t n) const { return "/v1/chain/" + hex(device_id(n)); }

  // The keyring with device 2, on the server.
  void enrol_second() {
    auto header = next_header(keyring);
    add_device(header, 2);
    keyring = make_keyring(header, 1);
    REQUIRE(put(keyring).status == 200);
  }

  // The keyring with sheet `n`, on the server.
  void print_sheet(std::uint8_t n = 1) {
    auto header = next_header(keyring);
    set_sheet(header, n);
    keyring = make_keyring(header, 1);
    REQUIRE(put(keyring).status == 200);
  }

  server::Time now{};
  std::unique_ptr<server::LmdbStorage> storage;
  std::unique_ptr<server::Api> api;
  Bytes keyring;  // the newest of "ann"

 private:
  TempFolder folder_;
  server::Registration registration_;
  std::uint64_t quota_;
};

}  // namespace vault::tests
