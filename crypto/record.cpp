#include "crypto/record.hpp"

#include "base/limits.hpp"
#include "crypto/hash.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/key_access.hpp"
#include "crypto/rules.hpp"

namespace vault::crypto {
namespace {

enum class Form : std::uint8_t { none = 0, inlined = 1, blob = 2 };

// Appends to wiped memory what ByteWriter appends to plain memory.
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

template <class Range, class Less>
bool strictly_ascending(const Range& range, Less less) {
  return std::ranges::adjacent_find(range, [&](const auto& a, const auto& b) { return !less(a, b); }) == range.end();
}

bool key_less(const Attribute& a, const Attribute& b) { return a.key < b.key; }

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

void read_attributes(ByteReader& in, RecordView& out) {
  const auto count = in.u16();
  if (count > limits::attributes) return in.fail();
  out.attributes.reserve(count);
  for (int i = 0; i < count && in.ok(); ++i) {
    const auto key = text_of(in.var8());
    const auto value = text_of(in.var16());
    if (!check_attribute(key, value)) return in.fail();
    out.attributes.push_back({key, value});
  }
  if (!strictly_ascending(out.attributes, key_less)) in.fail();
}

void read_replaces(ByteReader& in, RecordView& out) {
  const auto count = in.u16();
  if (count > limits::item_heads || count * VersionId::size > in.left()) return in.fail();
  out.replaces.reserve(count);
  for (int i = 0; i < count; ++i) out.replaces.push_back(VersionId::read(in));
  if (!strictly_ascending(out.replaces, std::less{})) in.fail();
}

void read_value(ByteReader& in, RecordView& out) {
  const auto form = static_cast<Form>(in.u8());
  if ((out.operation == Operation::remove) != (form == Form::none)) return in.fail();
  if (form == Form::inlined) {
    out.value = in.var32();
    if (out.value.size() > limits::value_bytes) in.fail();
  } else if (form == Form::blob) {
    out.blob = in.take(BlobRef::size);
    if (in.ok() && out.length() <= limits::value_bytes) in.fail();
  } else if (form != Form::none) {
    in.fail();
  }
}

void check_operation(ByteReader& in, const RecordView& record) {
  const bool is_remove = record.operation == Operation::remove;
  if (record.operation != Operation::put && !is_remove) in.fail();
  if (is_remove && (!record.content_type.empty() || !record.attributes.empty())) in.fail();
}

}  // namespace

BlobRef RecordView::blob_ref() const {
  VAULT_ASSERT(blob.size() == BlobRef::size);
  ByteReader in{blob};
  const auto blob_id = in.fixed<BlobId>();
  auto key = KeyAccess::copy_of<BlobKey>(in.take(BlobKey::size));
  const auto length = in.u64();
  return {blob_id, std::move(key), length, in.fixed<Hash>()};
}

std::uint64_t RecordView::length() const {
  return is_blob() ? layout::number_at(blob, BlobId::size + BlobKey::size, 8) : value.size();
}

RecordDraft draft_of(const RecordView& record, const BlobRef* blob) {
  return {record.id,       record.operation, record.name,    record.content_type, record.attributes,
          record.replaces, record.clock,     record.wall_ms, record.value,        blob};
}

Result<void> check_draft(const RecordDraft& draft) {
  if (auto name = check_name(draft.name); !name) return name;
  if (auto type = check_content_type(draft.content_type); !type) return type;
  if (draft.attributes.size() > limits::attributes) return Errc::too_many_attributes;
  for (const auto& [key, value] : draft.attributes)
    if (auto attribute = check_attribute(key, value); !attribute) return attribute;
  auto attributes = draft.attributes;
  std::ranges::sort(attributes, key_less);
  if (!strictly_ascending(attributes, key_less)) return Errc::attribute_bad;
  if (draft.operation == Operation::remove && !(draft.content_type.empty() && attributes.empty())) return Errc::usage;
  if (draft.value.size() > limits::value_bytes) return Errc::value_too_large;
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

RecordView read_record(ByteReader& in) {
  RecordView out;
  out.id = VersionId::read(in);
  auto ahead = in;
  out.operation = static_cast<Operation>(in.u8());
  out.name = text_of(in.var16());
  out.content_type = text_of(in.var8());
  if (!check_name(out.name) || !check_content_type(out.content_type)) in.fail();
  read_attributes(in, out);
  read_replaces(in, out);
  out.clock = in.u64();
  out.wall_ms = in.u64();
  read_value(in, out);
  check_operation(in, out);
  if (in.ok()) out.rest = ahead.take(ahead.left() - in.left());
  return out;
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
