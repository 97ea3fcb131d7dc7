// SPDX-License-Identifier: Apache-2.0
// The daemon: at most one vault, its sync, and who may open, change and close it. Everything here lives on the event
// loop; the other threads belong to Threads. It knows nothing of sockets: api/ puts methods before it.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <functional>
#include <memory>

#include "daemon/app/gate.hpp"
#include "daemon/blobs/transfers.hpp"
#include "daemon/enrol/enrol.hpp"
#include "daemon/enrol/recover.hpp"
#include "daemon/members/sheets.hpp"
#include "daemon/os/auto_lock.hpp"
#include "daemon/salvage/own_disk.hpp"
#include "daemon/sync/sync.hpp"
#include "daemon/vault/local_vault.hpp"

namespace vault::daemon {

class App {
 public:
  // `folder` holds the state of one profile. The vault is locked when nobody has used it for `lock_after`; zero: never.
  App(asio::any_io_executor executor, std::filesystem::path folder, std::chrono::milliseconds lock_after);

  // Looks whether the folder's files are what they were, saves what is good if they are not, opens the vault that is
  // there, if there is one, and begins to sync. May take seconds. Errors: storage.
  Result<void> open();

  // How much room copies of large values may take; before open().
  void set_blob_cache(std::uint64_t bytes) { blob_cache_ = bytes; }

  // Begins to count the time without use. `values_gone` returns when no value is in memory for a client: lock() waits
  // for it.
  using ValuesGone = std::function<asio::awaitable<void>()>;
  void begin(ValuesGone values_gone);

  // Ends sync and writes; then nothing of the app runs any more.
  asio::awaitable<void> stop();

  // What the handlers use. `peer` is the program that asks: Gate.
  using Peer = Gate::Peer;
  asio::awaitable<Result<void>> create(EnrolRequest request, Peer peer);
  asio::awaitable<Result<void>> join(EnrolRequest request, Peer peer);
  asio::awaitable<Result<void>> unlock(Secret password, Peer peer);
  // Returns when no thread has a key any more, and no value is in memory for a client: what is at work with them ends
  // first, what waits for a server waits no longer, and who had asked to open the vault before does not open it.
  asio::awaitable<Result<void>> lock();
  // Whether the password is the vault's; what it gives. Errors: those of an unlock.
  asio::awaitable<Result<std::shared_ptr<const crypto::RootKey>>> prove(Secret password, Peer peer);

  // Opens the vault with its password, or makes sure that it is it, and does the work: nothing locks the vault
  // meanwhile. Errors: those of an unlock, and of the work.
  struct Proven {
    std::shared_ptr<LocalVault> device;
    Sync* sync;
    std::shared_ptr<const crypto::RootKey> root;
  };
  using WithPassword = std::function<asio::awaitable<Result<void>>(Proven)>;
  asio::awaitable<Result<void>> with_password(Secret password, WithPassword work, Peer peer);

  // With a recovery sheet: opens the vault that is here, or makes this a device of it where there is none; sets the new
  // password, and makes a new sheet. Errors: recovery_place where a server and an account are
  // lacking; code_refused; those of recover_vault() and use_sheet(); recovery_sheet when all is done but the new sheet.
  asio::awaitable<Result<void>> recover(RecoverRequest request, std::shared_ptr<MadeSheet> out, Peer peer);

  asio::awaitable<void> lock_because(log::Literal reason);  // nobody asked for it: the reason goes to the log
  Result<std::shared_ptr<LocalVault>> device() const;       // vault_absent, vault_damaged, vault_missing
  Result<std::shared_ptr<Unlocked>> unlocked() const;       // vault_absent, locked
  Result<Sync*> sync() const;                               // vault_absent, or why there is none
  void kick() const;                                        // there is something to push
  void used();                                              // somebody uses the vault at this moment
  void use(bool begins) { auto_lock_.use(begins); }         // somebody begins to use it, or ends

  // The folder that the profile's state is in.
  const std::filesystem::path& folder() const { return folder_; }
  // True if the vault was damaged, and what was saved of it does not open.
  bool saved_in_vain() const { return saved_in_vain_; }
  // When the vault will be locked for want of use, ms since 1970; nullopt: never.
  std::optional<std::uint64_t> lock_at() const { return auto_lock_.due(); }

  Transfers& transfers() { return transfers_; }

 private:
  asio::awaitable<Result<void>> enrol(asio::awaitable<Enrolled> way, Peer peer);
  asio::awaitable<Result<Gate::Pass>> pass_to_open(Peer peer);
  using Unlocking = asio::awaitable<Result<void>>;
  asio::awaitable<Result<void>> try_password(Unlocking unlock, Gate::Pass& pass);
  asio::awaitable<Result<void>> recover_anew(RecoverRequest request, std::shared_ptr<MadeSheet> out, Gate::Pass& pass);
  asio::awaitable<Result<void>> open_and_use(RecoverRequest request, std::shared_ptr<MadeSheet> out, Gate::Pass& pass);
  asio::awaitable<Result<void>> finish_recovery(Secret fresh, std::shared_ptr<MadeSheet> out, Gate::Pass& pass);
  asio::awaitable<Result<void>> recover_here(RecoverRequest request, std::shared_ptr<MadeSheet> out, Gate::Pass& pass);
  Result<void> open_found(Result<OwnDisk> found);
  Result<void> adopt(std::shared_ptr<LocalVault> device);
  Result<void> no_vault_here() const;  // vault_exists; why nothing may be written here
  Result<void> judged(const Result<void>& opened);

  asio::any_io_executor executor_;
  std::filesystem::path folder_;
  Threads threads_;
  std::shared_ptr<LocalVault> device_;
  boost::system::error_code no_device_ = Errc::vault_absent;  // why there is none, while there is none
  std::unique_ptr<Sync> sync_;
  boost::system::error_code no_sync_ = Errc::vault_absent;  // why there is none, while there is none
  AutoLock auto_lock_;
  asio::cancellation_signal stop_sync_;
  asio::steady_timer sync_ended_;
  std::uint64_t blob_cache_ = limits::blob_cache_bytes;
  Transfers transfers_;
  ValuesGone values_gone_ = []() -> asio::awaitable<void> { co_return; };
  bool sync_runs_ = false, stopping_ = false, suspect_ = false, saved_in_vain_ = false;
  std::uint64_t locks_ = 0;  // asked for so far
  Gate gate_;                // of all that open, change or close the vault
};

}  // namespace vault::daemon
