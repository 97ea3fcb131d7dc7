// SPDX-License-Identifier: Apache-2.0
// Gives the .cpp files of crypto/ and their tests, and nobody else, access to the bytes of a key. A test fails if
// another folder includes this.
#pragma once

#include "base/assert.hpp"
#include "crypto/key.hpp"

namespace vault::crypto {

struct KeyAccess {
  template <class Purpose>
  static BytesView view(const Key<Purpose>& key) {
    VAULT_ASSERT(key.bytes_.size() == Key<Purpose>::size);  // fails for a key that was moved from
    VAULT_ASSERT(key.process_ == ::getpid());               // fails for a key of the process that forked this one
    return key.bytes_.view();
  }
  template <class AnyKey>
  static Key<typename AnyKey::purpose> make(Secret bytes) {
    VAULT_ASSERT(bytes.size() == AnyKey::size);
    return Key<typename AnyKey::purpose>{std::move(bytes)};
  }
  template <class AnyKey>
  static Key<typename AnyKey::purpose> copy_of(BytesView bytes) {
    return make<AnyKey>(Secret::copy_of(bytes));
  }
};

}  // namespace vault::crypto
