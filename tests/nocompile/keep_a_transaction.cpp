// SPDX-License-Identifier: Apache-2.0
#include "store/txn.hpp"

const vault::store::ReadTxn* look(const vault::store::ReadTxn& txn) {
#ifdef FORBIDDEN
  return new vault::store::ReadTxn{txn};
#else
  return &txn;
#endif
}
