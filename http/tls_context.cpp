// SPDX-License-Identifier: Apache-2.0
#include "http/tls_context.hpp"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>

#include "base/bytes.hpp"
#include "base/file.hpp"
#include "base/limits.hpp"
#include "http/errc.hpp"

namespace vault::daemon {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// ---- The file

// Opens a regular file. Does not wait for the other end of a FIFO.
Result<File> open_plain(const std::filesystem::path& path) {
  File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) return HttpErrc::ca_unreadable;
  if (!S_ISREG(info.st_mode)) return HttpErrc::ca_not_plain;
  return file;
}

// Reads a file up to the limit, whatever size the file claims.
Result<std::string> read_plain(const std::filesystem::path& path) {
  const auto file = open_plain(path);
  if (!file) return file.error();
  std::string text(limits::ca_file_bytes + 1, '\0');
  std::size_t size = 0;
  for (;;) {
    const auto got = ::read(file->get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return HttpErrc::ca_unreadable;
    size += static_cast<std::size_t>(got);
    if (size > limits::ca_file_bytes) return HttpErrc::ca_bad;
    if (got == 0) break;
  }
  text.resize(size);
  return text;
}

// ---- Its certificates

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Source = std::unique_ptr<BIO, decltype(&BIO_free)>;

bool is_in_its_dates(const X509* certificate) {
  return X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0 &&
         X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

bool ended_well() {
  const auto error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

error_code trust_text(X509_STORE* store, const std::string& text) {
  const Source source{BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
  std::size_t found = 0, good = 0;
  for (;; ++found) {
    const Certificate one{PEM_read_bio_X509_AUX(source.get(), nullptr, nullptr, nullptr), X509_free};
    if (!one) break;
    if (X509_STORE_add_cert(store, one.get()) != 1) return HttpErrc::ca_bad;
    good += is_in_its_dates(one.get()) ? 1u : 0u;
  }
  if (!ended_well() || found == 0) return HttpErrc::ca_bad;
  return good > 0 ? error_code{} : make_error_code(HttpErrc::ca_expired);
}

error_code trust_file(X509_STORE* store, const std::filesystem::path& path) {
  const auto text = read_plain(path);
  return text ? trust_text(store, *text) : text.error();
}

// Trusts the system's certificates at the places that OpenSSL was built with. OpenSSL's own function for this would
// obey the environment first.
void trust_system(X509_STORE* store) {
  std::error_code error;
  if (std::filesystem::exists(X509_get_default_cert_file(), error))
    X509_STORE_load_file(store, X509_get_default_cert_file());
  X509_STORE_load_path(store, X509_get_default_cert_dir());
}

// ---- What a server has to show

// Accepts only a certificate with an alternative name that is `host`, or that has "*" as its whole first label; the CN
// never counts. RFC 9525 §6.3.
bool expect_host(X509_VERIFY_PARAM* wanted, const std::string& host) {
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  error_code is_name;
  asio::ip::make_address(host, is_name);
  return is_name ? X509_VERIFY_PARAM_set1_host(wanted, host.data(), host.size()) == 1
                 : X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1;
}

// Keeps OpenSSL from reading its configuration, which must be said before its first use. Also keeps it from cleaning up
// at exit, when a thread that reads a file may still be running.
void ignore_configuration() { OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr); }

}  // namespace

Result<std::shared_ptr<asio::ssl::context>> make_tls_context(const std::string& host,
                                                             const std::filesystem::path& ca_file) {
  ignore_configuration();
  const auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  auto* const tls = context->native_handle();
  SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
  SSL_CTX_set_security_level(tls, limits::tls_security_level);
  context->set_verify_mode(asio::ssl::verify_peer);
  if (!expect_host(SSL_CTX_get0_param(tls), host)) return HttpErrc::tls_refused;
  auto* const store = SSL_CTX_get_cert_store(tls);
  ERR_clear_error();
  error_code error;
  if (ca_file.empty()) trust_system(store);
  else error = trust_file(store, ca_file);
  ERR_clear_error();
  if (error) return error;
  return context;
}

}  // namespace vault::daemon
