// SPDX-License-Identifier: Apache-2.0
#include "crypto/key.hpp"

using namespace vault::crypto;

#ifdef FORBIDDEN
OwnDeviceKey adopt(DeviceKey key) { return OwnDeviceKey{std::move(key)}; }
#else
DeviceKey opener(const OwnDeviceKey& key) { return key.opener(); }
#endif
