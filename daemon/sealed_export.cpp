#include "daemon/sealed_export.hpp"

#include <charconv>

#include "base/hex.hpp"
#include "store/vault_tables.hpp"

namespace vault::daemon {
namespace {

constexpr std::size_t page_bytes = 240 * 1024;  // of objects: an answer that holds up the loop for a millisecond
constexpr std::size_t page_objects = 750;
constexpr std::size_t piece_bytes = 128 * 1024;

// Where a page begins: an object and an offset in it. Text: "keyring/3@0", "chains/<device>/7@262144".
struct Position {
  std::uint32_t version = 0;  // of a keyring; 0: the position is in the chains
  store::Place place;
  std::uint64_t offset = 0;
};

template <class Number>
bool read_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

std::optional<Position> parse(std::string_view text) {
  Position at;
  const auto mark = text.find('@');
  if (mark == text.npos || !read_number(text.substr(mark + 1), at.offset)) return std::nullopt;
  text = text.substr(0, mark);
  if (text.starts_with("keyring/")) {
    if (!read_number(text.substr(8), at.version) || at.version == 0) return std::nullopt;
    return at;
  }
  if (!text.starts_with("chains/") || text.size() < 41 || text[39] != '/') return std::nullopt;
  const auto device = unhex_fixed<DeviceId>(text.substr(7, 32));
  if (!device || !read_number(text.substr(40), at.place.seq)) return std::nullopt;
  at.place.device = *device;
  return at;
}

class Page {
 public:
  // Adds as much of the object as fits; false when the page is full.
  bool add(const std::string& path, const Sealed& object, std::uint64_t offset) {
    const auto bytes = object.view();
    while (offset < bytes.size()) {
      const auto piece = bytes.subspan(offset, std::min<std::size_t>(piece_bytes, bytes.size() - offset));
      if (result.objects.size() == page_objects || used_ + piece.size() > page_bytes) {
        result.cursor = path + "@" + std::to_string(offset);
        return false;
      }
      used_ += piece.size();
      auto& out = result.objects.emplace_back();
      out.path = path + ".bin";
      if (offset > 0) out.offset = offset;
      out.base64 = base64(piece);
      offset += piece.size();
    }
    return true;
  }

  ipc::ExportResult result;

 private:
  std::size_t used_ = 0;
};

bool add_keyrings(const store::ReadTxn& tx, const Position& from, Page& page) {
  bool more = true;
  tx.scan(store::keyrings, store::Range<std::uint32_t>::from(from.version),
          [&](std::uint32_t version, const Sealed& object) {
            return more = page.add("keyring/" + std::to_string(version), object,
                                   version == from.version ? from.offset : 0);
          });
  return more;
}

void add_chains(const store::ReadTxn& tx, const Position& from, Page& page) {
  std::map<DeviceId, std::uint64_t> verified;
  tx.scan(store::heads, store::Range<DeviceId>::from(from.place.device),
          [&verified](const DeviceId& device, const Head& head) { verified[device] = head.seq; });
  bool more = true;
  for (const auto& [device, last] : verified) {
    if (!more) return;
    const auto first = device == from.place.device ? from.place : store::Place{device, 1};
    tx.scan(store::chains, store::Range<store::Place>::between(first, {device, last + 1}),
            [&](const store::Place& place, const Sealed& object) {
              const auto path = "chains/" + hex(place.device) + "/" + std::to_string(place.seq);
              return more = page.add(path, object, place == from.place ? from.offset : 0);
            });
  }
}

}  // namespace

Result<ipc::ExportResult> export_page(const store::Store& store, const std::string& cursor) {
  Position from{.version = 1};
  if (!cursor.empty()) {
    const auto parsed = parse(cursor);
    if (!parsed) return Errc::usage;
    from = *parsed;
  }
  return store.read([&from](const store::ReadTxn& tx) {
    Page page;
    if (from.version == 0 || add_keyrings(tx, from, page)) add_chains(tx, from.version == 0 ? from : Position{}, page);
    return std::move(page.result);
  });
}

}  // namespace vault::daemon
