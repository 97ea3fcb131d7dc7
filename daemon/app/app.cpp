// SPDX-License-Identifier: Apache-2.0
#include "daemon/app/app.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

#include "base/input_errc.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/salvage/clean_stop.hpp"
#include "daemon/unlock/unlock.hpp"
#include "store/errc.hpp"

namespace vault::daemon {

namespace fs = std::filesystem;

App::App(asio::any_io_executor executor, fs::path folder, std::chrono::milliseconds lock_after)
    : executor_(executor),
      folder_(std::move(folder)),
      auto_lock_(
          executor, lock_after,
          [this] { spawn(executor_, "locking", lock_because("locked: nobody has used the vault for a while")); }),
      sync_ended_(executor, asio::steady_timer::time_point::max()),
      gate_(executor) {}

// Opens the vault. Damage that look_at_disk() passes over after a clean stop may show at the opening.
Result<void> App::open() {
  const auto opened = open_found(look_at_disk(folder_));
  if (opened || device_ || opened.error() != StoreErrc::store_damaged) return opened;
  return open_found(save_from_disk(folder_));
}

Result<void> App::open_found(Result<OwnDisk> found) {
  if (!found) return found.error();
  if (*found == OwnDisk::nothing) return {};
  if (*found == OwnDisk::damaged) no_device_ = DaemonErrc::vault_damaged;
  if (*found == OwnDisk::missing) no_device_ = DaemonErrc::vault_missing;
  if (*found != OwnDisk::usable) {
    no_sync_ = no_device_;
    log::error("there is no vault to open", {{"error", no_device_}});
    return {};
  }
  auto device = LocalVault::open(executor_, threads_, folder_);
  if (!device && device.error() == DaemonErrc::vault_absent) return {};
  if (!device) return device.error();
  return adopt(std::move(*device));
}

Result<void> App::no_vault_here() const {
  if (device_) return DaemonErrc::vault_exists;
  return no_device_ == DaemonErrc::vault_absent ? Result<void>{} : Result<void>{no_device_};
}

void App::begin(ValuesGone values_gone) {
  values_gone_ = std::move(values_gone);
  auto_lock_.begin();
}

Result<void> App::adopt(std::shared_ptr<LocalVault> device) {
  const auto origin = wire::Origin::parse(device->profile.origin);
  if (!origin) return StoreErrc::store_damaged;
  HttpClient http{executor_, *origin, {.ca_file = device->profile.ca_file}};
  device_ = std::move(device);
  device_->blobs.set_bound(blob_cache_);
  sync_ = std::make_unique<Sync>(device_, std::move(http));
  sync_runs_ = true;
  asio::co_spawn(executor_, sync_->run(),
                 asio::bind_cancellation_slot(stop_sync_.slot(), [this](std::exception_ptr failure) {
                   sync_runs_ = false;
                   sync_ended_.cancel();
                   if (!failure) return;
                   try {
                     std::rethrow_exception(failure);
                   } catch (const boost::system::system_error& e) {
                     if (e.code() == asio::error::operation_aborted) return;  // stopped
                   } catch (...) {
                   }
                   log::error("sync failed in a way that it should not");
                   std::rethrow_exception(failure);
                 }));
  return {};
}

asio::awaitable<void> App::stop() {
  stopping_ = true;
  auto_lock_.stop();
  stop_sync_.emit(asio::cancellation_type::terminal);
  while (sync_runs_) co_await sync_ended_.async_wait(asio::as_tuple(asio::use_awaitable));
  if (device_) {
    device_->lock();
    co_await device_->forgotten();
  }
  if (device_ && !suspect_) note_clean_stop(folder_);
}

namespace {

// Keeps the work going if the caller goes away: half an enrolment is worse than one too many.
auto see_it_through() { return asio::this_coro::reset_cancellation_state(asio::disable_cancellation()); }

}  // namespace

// Waits for the turn to open the vault. Errors: those of Gate; locked_meanwhile if a lock was asked for since the call.
asio::awaitable<Result<Gate::Pass>> App::pass_to_open(Peer peer) {
  const auto before = locks_;
  auto pass = co_await gate_.take(peer);
  if (pass && locks_ != before) co_return DaemonErrc::locked_meanwhile;
  co_return pass;
}

asio::awaitable<Result<void>> App::enrol(asio::awaitable<Enrolled> way, Peer peer) {
  co_await see_it_through();
  const auto pass = co_await pass_to_open(peer);
  if (!pass) co_return pass.error();
  if (const auto free = no_vault_here(); !free) co_return free;
  auto device = co_await std::move(way);
  if (!device) co_return device.error();
  if (stopping_) co_return Errc::cancelled;  // the next start finds what was made
  co_return adopt(std::move(*device));
}

asio::awaitable<Result<void>> App::create(EnrolRequest request, Peer peer) {
  return enrol(create_vault(executor_, threads_, folder_, std::move(request)), peer);
}

asio::awaitable<Result<void>> App::join(EnrolRequest request, Peer peer) {
  return enrol(join_vault(executor_, threads_, folder_, std::move(request)), peer);
}

namespace {

// True if the start has already saved the database because of suspected damage, and no unlock has succeeded since.
bool is_saved_on_suspicion(const LocalVault& device) {
  const auto saved = device.store->read([](const store::ReadTxn& tx) {
    const auto salvage = get_salvage(tx);
    return salvage && salvage->suspect &&
           get_number(tx, meta::roll) == static_cast<std::uint64_t>(IdentityReason::disk);
  });
  return saved && *saved;
}

}  // namespace

// Returns the result of an unlock. If it shows damage that only the key can show, the next start repairs it, once.
Result<void> App::judged(const Result<void>& opened) {
  if (opened || opened.error() != StoreErrc::store_damaged) return opened;
  suspect_ = true;
  saved_in_vain_ = is_saved_on_suspicion(*device_);
  if (saved_in_vain_) return DaemonErrc::vault_damaged;
  distrust_disk(folder_);
  return opened;
}

// Runs an unlock, and counts a wrong or right password for the program that tried it.
asio::awaitable<Result<void>> App::try_password(Unlocking unlock, Gate::Pass& pass) {
  const auto done = co_await std::move(unlock);
  if (done || class_of(done.error()) == Errc::auth) pass.was(done.has_value());
  if (done) saved_in_vain_ = false;
  co_return done ? done : judged(done);
}

asio::awaitable<Result<void>> App::unlock(Secret password, Peer peer) {
  co_await see_it_through();
  auto pass = co_await pass_to_open(peer);
  if (!pass) co_return pass.error();
  if (!device_) co_return no_device_;
  auto attempt = try_password(unlock_vault(device_, sync_.get(), std::move(password)), *pass);
  if (const auto ok = co_await std::move(attempt); !ok) co_return ok;
  if (sync_) co_await sync_->verify_waiting();
  kick();
  co_return Result<void>{};
}

asio::awaitable<Result<std::shared_ptr<const crypto::RootKey>>> App::prove(Secret password, Peer peer) {
  co_await see_it_through();
  auto pass = co_await pass_to_open(peer);
  if (!pass) co_return pass.error();
  if (!device_) co_return no_device_;
  std::shared_ptr<const crypto::RootKey> root;
  auto attempt = try_password(device_->prove(std::move(password), root), *pass);
  if (const auto ok = co_await std::move(attempt); !ok) co_return ok.error();
  co_return root;
}

asio::awaitable<Result<void>> App::with_password(Secret password, WithPassword work, Peer peer) {
  co_await see_it_through();
  auto pass = co_await pass_to_open(peer);
  if (!pass) co_return pass.error();
  if (!device_) co_return no_device_;
  if (!sync_) co_return no_sync_;
  Proven proven{device_, sync_.get(), nullptr};
  auto attempt = try_password(unlock_vault(device_, sync_.get(), std::move(password), &proven.root), *pass);
  if (const auto ok = co_await std::move(attempt); !ok) co_return ok;
  if (!device_->unlocked) co_return Errc::locked;
  auto working = work(std::move(proven));
  co_return co_await std::move(working);
}

asio::awaitable<Result<void>> App::recover(RecoverRequest request, std::shared_ptr<MadeSheet> out, Peer peer) {
  co_await see_it_through();
  auto pass = co_await pass_to_open(peer);
  if (!pass) co_return pass.error();
  const auto free = no_vault_here();
  if (!free && !device_) co_return free;
  auto way = device_ ? recover_here(std::move(request), out, *pass) : recover_anew(std::move(request), out, *pass);
  co_return co_await std::move(way);
}

asio::awaitable<Result<void>> App::recover_here(RecoverRequest request, std::shared_ptr<MadeSheet> out,
                                                Gate::Pass& pass) {
  if (!request.enrol.account.empty() && request.enrol.account != device_->profile.account)
    co_return DaemonErrc::recovery_other;
  if (!sync_) co_return no_sync_;
  const bool was_open = device_->unlocked != nullptr;
  auto fresh = Secret::copy_of(request.enrol.password.view());
  auto by_sheet = open_and_use(std::move(request), out, pass);
  auto done = co_await std::move(by_sheet);
  if (!done && done.error() == DaemonErrc::code_refused) {
    auto by_password = finish_recovery(std::move(fresh), out, pass);
    done = co_await std::move(by_password);
  }
  const bool refused = !done && (class_of(done.error()) == Errc::auth || class_of(done.error()) == Errc::gap);
  if (!refused || was_open) co_return done;
  device_->lock();  // a sheet that has ended, or is another vault's, opens nothing
  co_await device_->forgotten();
  co_await values_gone_();
  co_return done;
}

asio::awaitable<Result<void>> App::open_and_use(RecoverRequest request, std::shared_ptr<MadeSheet> out,
                                                Gate::Pass& pass) {
  const auto code = std::make_shared<const crypto::RecoveryKeys>(recovery_keys(*request.code, device_->profile.vault));
  auto attempt = try_password(unlock_with_code(device_, code), pass);
  if (const auto ok = co_await std::move(attempt); !ok) co_return ok;
  co_await sync_->verify_waiting();
  if (!device_->unlocked) co_return Errc::locked;
  SheetUse use{code, std::move(request.enrol.password), std::move(request.enrol.expect)};
  auto using_it = use_sheet(device_, *sync_, std::move(use), out);
  co_return co_await std::move(using_it);
}

// Tries the new password after the sheet was refused: an earlier try may have set it, and made a sheet nobody saw.
asio::awaitable<Result<void>> App::finish_recovery(Secret fresh, std::shared_ptr<MadeSheet> out, Gate::Pass& pass) {
  std::shared_ptr<const crypto::RootKey> root;
  auto attempt = try_password(unlock_vault(device_, sync_.get(), std::move(fresh), &root), pass);
  const auto opened = co_await std::move(attempt);
  if (!opened && class_of(opened.error()) == Errc::auth) co_return DaemonErrc::code_refused;
  if (!opened) co_return opened;
  co_await sync_->verify_waiting();
  if (!device_->unlocked) co_return Errc::locked;
  const auto made = co_await create_sheet(device_, *sync_, root, out);
  co_return made ? made : Result<void>{DaemonErrc::recovery_sheet};
}

asio::awaitable<Result<void>> App::recover_anew(RecoverRequest request, std::shared_ptr<MadeSheet> out,
                                                Gate::Pass& pass) {
  if (request.enrol.server.empty() || request.enrol.account.empty()) co_return InputErrc::recovery_place;
  RecoverRequest again{{.account = request.enrol.account,
                        .password = Secret::copy_of(request.enrol.password.view()),
                        .expect = request.enrol.expect},
                       request.code};
  auto way = recover_vault(executor_, threads_, folder_, std::move(request));
  auto recovered = co_await std::move(way);
  if (!recovered) co_return recovered.error();
  if (stopping_) co_return Errc::cancelled;  // the next start finds what was made
  if (const auto adopted = adopt(recovered->device); !adopted) co_return adopted;
  if (!recovered->root) co_return co_await recover_here(std::move(again), out, pass);
  if (!sync_) co_return DaemonErrc::recovery_sheet;
  if (recovered->code) {
    const auto filled = co_await fill_sheet(device_, *sync_, recovered->code, out);
    co_return filled ? filled : Result<void>{DaemonErrc::recovery_sheet};
  }
  const auto made = co_await create_sheet(device_, *sync_, recovered->root, out);
  co_return made ? made : Result<void>{DaemonErrc::recovery_sheet};
}

asio::awaitable<Result<void>> App::lock() {
  co_await see_it_through();
  ++locks_;
  threads_.acts.cut();
  if (sync_) sync_->interrupt();
  const auto pass = co_await gate_.take_first();
  threads_.acts.begin();
  given_sheet_.reset();
  if (!device_) co_return no_device_;
  device_->lock();
  co_await device_->forgotten();
  co_await values_gone_();
  co_return Result<void>{};
}

asio::awaitable<void> App::lock_because(log::Literal reason) {
  if (device_ && device_->unlocked) log::info(reason);
  (void)co_await lock();  // also when an unlock is under way
}

void App::change_ended(std::string_view what, const boost::system::error_code& error) {
  last_change_ = LastChange{std::string{what}, wall_time(), error ? sentence_of(error) : std::string{}};
}

Result<Sync*> App::sync() const {
  if (!sync_) return no_sync_;
  return sync_.get();
}

void App::used() {
  auto_lock_.use(true);
  auto_lock_.use(false);
}

void App::kick() const {
  if (sync_) sync_->kick();
}

Result<std::shared_ptr<LocalVault>> App::device() const {
  if (!device_) return no_device_;
  return device_;
}

Result<std::shared_ptr<Unlocked>> App::unlocked() const {
  if (!device_) return no_device_;
  if (!device_->unlocked) return Errc::locked;
  return device_->unlocked;
}

}  // namespace vault::daemon
