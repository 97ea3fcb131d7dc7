#include "daemon/profile.hpp"

namespace vault::daemon {

std::optional<std::uint64_t> get_number(const store::ReadTxn& tx, std::string_view name) {
  const auto bytes = tx.get(store::meta, std::string{name});
  if (!bytes || bytes->size() != 8) return std::nullopt;
  return ByteReader{*bytes}.u64();
}

void put_number(store::WriteTxn& tx, std::string_view name, std::uint64_t value) {
  tx.put(store::meta, std::string{name}, ByteWriter{}.u64(value).take());
}

void remove_number(store::WriteTxn& tx, std::string_view name) { tx.remove(store::meta, std::string{name}); }

std::optional<Profile> get_profile(const store::ReadTxn& tx) {
  auto bytes = tx.get(store::meta, "profile");
  if (!bytes) return std::nullopt;
  ByteReader in{*bytes};
  Profile p;
  p.account = text_of(in.var16());
  p.origin = text_of(in.var16());
  p.ca_file = text_of(in.var16());
  p.vault = in.fixed<VaultId>();
  p.device = in.fixed<DeviceId>();
  p.net = Secret::copy_of(in.var16());
  const bool whole = in.done() && p.net.size() == 32;
  wipe(*bytes);
  if (!whole) return std::nullopt;
  return p;
}

void put_profile(store::WriteTxn& tx, const Profile& p) {
  ByteWriter out;
  out.var16(bytes_of(p.account)).var16(bytes_of(p.origin)).var16(bytes_of(p.ca_file));
  out.fixed(p.vault).fixed(p.device).var16(p.net.view());
  tx.put(store::meta, "profile", out.bytes());
}

}  // namespace vault::daemon
