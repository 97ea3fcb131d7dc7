// SPDX-License-Identifier: Apache-2.0
// Takes a large value in from a client's file, and seals it chunk by chunk to a file of this device. Memory is a few
// chunks, whatever the size.
#pragma once

#include "daemon/os/client_file.hpp"
#include "daemon/state/blobs.hpp"
#include "daemon/vault/unlocked.hpp"

namespace vault::daemon {

// Holds what came in: a small value itself, or a large one that is on the disk. Removes the file with the object unless
// keep() was called: when the commit that names it is durable.
class Incoming {
 public:
  explicit Incoming(Secret value) : value_(std::move(value)) {}
  Incoming(Blobs& blobs, std::shared_ptr<const crypto::BlobRef> ref, Blobs::Local local)
      : ref_(std::move(ref)), local_(std::move(local)), blobs_(&blobs) {}
  Incoming(Incoming&& from) noexcept;
  Incoming& operator=(Incoming&&) = delete;
  ~Incoming();

  Secret& value() { return value_; }
  const std::shared_ptr<const crypto::BlobRef>& ref() const { return ref_; }  // null for a small value
  std::uint64_t size() const { return ref_ ? ref_->length : value_.size(); }

  void keep();

 private:
  Secret value_;
  std::shared_ptr<const crypto::BlobRef> ref_;
  Blobs::Local local_;
  Blobs* blobs_ = nullptr;
};

// Reads all of the file, or exactly `length` bytes. Calls `moved` after each chunk. The returned value is durable.
// Errors: input_length_wrong, blob_too_large, disk_full, storage.
asio::awaitable<Result<Incoming>> take_in(Blobs& blobs, Threads& threads, std::shared_ptr<const Unlocked> vault,
                                          ClientFile& from, std::optional<std::uint64_t> length,
                                          std::function<void()> moved);

}  // namespace vault::daemon
