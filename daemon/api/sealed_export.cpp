// SPDX-License-Identifier: Apache-2.0
#include "daemon/api/sealed_export.hpp"

#include <charconv>

#include "base/hex.hpp"
#include "daemon/api/export_manifest.hpp"
#include "daemon/os/wall_time.hpp"
#include "daemon/state/commit_rows.hpp"
#include "daemon/state/profile.hpp"
#include "store/vault_tables.hpp"
#include "wire/keyring_header.hpp"

namespace vault::daemon {
namespace {

constexpr std::size_t page_bytes = 240 * 1024;  // of objects: such an answer holds up the loop for a millisecond
constexpr std::size_t page_objects = 750;
constexpr std::size_t piece_bytes = 128 * 1024;

// Says where a page begins: an object and an offset in it. As text: "keyring/3@0", "chains/<device>/7@262144",
// "proofs/<device>/7-<hash>@0".
struct Position {
  enum class In { keyrings, chains, proofs } in = In::keyrings;
  std::uint32_t version = 1;
  store::Place place;
  store::ProofPlace proof;
  std::uint64_t offset = 0;
};

template <class Number>
bool read_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

// Splits "<device>/<rest>" into the device and the text after it.
std::optional<std::pair<DeviceId, std::string_view>> split_device(std::string_view text) {
  if (text.size() < 34 || text[32] != '/') return std::nullopt;
  const auto device = unhex_fixed<DeviceId>(text.substr(0, 32));
  if (!device) return std::nullopt;
  return std::pair{*device, text.substr(33)};
}

std::optional<Position> parse_proof(std::string_view text, Position at) {
  const auto split = split_device(text);
  const auto dash = split ? split->second.find('-') : text.npos;
  if (dash == text.npos || !read_number(split->second.substr(0, dash), at.proof.seq)) return std::nullopt;
  const auto hash = unhex_fixed<Hash>(split->second.substr(dash + 1));
  if (!hash) return std::nullopt;
  at.in = Position::In::proofs;
  at.proof.device = split->first;
  at.proof.hash = *hash;
  return at;
}

std::optional<Position> parse(std::string_view text) {
  Position at;
  const auto mark = text.find('@');
  if (mark == text.npos || !read_number(text.substr(mark + 1), at.offset)) return std::nullopt;
  text = text.substr(0, mark);
  if (text.starts_with("proofs/")) return parse_proof(text.substr(7), at);
  if (text.starts_with("keyring/")) {
    if (!read_number(text.substr(8), at.version) || at.version == 0) return std::nullopt;
    return at;
  }
  const auto split = text.starts_with("chains/") ? split_device(text.substr(7)) : std::nullopt;
  if (!split || !read_number(split->second, at.place.seq)) return std::nullopt;
  at.in = Position::In::chains;
  at.place.device = split->first;
  return at;
}

bool is_revoked(const store::ReadTxn& tx, const DeviceId& device) {
  const auto newest = tx.last(store::keyrings, store::Range<std::uint32_t>::all());
  const auto decoded = newest ? wire::decode_keyring_header(newest->second.view()) : Errc::gap;
  if (!decoded) return false;
  const auto& devices = decoded->header.devices;
  return std::ranges::any_of(devices, [&device](const auto& one) { return one.id == device && !one.may_write; });
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

  // Requires: the page is empty.
  void begin_with(Manifest manifest) {
    used_ += manifest.file.size();
    auto& out = result.objects.emplace_back();
    out.path = "manifest.bin";
    out.base64 = base64(manifest.file);
    result.manifest = std::move(manifest.said);
  }

  ipc::ExportResult result;

 private:
  std::size_t used_ = 0;
};

bool add_keyrings(const store::ReadTxn& tx, const Position& from, Page& page) {
  bool more = true;
  std::uint32_t last = 0;
  const auto add = [&](std::uint32_t version, const Sealed& object) {
    last = version;
    return more = page.add("keyring/" + std::to_string(version), object, version == from.version ? from.offset : 0);
  };
  if (const auto newest = tx.last(store::keyrings, store::Range<std::uint32_t>::all())) last = newest->first;
  tx.scan(store::keyrings, store::Range<std::uint32_t>::from(from.version), add);
  // Add the version with a new identity that the server does not have: the own chain names it.
  if (const auto unsent = get_unsent_identity(tx); more && unsent && from.version <= last + 1)
    add(last + 1, unsent->keyring);
  return more;
}

bool add_proofs(const store::ReadTxn& tx, const Position& from, Page& page) {
  bool more = true;
  tx.scan(store::proofs, store::Range<store::ProofPlace>::from(from.proof),
          [&](const store::ProofPlace& place, const Sealed& object) {
            const auto path = "proofs/" + hex(place.device) + "/" + std::to_string(place.seq) + "-" + hex(place.hash);
            return more = page.add(path, object, place == from.proof ? from.offset : 0);
          });
  return more;
}

// Returns where a chain that was verified up to `last` ends in an export. A chain cut among void commits was verified
// with the jump that made them void.
std::uint64_t end_of(const store::ReadTxn& tx, const DeviceId& device, std::uint64_t last) {
  const auto jump = tx.last(store::jumps, store::Range<store::Place>::starting_with(device));
  if (!jump || jump->first.seq <= last || jump->second > last || !is_revoked(tx, device)) return last;
  return jump->first.seq;
}

// True for own chains, also former ones: nobody else needs their void commits. In others' chains a later jump may
// continue from a void commit.
bool is_own(const store::ReadTxn& tx, const DeviceId& device) {
  const auto profile = get_profile(tx);
  return (profile && profile->device == device) || tx.contains(store::formers, device);
}

// Calls take(place, object) for each commit of an export from `from` on, until it returns false. True if it never did.
template <class Take>
bool each_commit(const store::ReadTxn& tx, const store::Place& from, Take take) {
  std::map<DeviceId, std::uint64_t> verified;
  tx.scan(store::heads, store::Range<DeviceId>::from(from.device),
          [&verified](const DeviceId& device, const Head& head) { verified[device] = head.seq; });
  bool more = true;
  for (const auto& [device, last] : verified) {
    if (!more) break;
    const auto first = device == from.device ? from : store::Place{device, 1};
    const auto end = end_of(tx, device, last);
    const auto voids = is_own(tx, device) ? void_seqs(tx, device, last) : std::vector<VoidSeqs>{};
    tx.scan(store::chains, store::Range<store::Place>::between(first, {device, end + 1}),
            [&](const store::Place& place, const Sealed& object) {
              return more = is_void(voids, place.seq) || take(place, object);
            });
  }
  return more;
}

bool add_chains(const store::ReadTxn& tx, const Position& from, Page& page) {
  return each_commit(tx, from.place, [&](const store::Place& place, const Sealed& object) {
    const auto path = "chains/" + hex(place.device) + "/" + std::to_string(place.seq);
    return page.add(path, object, place == from.place ? from.offset : 0);
  });
}

std::uint64_t count_commits(const store::ReadTxn& tx) {
  std::uint64_t count = 0;
  each_commit(tx, {}, [&count](const store::Place&, const Sealed&) { return ++count > 0; });
  return count;
}

}  // namespace

Result<ipc::ExportResult> export_page(const store::Store& store, const std::string& cursor) {
  Position from;
  if (!cursor.empty()) {
    const auto parsed = parse(cursor);
    if (!parsed) return Errc::usage;
    from = *parsed;
  }
  return store.read([&from, is_first = cursor.empty()](const store::ReadTxn& tx) {
    Page page;
    auto manifest = is_first ? make_manifest(tx, count_commits(tx), wall_time()) : std::nullopt;
    if (manifest) page.begin_with(std::move(*manifest));
    const auto at = from.in;
    bool more = at != Position::In::keyrings || add_keyrings(tx, from, page);
    if (more && at != Position::In::proofs) more = add_chains(tx, at == Position::In::chains ? from : Position{}, page);
    if (more) add_proofs(tx, at == Position::In::proofs ? from : Position{}, page);
    return std::move(page.result);
  });
}

}  // namespace vault::daemon
