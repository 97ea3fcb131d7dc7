// SPDX-License-Identifier: Apache-2.0
#include "http/errc.hpp"

#include <array>

#include "base/error_table.hpp"
#include "base/limits.hpp"

namespace vault {
namespace {

constexpr std::array http_details{
    ErrorDetail{HttpErrc::server_answer_bad, Errc::tamper, "the server's answer is malformed"},
    ErrorDetail{
        HttpErrc::tls_refused, Errc::offline,
        "the server's TLS certificate or handshake is not acceptable: check the server's name, the certificate's "
        "dates and issuer, or give --ca FILE"},
    ErrorDetail{HttpErrc::tls_files, Errc::usage,
                "the TLS certificate or key cannot be used: both are PEM files, and belong together"},
    ErrorDetail{
        HttpErrc::tls_key_encrypted, Errc::usage,
        "the TLS key is encrypted, and nobody is there to type its passphrase: give a key without one, in a file that "
        "only the server may read"},
    ErrorDetail{
        HttpErrc::ca_unreadable, Errc::offline,
        "the file of certificates to trust, which --ca named, is not there or may not be read: put it back where it "
        "was, and vaultd uses it by itself"},
    ErrorDetail{
        HttpErrc::ca_not_plain, Errc::offline,
        "what --ca named is no plain file: put a file of certificates (PEM) in its place, and vaultd uses it by "
        "itself"},
    ErrorDetail{
        HttpErrc::ca_bad,
        Errc::offline,
        "the file of certificates to trust, which --ca named, holds none, or damaged ones, or more than # bytes: put "
        "certificates (PEM) there, and vaultd uses them by itself",
        {limits::ca_file_bytes}},
    ErrorDetail{
        HttpErrc::ca_expired, Errc::offline,
        "every certificate in the file that --ca named is out of its dates, if this machine's clock is right: put the "
        "new one there, and vaultd uses it by itself"},
    ErrorDetail{HttpErrc::ca_slow, Errc::offline,
                "the disk or mount of the file that --ca named does not answer: vaultd goes on once it does"},
};

}  // namespace

const boost::system::error_category& http_errors() noexcept {
  static const ErrorTable table{"vault.http", http_details};
  return table;
}

}  // namespace vault
