// SPDX-License-Identifier: Apache-2.0
// Runs the daemon: at most one vault, its sync, and who may open, change and close it. Lives on the event loop; the
// other threads belong to Threads. Knows nothing of sockets: api/ puts methods before it.
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
#include "daemon/errc/errc.hpp"
#include "daemon/members/sheets.hpp"
#include "daemon/os/auto_lock.hpp"
#include "daemon/salvage/own_disk.hpp"
#include "daemon/sync/sync.hpp"
#include "daemon/vault/local_vault.hpp"

namespace vault::daemon {

class App {
 public:
  // `folder` holds the state of one profile. Locks the vault when nobody has used it for `lock_after`; zero: never.
  App(asio::any_io_executor executor, std::filesystem::path folder, std::chrono::milliseconds lock_after);

  // Checks whether the folder's files are as they were left, saves what is good if not, opens the vault if there is
  // one, and begins to sync. May take seconds. Errors: storage.
  Result<void> open();

  // Sets how many bytes copies of large values may take. Requires: open() was not called yet.
  void set_blob_cache(std::uint64_t bytes) { blob_cache_ = bytes; }

  // Begins to count the time without use. `values_gone` returns when no value is in memory for a client; lock() waits
  // for it.
  using ValuesGone = std::function<asio::awaitable<void>()>;
  void begin(ValuesGone values_gone);

  // Ends sync and writes. On return nothing of the app runs any more.
  asio::awaitable<void> stop();

  // Serve the handlers. `peer` is the program that asks: see Gate.
  using Peer = Gate::Peer;
  asio::awaitable<Result<void>> create(EnrolRequest request, Peer peer);
  asio::awaitable<Result<void>> join(EnrolRequest request, Peer peer);
  asio::awaitable<Result<void>> unlock(Secret password, Peer peer);
  // Locks the vault. Returns when no thread has a key and no value is in memory for a client. Work with keys ends
  // first, waits for a server are cut, and earlier requests to open the vault fail.
  asio::awaitable<Result<void>> lock();
  // Checks the password, and returns its root key. Errors: those of an unlock.
  asio::awaitable<Result<std::shared_ptr<const crypto::RootKey>>> prove(Secret password, Peer peer);

  // Opens the vault with its password, or checks the password if it is open, and runs `work`. Nothing locks the vault
  // meanwhile. Errors: those of an unlock, and of `work`.
  struct Proven {
    std::shared_ptr<LocalVault> device;
    Sync* sync;
    std::shared_ptr<const crypto::RootKey> root;
  };
  using WithPassword = std::function<asio::awaitable<Result<void>>(Proven)>;
  asio::awaitable<Result<void>> with_password(Secret password, WithPassword work, Peer peer);

  // Opens the vault that is here with a recovery sheet, or makes this a new device of it; sets the new password, and
  // makes a new sheet. Errors: recovery_place if server and account are missing; code_refused; those of recover_vault()
  // and use_sheet(); recovery_sheet if only the new sheet failed.
  asio::awaitable<Result<void>> recover(RecoverRequest request, std::shared_ptr<MadeSheet> out, Peer peer);

  // Keeps what a client was given to show, until it is confirmed or the vault is locked. Returns it; null: none.
  void sheet_given(MadeSheet sheet) { given_sheet_ = std::make_shared<const MadeSheet>(std::move(sheet)); }
  void sheet_confirmed() { given_sheet_.reset(); }
  std::shared_ptr<const MadeSheet> given_sheet() const { return given_sheet_; }

  // Says what became of the last change that somebody asked for, who may not have waited.
  struct LastChange {
    std::string what;      // the method
    std::uint64_t at = 0;  // ms since 1970
    std::string error;     // a sentence; empty: it was made
  };
  void change_ended(std::string_view what, const boost::system::error_code& error);
  const std::optional<LastChange>& last_change() const { return last_change_; }

  asio::awaitable<void> lock_because(log::Literal reason);  // logs the reason: no client asked for it
  Result<std::shared_ptr<LocalVault>> device() const;       // errors: vault_absent, vault_damaged, vault_missing
  Result<std::shared_ptr<Unlocked>> unlocked() const;       // errors: those of device(); locked
  Result<Sync*> sync() const;                               // errors: why there is no sync, like vault_absent
  void kick() const;                                        // there is something to push
  void used();                                              // somebody uses the vault at this moment
  void use(bool begins) { auto_lock_.use(begins); }         // somebody begins or ends using it

  // Returns the folder of the profile's state.
  const std::filesystem::path& folder() const { return folder_; }
  // True if the vault was damaged, and what was saved of it does not open.
  bool saved_in_vain() const { return saved_in_vain_; }
  // Returns when the vault will be locked if it is not used, in ms since 1970; nullopt: never.
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
  Result<void> no_vault_here() const;  // errors: vault_exists; why nothing may be written here
  Result<void> judged(const Result<void>& opened);

  asio::any_io_executor executor_;
  std::filesystem::path folder_;
  Threads threads_;
  std::shared_ptr<LocalVault> device_;
  boost::system::error_code no_device_ = DaemonErrc::vault_absent;  // why there is no vault, while there is none
  std::unique_ptr<Sync> sync_;
  boost::system::error_code no_sync_ = DaemonErrc::vault_absent;  // why there is no sync, while there is none
  AutoLock auto_lock_;
  asio::cancellation_signal stop_sync_;
  asio::steady_timer sync_ended_;
  std::uint64_t blob_cache_ = limits::blob_cache_bytes;
  Transfers transfers_;
  ValuesGone values_gone_ = []() -> asio::awaitable<void> { co_return; };
  bool sync_runs_ = false, stopping_ = false, suspect_ = false, saved_in_vain_ = false;
  std::uint64_t locks_ = 0;  // asked for so far
  std::shared_ptr<const MadeSheet> given_sheet_;
  std::optional<LastChange> last_change_;
  Gate gate_;  // for all that open, change or close the vault
};

}  // namespace vault::daemon
