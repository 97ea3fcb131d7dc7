// SPDX-License-Identifier: Apache-2.0
#include "base/input_errc.hpp"
#include "base/limits.hpp"
#include "crypto/hash.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/key_access.hpp"
#include "crypto/record_rules.hpp"
#include "crypto/rules.hpp"

namespace vault::crypto {
namespace {

// Appends to wiped memory in the formats of ByteWriter.
class SecretWriter {
 public:
  explicit SecretWriter(Secret& out) : out_(out) {}
  SecretWriter& raw(BytesView v) {
    out_.append(v);
    return *this;
  }
  SecretWriter& u8(std::uint8_t v) { return raw({&v, 1}); }
  SecretWriter& u16(std::size_t v) { return raw(BytesView{be32(static_cast<std::uint32_t>(v))}.last(2)); }
  SecretWriter& u32(std::size_t v) { return raw(be32(static_cast<std::uint32_t>(v))); }
  SecretWriter& u64(std::uint64_t v) { return raw(be64(v)); }

 private:
  Secret& out_;
};

void append_value(SecretWriter& out, const RecordDraft& draft) {
  if (draft.operation == Operation::remove) {
    out.u8(static_cast<std::uint8_t>(Form::none));
  } else if (draft.blob != nullptr) {
    out.u8(static_cast<std::uint8_t>(Form::blob)).raw(draft.blob->id.view()).raw(KeyAccess::view(draft.blob->key));
    out.u64(draft.blob->length).raw(draft.blob->root.view());
  } else {
    out.u8(static_cast<std::uint8_t>(Form::inlined)).u32(draft.value.size()).raw(draft.value);
  }
}

void append_rest(Secret& to, const RecordDraft& draft) {
  SecretWriter out{to};
  auto attributes = draft.attributes;
  auto replaces = draft.replaces;
  std::ranges::sort(attributes, key_less);
  std::ranges::sort(replaces);
  out.u8(static_cast<std::uint8_t>(draft.operation)).u16(draft.name.size()).raw(bytes_of(draft.name));
  out.u8(static_cast<std::uint8_t>(draft.content_type.size())).raw(bytes_of(draft.content_type));
  out.u16(attributes.size());
  for (const auto& [key, value] : attributes) {
    out.u8(static_cast<std::uint8_t>(key.size())).raw(bytes_of(key));
    out.u16(value.size()).raw(bytes_of(value));
  }
  out.u16(replaces.size());
  for (const auto& id : replaces) out.raw(id.bytes());
  out.u64(draft.clock).u64(draft.wall_ms);
  append_value(out, draft);
}

VersionId::Check make_check(const VersionCheckKey& key, const VersionId& id, BytesView rest) {
  const auto mac =
      hmac_sha256(KeyAccess::view(key), id.device.view(), BytesView{be64(id.seq)}, BytesView{be32(id.index)}, rest);
  VersionId::Check out{};
  std::ranges::copy(mac.view().first(out.size()), out.begin());
  return out;
}

}  // namespace

RecordDraft draft_of(const RecordView& record, const BlobRef* blob) {
  return {record.id,       record.operation, record.name,    record.content_type, record.attributes,
          record.replaces, record.clock,     record.wall_ms, record.value,        blob};
}

Result<void> check_draft(const RecordDraft& draft) {
  if (auto name = check_name(draft.name); !name) return name;
  if (auto type = check_content_type(draft.content_type); !type) return type;
  if (draft.attributes.size() > limits::attributes) return InputErrc::too_many_attributes;
  for (const auto& [key, value] : draft.attributes)
    if (auto attribute = check_attribute(key, value); !attribute) return attribute;
  auto attributes = draft.attributes;
  std::ranges::sort(attributes, key_less);
  if (!strictly_ascending(attributes, key_less)) return InputErrc::attribute_bad;
  if (draft.operation == Operation::remove && !(draft.content_type.empty() && attributes.empty())) return Errc::usage;
  if (draft.value.size() > limits::value_bytes) return InputErrc::value_too_large;
  if (draft.replaces.size() > limits::item_heads) return Errc::limit;
  auto replaces = draft.replaces;
  std::ranges::sort(replaces);
  if (!strictly_ascending(replaces, std::less{})) return Errc::usage;
  return {};
}

VersionId append_record(Secret& out, const RecordDraft& draft, const RecordPlace& place, const VersionCheckKey& key) {
  auto id = draft.kept_id.value_or(VersionId{place.device, place.seq, place.index, {}});
  const auto at = out.size();
  out.append(id.bytes());
  append_rest(out, draft);
  if (!draft.kept_id) {
    id.check = make_check(key, id, out.view().subspan(at + VersionId::size));
    std::ranges::copy(id.bytes(), out.writable().subspan(at).begin());
  }
  return id;
}

bool check_is_right(const VersionCheckKey& key, const RecordView& record) {
  return constant_time_equal(make_check(key, record.id, record.rest), record.id.check);
}

bool wins_over(const Rank& a, const Rank& b) {
  if (a.operation != b.operation) return a.operation == Operation::put;
  if (a.clock != b.clock) return a.clock > b.clock;
  return sha256(BytesView{a.id.bytes()}) > sha256(BytesView{b.id.bytes()});
}

}  // namespace vault::crypto
