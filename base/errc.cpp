// SPDX-License-Identifier: Apache-2.0
#include "base/errc.hpp"

#include <array>
#include <boost/asio/error.hpp>
#include <string>

#include "base/error_table.hpp"

namespace vault {
namespace {

constexpr std::array classes{
    ErrorClass{Errc::auth, "E_AUTH", 6, 401, "the password, account or device was refused"},
    ErrorClass{Errc::tamper, "E_TAMPER", 11, 400, "data from the server is not authentic"},
    ErrorClass{Errc::rollback, "E_ROLLBACK", 11, 409, "the server shows an older state than this device has seen"},
    ErrorClass{Errc::fork, "E_FORK", 11, 409, "the server shows two different histories"},
    ErrorClass{Errc::gap, "E_GAP", 11, 409, "the server withholds data that other devices have written"},
    ErrorClass{Errc::downgrade, "E_DOWNGRADE", 11, 400, "unknown or outdated format or key derivation suite"},
    ErrorClass{Errc::limit, "E_LIMIT", 14, 413, "too large"},
    ErrorClass{Errc::keystate, "E_KEYSTATE", 5, 409,
               "this device needs a new identity before it can write: unlock again"},
    ErrorClass{Errc::storage, "E_STORAGE", 13, 507, "the local disk or database failed"},
    ErrorClass{Errc::conflict, "E_CONFLICT", 8, 409, "somebody else wrote in between"},
    ErrorClass{Errc::denied, "E_DENIED", 9, 403, "not allowed"},
    ErrorClass{Errc::locked, "E_LOCKED", 5, 423, "the vault is locked: run vaultctl unlock"},
    ErrorClass{Errc::offline, "E_OFFLINE", 10, 503, "the server cannot be reached"},
    ErrorClass{Errc::not_found, "E_NOT_FOUND", 7, 404, "not found"},
    ErrorClass{Errc::usage, "E_USAGE", 2, 400, "the request is not valid"},
    ErrorClass{Errc::busy, "E_BUSY", 12, 429, "busy or timed out: try again"},
    ErrorClass{Errc::cancelled, "E_CANCELLED", 3, 499, "cancelled"},
    ErrorClass{Errc::no_daemon, "E_NO_DAEMON", 4, 503,
               "vaultd is not running: start it with systemctl --user start vaultd, or run vaultd"},
    ErrorClass{Errc::internal, "E_INTERNAL", 1, 500, "internal error"},
};

const ErrorClass& row(Errc klass) {
  for (const auto& c : classes)
    if (c.code == klass) return c;
  return classes.back();
}

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "vault"; }
  std::string message(int value) const override { return std::string{row(static_cast<Errc>(value)).sentence}; }
};

bool is_network_error(const boost::system::error_code& error) {
  if (error.category() == boost::asio::error::get_addrinfo_category() ||
      error.category() == boost::asio::error::get_netdb_category() ||
      error.category() == boost::asio::error::get_misc_category())
    return true;
  using namespace boost::system::errc;
  for (auto code : {connection_refused, connection_reset, connection_aborted, host_unreachable, network_unreachable,
                    network_down, timed_out, broken_pipe, not_connected, address_not_available})
    if (error == make_error_condition(code)) return true;
  return false;
}

}  // namespace

const boost::system::error_category& errc_category() noexcept {
  static const Category category;
  return category;
}

std::span<const ErrorClass> error_classes() { return classes; }

const ErrorClass& error_class(const boost::system::error_code& error) {
  if (error.category() == errc_category()) return row(static_cast<Errc>(error.value()));
  if (const auto* table = dynamic_cast<const ErrorTable*>(&error.category()))
    return row(table->class_of(error.value()));
  if (error == boost::asio::error::operation_aborted) return row(Errc::cancelled);
  if (is_network_error(error)) return row(Errc::offline);
  if (error.category() == boost::system::generic_category() || error.category() == boost::system::system_category())
    return row(Errc::storage);
  return row(Errc::internal);
}

std::string sentence_of(const boost::system::error_code& error) {
  const bool ours =
      error.category() == errc_category() || dynamic_cast<const ErrorTable*>(&error.category()) != nullptr;
  return ours ? error.message() : std::string{error_class(error).sentence};
}

const ErrorClass* error_class_named(std::string_view kind) {
  for (const auto& c : classes)
    if (c.kind == kind) return &c;
  return nullptr;
}

}  // namespace vault
