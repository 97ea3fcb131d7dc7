// SPDX-License-Identifier: Apache-2.0
#include "tests/server/counted.hpp"

#include <lmdb.h>

#include "base/bytes.hpp"
#include "crypto/verify.hpp"

namespace {

vault::tests::Counted* counted = nullptr;

void note(std::string what) {
  if (counted != nullptr) counted->work.push_back(std::move(what));
}

using Parts = std::span<const vault::BytesView>;
using Mac = std::span<std::uint8_t, 32>;

}  // namespace

extern "C" {
int __real_mdb_get(MDB_txn* txn, MDB_dbi dbi, MDB_val* key, MDB_val* value);
int __wrap_mdb_get(MDB_txn* txn, MDB_dbi dbi, MDB_val* key, MDB_val* value) {
  note("get " + std::to_string(dbi) + " by " + std::to_string(key->mv_size));
  return __real_mdb_get(txn, dbi, key, value);
}

int __real_mdb_cursor_get(MDB_cursor* cursor, MDB_val* key, MDB_val* value, MDB_cursor_op op);
int __wrap_mdb_cursor_get(MDB_cursor* cursor, MDB_val* key, MDB_val* value, MDB_cursor_op op) {
  note("move " + std::to_string(op) + " in " + std::to_string(mdb_cursor_dbi(cursor)));
  return __real_mdb_cursor_get(cursor, key, value, op);
}
}

// The names of C++ functions as the linker has them; a name that is wrong does not link.
void real_hmac(vault::BytesView key, Parts parts, Mac out) asm(
    "__real__ZN5vault6crypto9hmac_intoESt4spanIKhLm18446744073709551615EES1_IKS3_Lm18446744073709551615EES1_IhLm32EE");
void wrap_hmac(vault::BytesView key, Parts parts, Mac out) asm(
    "__wrap__ZN5vault6crypto9hmac_intoESt4spanIKhLm18446744073709551615EES1_IKS3_Lm18446744073709551615EES1_IhLm32EE");
void wrap_hmac(vault::BytesView key, Parts parts, Mac out) {
  std::size_t size = 0;
  for (const auto& part : parts) size += part.size();
  note("mac of " + std::to_string(size));
  real_hmac(key, parts, out);
}

bool real_verify(const vault::SignKey& key, vault::BytesView message, const vault::Signature& signature) asm(
    "__real__ZN5vault6crypto24verify_request_signatureERKNS_10FixedBytesINS_10SignKeyTagELm32EEESt4spanIKhLm18446744073"
    "709551615EERKNS1_INS_12SignatureTagELm64EEE");
bool wrap_verify(const vault::SignKey& key, vault::BytesView message, const vault::Signature& signature) asm(
    "__wrap__ZN5vault6crypto24verify_request_signatureERKNS_10FixedBytesINS_10SignKeyTagELm32EEESt4spanIKhLm18446744073"
    "709551615EERKNS1_INS_12SignatureTagELm64EEE");
bool wrap_verify(const vault::SignKey& key, vault::BytesView message, const vault::Signature& signature) {
  note("verify " + std::to_string(message.size()));
  return real_verify(key, message, signature);
}

namespace vault::tests {

Counted::Counted() { counted = this; }
Counted::~Counted() { counted = nullptr; }

}  // namespace vault::tests
