// SPDX-License-Identifier: Apache-2.0
#include "crypto/hash.hpp"

#include "crypto/botan.hpp"

namespace vault::crypto {
namespace {

std::unique_ptr<Botan::HashFunction> new_sha256() { return Botan::HashFunction::create_or_throw("SHA-256"); }

}  // namespace

Sha256::Sha256() : state_(new_sha256()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

Sha256& Sha256::update(BytesView more) {
  state_->update(more.data(), more.size());
  return *this;
}

Hash Sha256::finish() {
  Hash out;
  state_->final(out.raw.data());
  return out;
}

// Hashes with one object per thread, because making one takes longer than hashing a commit.
Hash sha256_of(std::span<const BytesView> parts) {
  thread_local const auto sha = new_sha256();
  for (auto part : parts) sha->update(part.data(), part.size());
  Hash out;
  sha->final(out.raw.data());
  return out;
}

void hmac_into(BytesView key, std::span<const BytesView> parts, std::span<std::uint8_t, 32> out) {
  thread_local const auto mac = Botan::MessageAuthenticationCode::create_or_throw("HMAC(SHA-256)");
  mac->set_key(key.data(), key.size());
  for (auto part : parts) mac->update(part.data(), part.size());
  mac->final(out.data());
  mac->clear();  // removes the key, which this object must not keep
}

}  // namespace vault::crypto
