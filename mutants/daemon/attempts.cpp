#include "daemon/attempts.hpp"

namespace vault::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t free_failures = 5;  // a person tries the other keyboard layout, and the password before
constexpr std::uint64_t doublings = 5;      // up to 32 s, cut to the longest
constexpr std::chrono::seconds longest = 30s;

std::chrono::seconds wait_after(std::uint64_t failures) {
  if (failures <= free_failures) return 0s;
  return std::min(longest, 1s * (1 << std::min(failures - free_failures - 1, doublings)));
}

}  // namespace

Result<void> Attempts::begin(const Device& device) {
  if (!std::exchange(loaded_, true)) {
    const auto stored =
        device.store->read([](const store::ReadTxn& tx) { return get_number(tx, meta::unlock_failures).value_or(0); });
    if (stored) failures_ = *stored;
    next_ += wait_after(failures_);  // from the start of this daemon
  }
  const auto left = next_ - Clock::now();
  if (left > Clock::duration{}) return wait_error(std::chrono::ceil<std::chrono::seconds>(left));
  return {};
}

// A disk that is full does not keep anybody from what is on it: then this daemon alone remembers.
asio::awaitable<void> Attempts::remember(std::shared_ptr<Device> device, std::uint64_t failures) {
  failures_ = failures;
  auto work = [failures](store::WriteTxn& tx) {
    if (failures != 0) put_number(tx, meta::unlock_failures, failures);
    else remove_number(tx, meta::unlock_failures);
  };
  const auto done = co_await device->writer.write(std::move(work));
  if (!done) log::warning("could not store how many passwords were wrong", {{"error", done.error()}});
}

asio::awaitable<Result<void>> Attempts::run(std::shared_ptr<Device> device, asio::awaitable<Result<void>> unlock) {
  if (const auto may = begin(*device); !may) co_return may.error();
  const auto before = failures_;
  co_await remember(device, before + 1);
  const auto done = co_await std::move(unlock);
  const bool wrong = !done && class_of(done.error()) == Errc::auth;
  if (wrong) next_ = Clock::now() + wait_after(failures_);
  else co_await remember(device, done ? 0 : before);
  co_return done;
}

}  // namespace vault::daemon
