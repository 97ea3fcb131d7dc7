// SPDX-License-Identifier: Apache-2.0
// Certificates made while the tests run, as good or as bad as a test wants them.
#pragma once

#include <filesystem>
#include <string>

#include "http/server.hpp"

namespace vault::tests {

struct CertificateWish {
  std::string name = "DNS:localhost";  // subjectAltName, as openssl.cnf writes it; empty: none
  long from_days = -1;                 // before and after now
  long to_days = 1;
  std::string common = "test server";
  unsigned rsa_bits = 0;  // 0: P-256
};

// A folder with an authority in ca.pem, gone with the object.
class Authority {
 public:
  explicit Authority(const CertificateWish& own = {});
  ~Authority();
  Authority(const Authority&) = delete;

  std::filesystem::path ca_file() const { return folder_ / "ca.pem"; }
  server::TlsFiles issue(const CertificateWish& wish = {}) { return make(wish, Signer::authority); }
  server::TlsFiles self_signed() { return make({}, Signer::itself); }

  // By an authority below this one that may name nothing outside of `domain`; it is in the file of certificates too.
  server::TlsFiles issue_below(const std::string& domain, const CertificateWish& wish);

 private:
  enum class Signer { authority, itself };
  server::TlsFiles make(const CertificateWish& wish, Signer signer);

  std::filesystem::path folder_;
  int made_ = 0;
};

}  // namespace vault::tests
