// SPDX-License-Identifier: Apache-2.0
// VersionId names one write of an item: device, seq and index of its first sealing. Its check tells apart what two
// clones of a device wrote in one place. The id stays when the write is sealed again under another identity.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace vault::crypto {

struct VersionId {
  static constexpr std::size_t size = 36;  // bytes in a record
  using Check = std::array<std::uint8_t, 8>;

  DeviceId device;
  std::uint64_t seq = 0;
  std::uint32_t index = 0;
  Check check{};

  auto operator<=>(const VersionId&) const = default;  // orders like the encoded bytes

  std::array<std::uint8_t, size> bytes() const;
  static VersionId read(ByteReader& in);
};

// Convert to and from "<device, hex>-<seq>-<index>-<check, hex>". version_id_from() returns nullopt for anything that
// to_text() would not have written.
std::string to_text(const VersionId& id);
std::optional<VersionId> version_id_from(std::string_view text);

}  // namespace vault::crypto

template <>
struct std::hash<vault::crypto::VersionId> {
  std::size_t operator()(const vault::crypto::VersionId& id) const noexcept {
    std::size_t out;
    std::memcpy(&out, id.check.data(), sizeof out);  // part of a MAC, so already evenly distributed
    return out ^ static_cast<std::size_t>(id.seq << 20 ^ id.index);
  }
};
