// SPDX-License-Identifier: Apache-2.0
#include "http/tls_files.hpp"

#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <memory>

#include "base/log.hpp"
#include "http/errc.hpp"

namespace vault::server {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

bool others_may_read(const std::filesystem::path& file) {
  struct stat info {};
  return ::stat(file.c_str(), &info) == 0 && (info.st_mode & S_IRWXO) != 0;
}

void warn_of(X509* certificate) {
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
    log::warning("the TLS certificate has expired: clients refuse it");
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
    log::warning("the TLS certificate is not valid yet: clients refuse it");
  if (X509_check_purpose(certificate, X509_PURPOSE_SSL_SERVER, 0) != 1)
    log::warning("the TLS certificate is not one for servers: clients refuse it");
}

}  // namespace

Result<void> use_files(asio::ssl::context& context, const TlsFiles& files) {
  error_code error;
  context.use_certificate_chain_file(files.certificate.string(), error);
  if (error) return HttpErrc::tls_files;
  const auto asked = std::make_shared<bool>(false);
  context.set_password_callback([asked](std::size_t, asio::ssl::context::password_purpose) {
    *asked = true;
    return std::string{};
  });
  context.use_private_key_file(files.key.string(), asio::ssl::context::pem, error);
  if (*asked) return HttpErrc::tls_key_encrypted;
  if (error || SSL_CTX_check_private_key(context.native_handle()) != 1) return HttpErrc::tls_files;
  if (others_may_read(files.key)) log::warning("other users may read the TLS key: chmod 600 it");
  warn_of(SSL_CTX_get0_certificate(context.native_handle()));
  return {};
}

}  // namespace vault::server
