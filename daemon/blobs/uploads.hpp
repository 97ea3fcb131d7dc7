// SPDX-License-Identifier: Apache-2.0
// Sends the chunks of large values to the server. The commits that name them wait for them; rounds do not.
//
// Begins when rounds succeed and something is owed. Asks which chunks of a blob the server has, and sends the rest, a
// few at a time. Chunks are sealed, so it needs no key. After a failure it tries again with back-off.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include "daemon/remote/backoff.hpp"
#include "daemon/remote/remote.hpp"
#include "daemon/state/blobs.hpp"

namespace vault::daemon {

struct UploadCounts {
  std::uint64_t chunks = 0, bytes = 0;  // acknowledged since the start
};

class Uploads {
 public:
  // `allowed` says whether anything may be sent now; `sent` is called when the server has a whole blob.
  Uploads(asio::any_io_executor executor, Threads& threads, Blobs& blobs, Remote& remote, std::function<bool()> allowed,
          std::function<void()> sent);

  asio::awaitable<void> run();  // until cancelled
  void kick();                  // there may be something to do, or a reason to try at once

  bool waiting() const;                 // something is owed
  std::uint64_t pending_bytes() const;  // sealed, without what the server has acknowledged
  // Returns when nothing is owed. Errors: those of a try that failed; busy if nothing has moved for `patience`, or at
  // `end` if given.
  asio::awaitable<Result<void>> settled(std::chrono::seconds patience,
                                        std::optional<std::chrono::steady_clock::time_point> end);

  const std::optional<boost::system::error_code>& last_error() const { return last_error_; }  // of the last try
  const UploadCounts& counts() const { return counts_; }

 private:
  struct Work;
  asio::awaitable<void> tries();
  asio::awaitable<Result<void>> send_all();
  asio::awaitable<Result<void>> send(BlobId id, store::BlobRow row);
  asio::awaitable<Result<std::vector<std::uint64_t>>> lacking(Work& work);
  asio::awaitable<void> lane(Work& work);
  asio::awaitable<void> send_some(Work& work);
  asio::awaitable<Result<void>> send_chunk(Work& work, std::uint64_t index);
  asio::awaitable<void> wait_for(std::chrono::milliseconds time);
  void moved() { changed_.cancel(); }

  asio::any_io_executor executor_;
  Threads& threads_;
  Blobs& blobs_;
  Remote& remote_;
  std::function<bool()> allowed_;
  std::function<void()> sent_;
  asio::steady_timer wait_, changed_;
  bool kicked_ = false;
  std::uint64_t present_ = 0;  // bytes of the blob under way that the server has
  std::uint64_t tried_ = 0;    // tries that have ended
  Backoff backoff_;
  std::optional<boost::system::error_code> last_error_;
  UploadCounts counts_;
};

}  // namespace vault::daemon
