#include <pinhook/http/trust.hpp>

#include <pinhook/http/pem_text.hpp>

#include <curl/curl.h>
#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

namespace pinhook::http {
namespace {

namespace fs = std::filesystem;

// OpenSSL finds a certificate in a directory by the hash of its subject, when it needs one. Where a directory is so
// prepared (ca-certificates does it), reading the bundle would parse 140 certificates for nothing.
bool has_hashed_names(const fs::path& directory) {
  std::error_code ec;
  for (fs::directory_iterator it(directory, ec), end; !ec && it != end; it.increment(ec))
    if (it->path().extension() == ".0") return true;
  return false;
}

// The file that libcurl was built to trust; empty: none. (Not by curl_version_info, which asks libraries that are left
// out.)
std::string built_in_bundle() {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(), curl_easy_cleanup);
  const char* path = nullptr;
  if (easy != nullptr) curl_easy_getinfo(easy.get(), CURLINFO_CAINFO, &path);
  return path != nullptr ? path : "";
}

void add_system(X509_STORE* store) {
  const char* named_directory = std::getenv(X509_get_default_cert_dir_env());
  const char* named_file = std::getenv(X509_get_default_cert_file_env());
  X509_STORE_load_path(store, named_directory != nullptr ? named_directory : X509_get_default_cert_dir());
  if (named_file != nullptr) {
    X509_STORE_load_file(store, named_file);
  } else if (named_directory == nullptr && !has_hashed_names(X509_get_default_cert_dir())) {
    const std::string bundle = built_in_bundle();
    X509_STORE_load_file(store, bundle.empty() ? X509_get_default_cert_file() : bundle.c_str());
  }
  // A missing authority shows when a server is not trusted.
  ERR_clear_error();
}

}  // namespace

result<std::shared_ptr<x509_store_st>> make_trust_store(const std::vector<pem>& authorities, bool with_system) {
  std::shared_ptr<X509_STORE> store(X509_STORE_new(), X509_STORE_free);
  if (store == nullptr) return fail(error_code::internal, "OpenSSL cannot create a certificate store");
  X509_STORE_set_flags(store.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
  if (with_system) add_system(store.get());
  for (const pem& one : authorities) {
    const auto text = read_pem(one, "CA");
    if (!text) return fail(text.error());
    const auto certificates = parse_certificates(*text);
    if (!certificates) return fail(certificates.error().at(name_of(one, "CA")));
    if (certificates->empty())
      return fail(error_code::invalid_input, fmt::format("{} holds no PEM certificate", name_of(one, "CA")));
    for (const auto& certificate : *certificates) X509_STORE_add_cert(store.get(), certificate.get());
  }
  ERR_clear_error();
  return store;
}

}  // namespace pinhook::http
