// SPDX-License-Identifier: Apache-2.0
// Includes all that we use of Botan, and hides what differs between 2.19 (Debian 12) and 3 (Debian 13). Only .cpp files
// of crypto/ include this.
#pragma once

#include <botan/aead.h>
#include <botan/hash.h>
#include <botan/mac.h>
#include <botan/pwdhash.h>
#include <botan/sodium.h>
#include <botan/version.h>

namespace vault::crypto::botan {

#if BOTAN_VERSION_MAJOR >= 3
inline constexpr auto to_seal = Botan::Cipher_Dir::Encryption;
inline constexpr auto to_open = Botan::Cipher_Dir::Decryption;
#else
inline constexpr auto to_seal = Botan::ENCRYPTION;
inline constexpr auto to_open = Botan::DECRYPTION;
#endif

}  // namespace vault::crypto::botan
