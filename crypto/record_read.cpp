// SPDX-License-Identifier: Apache-2.0
#include "base/limits.hpp"
#include "crypto/key_access.hpp"
#include "crypto/record_rules.hpp"
#include "crypto/rules.hpp"

namespace vault::crypto {
namespace {

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
    if (in.ok() && (out.length() <= limits::value_bytes || out.length() > limits::blob_bytes)) in.fail();
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
  if (out.wall_ms >= limits::wall_end) in.fail();
  read_value(in, out);
  check_operation(in, out);
  if (in.ok()) out.rest = ahead.take(ahead.left() - in.left());
  return out;
}

}  // namespace vault::crypto
