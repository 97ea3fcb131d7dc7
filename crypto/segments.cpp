// SPDX-License-Identifier: Apache-2.0
#include "crypto/segments.hpp"

#include "base/limits.hpp"
#include "crypto/botan.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/seams.hpp"

namespace vault::crypto {
namespace {

constexpr std::size_t iv_bytes = 12;

// Runs AES-256-GCM for one object. Botan accepts an IV of any length and the same IV twice, and keeps the associated
// data of the last message. So every object has a new key, and every segment sets IV and associated data. There is one
// pair of contexts per thread, since making one costs more than sealing a small commit; each is cleared after use.
class Gcm {
 public:
  Gcm(Botan::AEAD_Mode& mode, const SealKeys& keys, BytesView header)
      : mode_(mode), aad_(header.begin(), header.end()), counter_(layout::number_at(header, layout::counter, 8)) {
    std::ranges::copy(header.subspan(layout::device_id, 4), iv_.begin());
    aad_.resize(header.size() + 4);
    mode_.set_key(keys.ek().data(), keys.ek().size());
  }
  ~Gcm() { mode_.clear(); }
  Gcm(const Gcm&) = delete;
  Gcm& operator=(const Gcm&) = delete;

  void start(std::uint32_t segment) {
    std::ranges::copy(be32(segment), std::span{aad_}.last(4).begin());
    std::ranges::copy(be64(counter_ + segment), iv_.begin() + 4);
    mode_.set_associated_data(aad_.data(), aad_.size());
    mode_.start(iv_.data(), iv_.size());
  }
  void finish(Botan::secure_vector<std::uint8_t>& buffer) { mode_.finish(buffer); }
  BytesView iv() const { return iv_; }
  std::uint64_t counter() const { return counter_; }

 private:
  Botan::AEAD_Mode& mode_;
  Bytes aad_;
  std::uint64_t counter_;
  std::array<std::uint8_t, iv_bytes> iv_{};
};

Botan::AEAD_Mode& mode_to_seal() {
  thread_local const auto mode = Botan::AEAD_Mode::create_or_throw("AES-256/GCM", botan::to_seal);
  return *mode;
}

Botan::AEAD_Mode& mode_to_open() {
  thread_local const auto mode = Botan::AEAD_Mode::create_or_throw("AES-256/GCM", botan::to_open);
  return *mode;
}

// Returns piece `i` of `all`, cut into pieces of `step` bytes.
template <class Span>
Span piece(Span all, std::size_t i, std::size_t step) {
  const auto from = i * step;
  return all.subspan(from, std::min(step, all.size() - from));
}

}  // namespace

std::uint32_t segments_of(std::size_t plaintext) {
  return static_cast<std::uint32_t>((plaintext + limits::segment_bytes - 1) / limits::segment_bytes);
}

void seal_segments(const SealKeys& keys, BytesView header, BytesView plaintext, BytesView key, Bytes& out) {
  Gcm gcm{mode_to_seal(), keys, header};
  Botan::secure_vector<std::uint8_t> buffer;
  const auto device = DeviceId::from(header.subspan(layout::device_id, DeviceId::size));
  const auto kind = header[layout::kind];
  for (std::uint32_t i = 0; i < segments_of(plaintext.size()); ++i) {
    const auto segment = piece(plaintext, i, limits::segment_bytes);
    buffer.assign(segment.begin(), segment.end());
    gcm.start(i);
    gcm.finish(buffer);
    seams::audit_seal({key, keys.ek(), gcm.iv(), buffer, device, gcm.counter() + i, kind});
    out.insert(out.end(), buffer.begin(), buffer.end());
  }
}

// Relies on two wipes. Botan leaves the plaintext of a segment with a wrong tag in `buffer`, which its allocator wipes,
// and the caller drops `out`, whose allocator does the same.
bool open_segments(const SealKeys& keys, BytesView header, BytesView sealed, Secret& out) {
  Gcm gcm{mode_to_open(), keys, header};
  Botan::secure_vector<std::uint8_t> buffer;
  for (std::uint32_t i = 0; i < segments_of(out.size()); ++i) {
    const auto segment = piece(sealed, i, limits::segment_bytes + layout::tag);
    buffer.assign(segment.begin(), segment.end());
    gcm.start(i);
    try {
      gcm.finish(buffer);
    } catch (const Botan::Invalid_Authentication_Tag&) {
      return false;
    }
    std::ranges::copy(buffer, piece(out.writable(), i, limits::segment_bytes).begin());
  }
  return true;
}

}  // namespace vault::crypto
