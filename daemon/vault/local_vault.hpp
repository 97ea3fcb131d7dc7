// SPDX-License-Identifier: Apache-2.0
// The vault on this device, locked or unlocked: its database, what it knows of itself, and where it stands with
// its server. Lives on the event loop.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>

#include "daemon/chain/verifier.hpp"
#include "daemon/state/anchor.hpp"
#include "daemon/state/blobs.hpp"
#include "daemon/state/profile.hpp"
#include "daemon/state/writer.hpp"
#include "daemon/vault/unlocked.hpp"
#include "wire/messages.hpp"

namespace vault::daemon {

// What the device remembers of its server, besides the data. Persisted; `meta` names each.
struct Standing {
  std::uint64_t acked = 0;                      // own seq
  std::uint64_t last_success = 0;               // ms; 0: never
  std::uint64_t heard = 0;                      // ms; when something of another device was verified last
  std::map<DeviceId, std::uint64_t> confirmed;  // ms; when a word of one that knows this device was
  std::optional<Errc> distrust;                 // rollback or fork
  bool unconfirmed = false;
  std::uint64_t sheet_since = 0;  // ms; when this device learned of the present recovery code; 0: there is none
  IdentityReason roll = IdentityReason::none;  // this device needs a new identity, which waits for the password
};

class LocalVault : public std::enable_shared_from_this<LocalVault> {
 public:
  // Opens the database in the folder, which has one. Errors: storage; vault_absent when what is there is an
  // enrolment that was not finished.
  static Result<std::shared_ptr<LocalVault>> open(asio::any_io_executor executor, Threads& threads,
                                                  const std::filesystem::path& folder);

  // Of a database in which a profile has just been stored.
  static Result<std::shared_ptr<LocalVault>> of(asio::any_io_executor executor, Threads& threads,
                                                std::shared_ptr<store::Store> store, std::filesystem::path folder);

  // Whether it is the password of the newest keyring; then `root` is what it gives. Errors: auth; storage.
  asio::awaitable<Result<void>> prove(Secret password, std::shared_ptr<const crypto::RootKey>& root);

  // Lets go of every key and of the index. What still uses them ends soon; when forgotten() returns nobody does, their
  // memory has been wiped, and the anchor has the last commit.
  void lock() {
    unlocked.reset();
    locking_.cancel();
  }
  asio::awaitable<void> forgotten();
  asio::awaitable<void> locked();  // returns when the vault is locked; also when it is cancelled, without a word

  // Makes the vault open with the keychain and identity given. Of the chains all is read that neither `known`, which
  // was verified before, nor a checkpoint covers.
  asio::awaitable<Result<void>> open_with(std::shared_ptr<const Keychain> keychain,
                                          std::shared_ptr<const crypto::Identity> identity, Contents known);

  // All that the stored chains say, read as open_with() does.
  asio::awaitable<Result<Contents>> read(std::shared_ptr<const Keychain> keychain, DeviceId self, Contents known);

  // The same vault, open, from what is stored: where a newer keyring takes back what has been read. What was read
  // before shows until then; waits for a moment in which no write is under way. Errors: locked, those of open_with().
  asio::awaitable<Result<void>> open_again(std::shared_ptr<const Keychain> keychain);

  // What was verified of others, and is durable, shows in an open vault. Returns when all of it does.
  asio::awaitable<void> install(std::shared_ptr<Unlocked> vault, std::shared_ptr<const Keychain> keychain,
                                Verified verified);

  // The anchor has all commits that are durable by now. Errors: storage.
  asio::awaitable<Result<void>> flush_anchor();

  // The server has the keyring version of a roll: from now on the new identity signs requests.
  asio::awaitable<Result<void>> identity_acknowledged();

  // The newest version has this recovery code, or zeros: notes since when.
  void see_sheet(const SignKey& code);

  // That version is the newest verified one now: it has been stored, and with it the end of a change that waited.
  void take_keyring(const wire::KeyringHeader& newest, const Hash& hash);

  // Who signs requests: this identity, or while the server does not have it the one before.
  const DeviceId& acting() const { return unsent ? unsent->device : profile.device; }
  const Secret& acting_net() const { return unsent ? unsent->net : profile.net; }

