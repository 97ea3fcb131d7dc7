// SPDX-License-Identifier: Apache-2.0
#include "daemon/sync/send_change.hpp"

#include "base/fault_point.hpp"
#include "crypto/verify.hpp"
#include "daemon/vault/pending_change.hpp"
#include "http/errc.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

// True if the server refuses the version itself, and would again.
bool is_refusal(const boost::system::error_code& error) {
  if (error == HttpErrc::server_answer_bad) return false;
  const auto klass = class_of(error);
  return klass == Errc::conflict || klass == Errc::tamper || klass == Errc::limit;
}

// Stops sending the change. It is kept until another version is verified in its place: the server, which has seen it,
// could still show it. Only a lost race is worth another try with another version.
asio::awaitable<Result<Sent>> give_up(std::shared_ptr<LocalVault> device, boost::system::error_code why) {
  device->unsent_change->superseded = true;
  auto work = [change = *device->unsent_change](store::WriteTxn& tx) { put_unsent_change(tx, change); };
  const auto kept = co_await device->writer.write(std::move(work));
  if (!kept) co_return kept.error();
  co_return class_of(why) == Errc::conflict ? Result<Sent>{Sent::refused} : why;
}

// Stores the version like a pulled one, since the server has it.
asio::awaitable<Result<void>> keep_as_pulled(std::shared_ptr<LocalVault> device) {
  auto work = [version = version_made_by(*device->unsent_change), bytes = device->unsent_change->keyring](
                  store::WriteTxn& tx) { tx.put(store::inbox_keyrings, version, bytes); };
  co_return co_await device->writer.write(std::move(work));
}

}  // namespace

asio::awaitable<Result<Sent>> send_change(std::shared_ptr<LocalVault> device, Remote& remote,
                                          wire::KeyringHead served) {
  const auto& change = *device->unsent_change;
  if (served == wire::KeyringHead{version_made_by(change), crypto::keyring_hash(change.keyring.view())}) {
    const auto kept = co_await keep_as_pulled(device);  // the server had it already
    if (!kept) co_return kept.error();
    co_return Sent::done;
  }
  const bool fits = served == device->keyring && version_made_by(change) == served.version + 1;
  if (change.superseded || !fits) co_return Sent::refused;
  fault_point("change.before-send");
  std::optional<wire::KeyringHead> other;
  std::optional<wire::Heads::Chain> end;
  const bool may_move = device->standing.distrust.has_value();  // a distrusted server's chains are no reason to wait
  if (!change.revoked.is_zero() && !may_move) end = wire::Heads::Chain{change.revoked, change.cut};
  const auto put = co_await remote.put_keyring(change.keyring, other, end);
  fault_point("change.answered");
  if (!device->unsent_change) co_return Sent::refused;
  if (!put && other && *other != served) co_return Sent::refused;  // the next round knows more
  if (!put && is_refusal(put.error())) co_return co_await give_up(device, put.error());
  if (!put) co_return put.error();
  const auto kept = co_await keep_as_pulled(device);
  if (!kept) co_return kept.error();
  co_return Sent::done;
}

}  // namespace vault::daemon
