// SPDX-License-Identifier: Apache-2.0
// Lists the classes of errors, on which programs branch.
//
// A class has a name on the wire, a JSON-RPC number, an exit code and an HTTP status. Folders have tables of details,
// such as store/errc.hpp. A detail belongs to a class, and its sentence tells the person what to do. An error_code has
// no room for a string, so nothing that a user typed can get into a log with it.
#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <span>
#include <string>
#include <string_view>

namespace vault {

// Classes keep their numbers for ever, because they are the numbers of JSON-RPC errors.
enum class Errc : int {
  auth = 1,   // wrong password, or the server refuses the log-in
  tamper,     // bytes that are not authentic or not well-formed
  rollback,   // older than what this device verified before
  fork,       // two histories for one position
  gap,        // something is missing that a verified part names
  downgrade,  // a suite, format or cost that is unknown or too old
  limit,      // too large, too many, too deep
  keystate,   // sealing would not be safe with the present device identity
  storage,    // this machine's disk or database
  conflict,   // somebody else wrote in between
  denied,     // not allowed for this caller
  locked,     // needs the password first
  offline,    // the server cannot be reached
  not_found,
  usage,  // the request makes no sense
  busy,   // timed out, or another operation of the kind is running
  cancelled,
  no_daemon,
  internal,  // none of the above
};

const boost::system::error_category& errc_category() noexcept;

inline boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), errc_category()}; }

template <class T>
using Result = boost::system::result<T, boost::system::error_code>;

// Describes one class of errors.
struct ErrorClass {
  Errc code;
  std::string_view kind;      // "E_TAMPER": data.kind of a JSON-RPC error, Vaultd-Error of an HTTP answer
  int exit_code;              // of vaultctl; never renumbered
  int http_status;            // of vault-server
  std::string_view sentence;  // for a person: lower case, no full stop
};

std::span<const ErrorClass> error_classes();

// Returns the class of any error: of an Errc its own row, of a detail the one that its table says, of the system's file
// errors storage, of its network errors offline, of everything else internal.
const ErrorClass& error_class(const boost::system::error_code& error);
inline Errc class_of(const boost::system::error_code& error) { return error_class(error).code; }

// Returns the sentence of an Errc or a detail; of any other error that of its class, since other sentences may quote
// what they are about.
std::string sentence_of(const boost::system::error_code& error);

// Returns the class whose kind is `kind`, or nullptr.
const ErrorClass* error_class_named(std::string_view kind);

}  // namespace vault

template <>
struct boost::system::is_error_code_enum<vault::Errc> : std::true_type {};
