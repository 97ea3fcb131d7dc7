// SPDX-License-Identifier: Apache-2.0
#include "daemon/vault/write_queue.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace vault::daemon {

WriteQueue::Place::Place(WriteQueue& queue, asio::any_io_executor executor, std::vector<std::string> names)
    : queue_(queue), names_(std::move(names)), wake_(std::move(executor), asio::steady_timer::time_point::max()) {
  std::ranges::sort(names_);
  names_.erase(std::ranges::unique(names_).begin(), names_.end());
  for (const auto& name : names_) queue_.queues_[name].push_back(this);
}

bool WriteQueue::Place::is_first() const {
  return std::ranges::all_of(names_, [this](const auto& name) { return queue_.queues_.at(name).front() == this; });
}

asio::awaitable<void> WriteQueue::Place::come() {
  while (!is_first()) co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
}

void WriteQueue::Place::end() {
  for (const auto& name : names_) {
    const auto queue = queue_.queues_.find(name);
    std::erase(queue->second, this);
    if (queue->second.empty()) queue_.queues_.erase(queue);
    else queue->second.front()->wake_.cancel();
  }
  names_.clear();
}

}  // namespace vault::daemon
