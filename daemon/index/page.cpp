// SPDX-License-Identifier: Apache-2.0
#include "daemon/index/page.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/order.hpp"
#include "base/secret.hpp"
#include "store/errc.hpp"

namespace vault::daemon {
namespace {

enum Form : std::uint8_t { heads_form = 0, past_form = 1 };

constexpr std::size_t entry_overhead = 32;  // bytes, more than three numbers take

// Writes entries into pages of about `page_bytes` each.
class PageWriter {
 public:
  explicit PageWriter(std::size_t page_bytes) : page_bytes_(page_bytes) {}

  void add(const EntryKey& key, BytesView body) {
    if (out_.size() > 0 && out_.size() + body.size() > page_bytes_) end_page();
    if (out_.size() == 0) first_ = {std::string{key.name}, key.past};
    const auto most = std::min(last_.size(), key.name.size());
    std::size_t shared = 0;
    while (shared < most && last_[shared] == key.name[shared]) ++shared;
    put_varint(out_, shared);
    put_varint(out_, key.name.size() - shared);
    out_.raw(bytes_of(key.name.substr(shared)));
    put_varint(out_, body.size());
    out_.raw(body);
    last_.assign(key.name);
  }

  std::vector<IndexPagePtr> take() {
    end_page();
    return std::move(pages_);
  }

 private:
  void end_page() {
    if (out_.size() == 0) return;
    const auto& bytes = out_.bytes();
    pages_.push_back(
        std::make_shared<const IndexPage>(Bytes(bytes.begin(), bytes.end()), EntryKey{first_.first, first_.second}));
    auto written = out_.take();
    wipe(written);
    out_ = ByteWriter{};
    last_.clear();
  }

  std::size_t page_bytes_;
  ByteWriter out_;
  std::string last_;
  std::pair<std::string, std::optional<VersionId>> first_;
  std::vector<IndexPagePtr> pages_;
};

}  // namespace

Entry entry_of(std::string_view name, const ItemHeads& item, DeviceNumbers& devices) {
  ByteWriter out;
  out.u8(heads_form);
  pack(out, item, devices);
  return {name, std::nullopt, out.take()};
}

Entry entry_of(std::string_view name, const Version& past, DeviceNumbers& devices) {
  ByteWriter out;
  out.u8(past_form);
  pack(out, past.id, devices);
  pack(out, past, devices);
  return {name, past.id, out.take()};
}

// `matched` counts the bytes that the entry before, whose name is less than `name`, has in common with `name`.
ItemHeads find_heads(BytesView page, std::string_view name, const DeviceNumbers& devices) {
  ByteReader in{page};
  for (std::size_t matched = 0; in.left() > 0;) {
    const auto shared = static_cast<std::size_t>(get_varint(in));
    const auto rest = text_of(in.take(static_cast<std::size_t>(get_varint(in))));
    const auto body = in.take(static_cast<std::size_t>(get_varint(in)));
    if (shared > matched) continue;  // less, like the entry before
    if (shared < matched) break;     // greater: it differs in a byte that was equal before
    const auto wanted = name.substr(matched);
    const auto common = static_cast<std::size_t>(
        std::mismatch(rest.begin(), rest.end(), wanted.begin(), wanted.end()).first - rest.begin());
    matched += common;
    if (common == rest.size() && common == wanted.size()) {
      ByteReader heads{body};
      return heads.u8() == heads_form ? unpack_heads(heads, devices) : ItemHeads{};
    }
    if (compare_bytes(bytes_of(rest), bytes_of(wanted)) > 0) break;  // beyond `name` in the page's order
  }
  return {};
}

bool PageReader::next() {
  if (in_.left() == 0) return false;
  const auto shared = get_varint(in_);
  if (shared > name_.size()) in_.fail();
  const auto rest = in_.take(static_cast<std::size_t>(get_varint(in_)));
  body_ = in_.take(static_cast<std::size_t>(get_varint(in_)));
  if (!in_.ok()) return false;
  name_.resize(static_cast<std::size_t>(shared));
  name_.append(text_of(rest));
  ByteReader body{body_};
  const auto form = body.u8();
  past_.reset();
  if (form == past_form) past_ = unpack_id(body, devices_);
  if (form > past_form || !body.ok()) in_.fail();
  return in_.ok();
}

ItemHeads PageReader::heads() {
  ByteReader in{body_.subspan(1)};
  auto out = unpack_heads(in, devices_);
  if (!in.done()) in_.fail();
  return out;
}

Version PageReader::past() {
  ByteReader in{body_.subspan(1)};
  const auto id = unpack_id(in, devices_);
  auto out = unpack_version(in, devices_);
  if (!in.done() || out.id != id) in_.fail();
  return out;
}

IndexPage::~IndexPage() {
  wipe(bytes_);
  wipe({reinterpret_cast<std::uint8_t*>(name_.data()), name_.size()});
}

Result<IndexPagePtr> IndexPage::parse(BytesView bytes, const DeviceNumbers& devices) {
  PageReader reader{bytes, devices};
  std::string name;
  std::optional<EntryKey> before;
  IndexPagePtr out;
  while (reader.next()) {
    if (before && !(*before < reader.key())) return StoreErrc::store_damaged;
    if (reader.is_heads()) (void)reader.heads();
    else (void)reader.past();
    if (!out) out = std::make_shared<const IndexPage>(Bytes(bytes.begin(), bytes.end()), reader.key());
    name = reader.name();
    before = EntryKey{name, reader.key().past};
  }
  if (!out || !reader.whole()) return StoreErrc::store_damaged;
  return out;
}

std::vector<IndexPagePtr> merge(const IndexPage* page, std::span<const Entry> fresh, std::size_t page_bytes,
                                const DeviceNumbers& devices) {
  // Splits into even parts: a full page and a nearly empty one would be split again and again.
  auto total = page != nullptr ? page->bytes().size() : 0;
  for (const auto& entry : fresh) total += entry.name.size() + entry.body.size();
  const auto parts = total <= page_bytes ? 1 : total / (page_bytes / 2);
  PageWriter out{parts == 1 ? total + fresh.size() * entry_overhead : total / parts};
  PageReader old{page != nullptr ? page->bytes() : BytesView{}, devices};
  bool more = old.next();
  for (const auto& entry : fresh) {
    for (; more && old.key() < entry.key(); more = old.next()) out.add(old.key(), old.body());
    if (more && old.key() == entry.key()) more = old.next();
    out.add(entry.key(), entry.body);
  }
  for (; more; more = old.next()) out.add(old.key(), old.body());
  VAULT_ASSERT(old.whole());
  return out.take();
}

}  // namespace vault::daemon
