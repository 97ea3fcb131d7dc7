// SPDX-License-Identifier: Apache-2.0
// Holds the vault on this device, locked or unlocked: its database, what it knows of itself, and how it stands with its
// server. Lives on the event loop.
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
#include "daemon/vault/write_queue.hpp"
#include "wire/messages.hpp"

namespace vault::daemon {

// Holds what the device remembers of its server, besides the data. Stored; `meta` names each.
struct Standing {
  std::uint64_t acked = 0;                      // own seq
  std::uint64_t last_success = 0;               // ms; 0: never
  std::uint64_t heard = 0;                      // ms; when something of another device was last verified
  std::map<DeviceId, std::uint64_t> confirmed;  // ms; when each device last showed that it knows this one
  std::optional<Errc> distrust;                 // rollback or fork
  bool unconfirmed = false;
  std::uint64_t sheet_since = 0;  // ms; when this device learned of the present recovery code; 0: none
  SignKey unseen_sheet;           // RAUTH of a code made here whose sheet nobody has confirmed; zeros: none
  IdentityReason roll = IdentityReason::none;  // this device needs a new identity, which waits for the password
};

class LocalVault : public std::enable_shared_from_this<LocalVault> {
 public:
  // Opens the database in the folder. Requires: there is one. Errors: storage; vault_absent if it is an unfinished
  // enrolment.
  static Result<std::shared_ptr<LocalVault>> open(asio::any_io_executor executor, Threads& threads,
                                                  const std::filesystem::path& folder);

  // Returns the vault of a database in which a profile has just been stored. Errors: those of open().
  static Result<std::shared_ptr<LocalVault>> of(asio::any_io_executor executor, Threads& threads,
                                                std::shared_ptr<store::Store> store, std::filesystem::path folder);

  // Checks that it is the password of the newest keyring; `root` is then its root key. Errors: auth; storage.
  asio::awaitable<Result<void>> prove(Secret password, std::shared_ptr<const crypto::RootKey>& root);

  // lock() releases every key and the index. What still uses them ends soon; when forgotten() returns nobody does,
  // their memory is wiped, and the anchor has the last commit.
  void lock() {
    unlocked.reset();
    locking_.cancel();
  }
  asio::awaitable<void> forgotten();
  asio::awaitable<void> locked();  // returns when the vault is locked, and silently when cancelled

  // Opens the vault with this keychain and identity. Reads all of the chains that neither `known`, which was verified
  // before, nor the snapshot covers.
  asio::awaitable<Result<void>> open_with(std::shared_ptr<const Keychain> keychain,
                                          std::shared_ptr<const crypto::Identity> identity, Contents known);

  // Returns all that the stored chains say, read as open_with() does.
  asio::awaitable<Result<Contents>> read(std::shared_ptr<const Keychain> keychain, DeviceId self, Contents known);

  // Opens the vault again from what is stored, because a newer keyring takes back what has been read. The former
  // content shows until then. Waits until no write is under way. Errors: locked, those of open_with().
  asio::awaitable<Result<void>> open_again(std::shared_ptr<const Keychain> keychain);

  // Shows in an open vault what was verified of others and is durable. Returns when all of it shows.
  asio::awaitable<void> install(std::shared_ptr<Unlocked> vault, std::shared_ptr<const Keychain> keychain,
                                Verified verified);

  // Returns when the anchor has all commits that are durable by now. Errors: storage.
  asio::awaitable<Result<void>> flush_anchor();

  // Records that the server has the version with the new identity, which from now on signs requests.
  asio::awaitable<Result<void>> identity_acknowledged();

  // Notes since when the newest version has this recovery code; zeros: none.
  void see_sheet(const SignKey& code);

  // True if nobody has confirmed that they have the sheet that is in force, as far as this device knows.
  bool sheet_is_unseen() const { return !sheet.is_zero() && sheet == standing.unseen_sheet; }

  // Makes that version the newest verified one. Requires: it is stored, and a replaced waiting change is removed.
  void take_keyring(const wire::KeyringHeader& newest, const Hash& hash);

  // Return who signs requests: this identity, or the one before while the server does not have this one.
  const DeviceId& acting() const { return unsent ? unsent->device : profile.device; }
  const Secret& acting_net() const { return unsent ? unsent->net : profile.net; }

  // Stores the index, in the background, if enough has changed since it was stored last.
  void save_index();

  // Changes what is remembered, by change(Standing&). The change shows at once and is durable on return. Each write
  // carries all changes before it, so two that are under way together lose nothing.
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
  WriteQueue queue;  // of the writes that programs ask for
  Blobs blobs;
  Profile profile;
  Standing standing;
  SignKey sheet;                  // RAUTH of the newest keyring; zeros: none
  SignKey self_key;               // signs this device's commits
  std::vector<DeviceId> formers;  // identities before this one, the oldest first
  std::optional<UnsentIdentity> unsent;
  std::optional<UnsentChange> unsent_change;  // of the keyring; waits for the server
  bool refusal_checked = false;               // the server refuses us, and not because of a clone's new identity
  wire::KeyringHead keyring;                  // the newest that was verified
  std::uint32_t generation = 0;               // of `keyring`
  std::vector<wire::PublicDevice> devices;    // of `keyring`
  std::shared_ptr<Unlocked> unlocked;         // null while locked
  std::uint64_t last_ack = 0;                 // ms; when the newest own ack was sealed

  // Records that the server has the own chain up to this seq, and which checkpoint, so which state code, is the newest
  // that it has. Durable on return.
  asio::awaitable<Result<void>> acknowledged(std::uint64_t seq);

  // Records that the own chain has grown by commits that were no plans of the writer's. On return the anchor has the
  // last one.
  asio::awaitable<Result<void>> own_chain_grew(std::shared_ptr<const Keychain> keychain, Written written);

  // Notes that an ack has become durable. Unacknowledged acks do not count as pending.
  void ack_written(std::uint64_t seq);
  std::uint64_t pending() const;  // commits that wait for the server, without acks

  static void put_standing(store::WriteTxn& tx, const Standing& standing);
  Result<void> load();                             // reads what is remembered, and the newest keyring's public part
  Result<void> reload();                           // also reads the profile
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
    asio::steady_timer fewer;  // ends early whenever one of them, or a snapshot, is done
  };
  std::shared_ptr<Open> open_;
  bool saving_ = false, flushing_ = false;
  std::shared_ptr<Anchor> anchor_;
  asio::steady_timer flush_due_;
  asio::steady_timer locking_;    // ends early whenever the vault is locked
  std::set<std::uint64_t> acks_;  // own seqs above the acknowledged one
};

// Returns store_damaged for an error of reading what had been verified before it was stored: the disk has changed it.
// Any other error is returned as it is.
boost::system::error_code as_local(const boost::system::error_code& error);

// Normalises (NFC) and runs Argon2id on its thread. Errors: the details for passwords, downgrade.
asio::awaitable<Result<std::shared_ptr<const crypto::RootKey>>> derive(Threads& threads, Secret password,
                                                                       LoginTerms terms);

}  // namespace vault::daemon
