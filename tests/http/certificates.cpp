// SPDX-License-Identifier: Apache-2.0
#include "tests/http/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <fstream>
#include <memory>

#include "base/assert.hpp"

namespace vault::tests {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

File open(const std::filesystem::path& path, const char* mode) {
  File file{std::fopen(path.c_str(), mode)};
  VAULT_ASSERT(file != nullptr);
  return file;
}

void extend(X509* certificate, int nid, const std::string& value) {
  auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  VAULT_ASSERT(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

void name_it(X509_NAME* name, const std::string& common) {
  const auto* text = reinterpret_cast<const unsigned char*>(common.c_str());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
}

Certificate blank(EVP_PKEY* key, const std::string& common, long serial, const CertificateWish& wish) {
  constexpr long day = 24 * 60 * 60;
  Certificate out{X509_new(), X509_free};
  X509_set_version(out.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(out.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(out.get()), wish.from_days * day);
  X509_gmtime_adj(X509_getm_notAfter(out.get()), wish.to_days * day);
  X509_set_pubkey(out.get(), key);
  name_it(X509_get_subject_name(out.get()), common);
  return out;
}

void write(const std::filesystem::path& path, X509* certificate) {
  VAULT_ASSERT(PEM_write_X509(open(path, "w").get(), certificate) == 1);
}
void write(const std::filesystem::path& path, EVP_PKEY* key) {
  VAULT_ASSERT(PEM_write_PrivateKey(open(path, "w").get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
}

Key key_for(const CertificateWish& wish) {
  return {wish.rsa_bits > 0 ? EVP_RSA_gen(wish.rsa_bits) : EVP_EC_gen("P-256"), EVP_PKEY_free};
}

void append(const std::filesystem::path& to, const std::filesystem::path& from) {
  std::ofstream{to, std::ios::app} << std::ifstream{from}.rdbuf();
}

}  // namespace

Authority::Authority(const CertificateWish& own) {
  std::string pattern = (std::filesystem::temp_directory_path() / "vault-certificates-XXXXXX").string();
  VAULT_ASSERT(mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
  Key key = key_for(own);
  auto ca = blank(key.get(), "test authority", 1, own);
  X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
  extend(ca.get(), NID_basic_constraints, "critical,CA:TRUE");
  VAULT_ASSERT(X509_sign(ca.get(), key.get(), EVP_sha256()) > 0);
  write(ca_file(), ca.get());
  write(folder_ / "ca.key", key.get());
}

Authority::~Authority() { std::filesystem::remove_all(folder_); }

server::TlsFiles Authority::make(const CertificateWish& wish, Signer signer) {
  Key key = key_for(wish);
  auto certificate = blank(key.get(), wish.common, 2 + made_, wish);
  if (!wish.name.empty()) extend(certificate.get(), NID_subject_alt_name, wish.name);
  Key ca_key{PEM_read_PrivateKey(open(folder_ / "ca.key", "r").get(), nullptr, nullptr, nullptr), EVP_PKEY_free};
  Certificate ca{PEM_read_X509(open(ca_file(), "r").get(), nullptr, nullptr, nullptr), X509_free};
  const bool own = signer == Signer::itself;
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(own ? certificate.get() : ca.get()));
  VAULT_ASSERT(X509_sign(certificate.get(), own ? key.get() : ca_key.get(), EVP_sha256()) > 0);

  const auto stem = folder_ / ("server-" + std::to_string(made_++));
  server::TlsFiles out{stem.string() + ".pem", stem.string() + ".key"};
  write(out.certificate, certificate.get());
  write(out.key, key.get());
  return out;
}

server::TlsFiles Authority::issue_below(const std::string& domain, const CertificateWish& wish) {
  Authority below;
  Key key{PEM_read_PrivateKey(open(below.folder_ / "ca.key", "r").get(), nullptr, nullptr, nullptr), EVP_PKEY_free};
  Key ca_key{PEM_read_PrivateKey(open(folder_ / "ca.key", "r").get(), nullptr, nullptr, nullptr), EVP_PKEY_free};
  Certificate ca{PEM_read_X509(open(ca_file(), "r").get(), nullptr, nullptr, nullptr), X509_free};
  auto bound = blank(key.get(), "bound authority", 1000, {});
  X509_set_issuer_name(bound.get(), X509_get_subject_name(ca.get()));
  extend(bound.get(), NID_basic_constraints, "critical,CA:TRUE");
  extend(bound.get(), NID_name_constraints, "critical,permitted;DNS:" + domain);
  VAULT_ASSERT(X509_sign(bound.get(), ca_key.get(), EVP_sha256()) > 0);
  write(below.ca_file(), bound.get());
  const auto inner = below.issue(wish);
  const server::TlsFiles out{folder_ / "below.pem", folder_ / "below.key"};
  std::filesystem::copy_file(inner.certificate, out.certificate, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::copy_file(inner.key, out.key, std::filesystem::copy_options::overwrite_existing);
  append(out.certificate, below.ca_file());
  return out;
}

}  // namespace vault::tests
