#include "crypto/key.hpp"

struct Mine : vault::crypto::VaultKey {
  using VaultKey::VaultKey;
#ifdef FORBIDDEN
  vault::BytesView view() const { return bytes_.view(); }
#endif
};
