// SPDX-License-Identifier: Apache-2.0
// Makes this a device of an existing vault: what joining with the password and recovering with the sheet have in
// common. They differ in what proves the keyring, and in the version that names this device. For join.cpp and
// recover.cpp.
#pragma once

#include <functional>

#include "daemon/chain/verifier.hpp"
#include "daemon/enrol/enrolment.hpp"
#include "daemon/keyring/next_keyring.hpp"

namespace vault::daemon {

class Joining : public Enrolment {
 public:
  using Enrolment::Enrolment;
  virtual ~Joining() = default;
  asio::awaitable<Enrolled> join();

 protected:
  // Makes a keychain of a whole history. Runs on the worker.
  using Proof = std::function<Result<std::shared_ptr<const Keychain>>(const std::vector<Sealed>&)>;
  virtual Proof proof() const;

  // Returns what changes in the version that names this device. Requires: keychain and chains are pulled.
  virtual KeyringChange change_for(const Identity& identity) const;

  // Checks that the verified history has the state code that the person expects, if any. Errors: code_unknown; storage.
  virtual asio::awaitable<Result<void>> expects(std::vector<Reference> checkpoints, std::map<DeviceId, Head> heads);

  // Prepares what change_for() needs and takes long. Requires: keychain and chains are pulled.
  virtual asio::awaitable<Result<void>> prepare_change() { co_return Result<void>{}; }

  // Decides whether the journaled version of an earlier try is sent again. Errors: why not.
  virtual asio::awaitable<Result<void>> judge(Sealed) { co_return Result<void>{}; }

  asio::awaitable<Result<void>> pull_keychain();
  asio::awaitable<Result<void>> pull_chains();
  asio::awaitable<Enrolled> go_on();  // from an open store and a keychain to the end
  bool is_there(const Sealed& keyring, std::uint32_t version) const;

 private:
  asio::awaitable<Result<void>> take_up();
  asio::awaitable<Result<void>> enrol();
  asio::awaitable<Result<Done>> enrol_self();
  bool follows(const Sealed& keyring) const;

  wire::Heads heads_;
  std::optional<Sealed> sent_;  // the version that names this device; journaled, perhaps sent
};

}  // namespace vault::daemon
