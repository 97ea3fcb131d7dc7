// SPDX-License-Identifier: Apache-2.0
#include "daemon/sync/acks.hpp"

#include "crypto/seams.hpp"
#include "daemon/os/wall_time.hpp"
#include "daemon/vault/trust.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

using namespace std::chrono_literals;

// True if a chain has a commit that is no ack between what was named of it and its head.
bool has_news(const store::ReadTxn& tx, const DeviceId& device, std::uint64_t named, const Head& head) {
  bool news = false;
  tx.scan(store::chains, store::Range<store::Place>::between({device, named + 1}, {device, head.seq + 1}),
          [&news](const store::Place&, const Sealed& commit) {
            const auto header = wire::decode_commit_header(commit.view());
            news = header && header->kind != wire::CommitKind::ack;
            return !news;
          });
  return news;
}

}  // namespace

Acks::Acks(std::shared_ptr<LocalVault> device)
    : device_(std::move(device)),
      delay_(crypto::seams::pause("ack.delay", 1min)),
      least_(crypto::seams::pause("ack.least", 10min)) {}

Acks::Clock::time_point Acks::due() const {
  if (!since_ || !device_->unlocked) return Clock::time_point::max();
  const auto now = wall_time();
  const auto last = device_->last_ack;
  const auto next = last <= now ? std::max<std::int64_t>(0, static_cast<std::int64_t>(last - now) + least_.count()) : 0;
  return std::max(*since_ + delay_, Clock::now() + std::chrono::milliseconds{next});
}

asio::awaitable<bool> Acks::is_owed(std::shared_ptr<Unlocked> vault) {
  const auto unseen = vault->unseen();
  if (unseen == looked_) co_return owed_;
  std::map<DeviceId, std::pair<std::uint64_t, Head>> spans;
  for (const auto& [device, head] : unseen) spans[device] = {vault->named(device).seq, head};
  vault.reset();
  auto look = [store = device_->store, spans = std::move(spans)] {
    return store->read([&spans](const store::ReadTxn& tx) {
      return std::any_of(spans.begin(), spans.end(), [&tx](const auto& span) {
        return has_news(tx, span.first, span.second.first, span.second.second);
      });
    });
  };
  const auto news = co_await run_on(device_->threads.reader, std::move(look));
  looked_ = unseen;
  owed_ = news.has_value() && *news;
  co_return owed_;
}

asio::awaitable<void> Acks::tell() {
  const auto vault = device_->unlocked;
  bool owed = false;
  if (vault) owed = co_await is_owed(vault);
  if (!owed) since_.reset();
  else if (!since_) since_ = Clock::now();
  if (!owed || Clock::now() < due() || device_->unlocked != vault) co_return;
  since_.reset();
  const auto written = co_await write_ack(vault, device_->writer);
  if (!written) co_return;
  device_->ack_written(written->seq);
}

}  // namespace vault::daemon