  // Stores the index, in the background, if enough has changed since it was stored last.
  void save_index();

  // Changes what is remembered, by change(Standing&). It shows at once and is durable when this returns. Each write
  // carries all that was changed before it, so two that are under way together lose nothing.
  template <class F>
  asio::awaitable<Result<void>> remember(F change) {
    change(standing);
    auto work = [now = standing](store::WriteTxn& tx) { put_standing(tx, now); };
    co_return co_await writer.write(std::move(work));
  }

  LocalVault(asio::any_io_executor executor, Threads& threads, std::shared_ptr<store::Store> store,
             std::filesystem::path folder, Profile profile);

  asio::any_io_executor executor;
  Threads& threads;
  std::shared_ptr<store::Store> store;
  std::filesystem::path folder;
  Hash fingerprint;  // of this machine and the folder, as they are now
  Writer writer;
  Blobs blobs;
  Profile profile;
  Standing standing;
  SignKey sheet;                  // RAUTH of the newest keyring; zeros: none
  SignKey self_key;               // that this device signs commits with
  std::vector<DeviceId> formers;  // identities before this one, the oldest first
  std::optional<UnsentIdentity> unsent;
  std::optional<UnsentChange> unsent_change;  // of the keyring, that waits for the server
  bool refusal_checked = false;               // the server refuses us, and not because a clone has rolled
  wire::KeyringHead keyring;                  // the newest that was verified
  std::uint32_t generation = 0;               // its
  std::vector<wire::PublicDevice> devices;    // its
  std::shared_ptr<Unlocked> unlocked;         // null while locked
  std::uint64_t last_ack = 0;                 // ms; when the newest own ack was sealed

  // The server has the own chain up to this seq. Durable when it returns, and with it which checkpoint, and so which
  // state code, is the newest that it has.
  asio::awaitable<Result<void>> acknowledged(std::uint64_t seq);

  // The own chain has grown by commits that no plan of the writer's was for: the anchor has the last one when this
  // returns.
  asio::awaitable<Result<void>> own_chain_grew(std::shared_ptr<const Keychain> keychain, Written written);

  // An ack has become durable. Those that the server has not acknowledged are no writes that wait.
  void ack_written(std::uint64_t seq);
  std::uint64_t pending() const;  // commits that wait for the server, without acks

  static void put_standing(store::WriteTxn& tx, const Standing& standing);
  Result<void> load();                             // what is remembered, and the newest keyring's public part
  Result<void> reload();                           // and the profile
  Result<std::map<DeviceId, Head>> heads() const;  // verified, of all chains

 private:
  asio::awaitable<void> write_checkpoint(std::weak_ptr<Unlocked> weak);
  asio::awaitable<Result<void>> settle_anchor(std::shared_ptr<const Keychain> keychain);
  void flush_anchor_soon();
  asio::awaitable<void> flush_anchor_later();
  std::shared_ptr<Unlocked> hold(std::unique_ptr<Unlocked> vault);
  void show(std::unique_ptr<Unlocked> vault);

  struct Open {
    explicit Open(asio::any_io_executor loop) : fewer(std::move(loop), asio::steady_timer::time_point::max()) {}
    std::size_t vaults = 0;    // open, or locked and not wiped yet
    asio::steady_timer fewer;  // ends early whenever one of them, or a checkpoint, is done
  };
  std::shared_ptr<Open> open_;
  bool saving_ = false, flushing_ = false;
  std::shared_ptr<Anchor> anchor_;
  asio::steady_timer flush_due_;
  asio::steady_timer locking_;    // ends early whenever the vault is locked
  std::set<std::uint64_t> acks_;  // own seqs above what was acknowledged
};

// What an error of reading stands for when what is read had been verified before it was stored: then the disk has
// changed it.
boost::system::error_code as_local(const boost::system::error_code& error);

// NFC, and Argon2id on its thread. Errors: the details for passwords, downgrade.
asio::awaitable<Result<std::shared_ptr<const crypto::RootKey>>> derive(Threads& threads, Secret password,
                                                                       LoginTerms terms);

}  // namespace vault::daemon
