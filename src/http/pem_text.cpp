#include <pinhook/http/pem_text.hpp>

#include <pinhook/base/file.hpp>
#include <pinhook/base/openssl_values.hpp>

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <utility>

namespace pinhook::http {
namespace {

using bio_ptr = std::unique_ptr<BIO, decltype(&BIO_free)>;

bio_ptr open_text(const secret& text) {
  return {BIO_new_mem_buf(text.reveal().data(), static_cast<int>(text.reveal().size())), BIO_free};
}

}  // namespace

std::string name_of(const pem& p, std::string_view role) {
  return p.file.empty() ? fmt::format("the {} that was given as text", role)
                        : fmt::format("the {} file {}", role, p.file);
}

result<secret> read_pem(const pem& p, std::string_view role) {
  if (p.file.empty()) {
    if (p.text.reveal().size() > max_pem_size)
      return fail(error_code::invalid_input, fmt::format("{} is larger than {} bytes", name_of(p, role), max_pem_size));
    return p.text;
  }
  auto text = read_file(p.file, max_pem_size);
  if (!text) return fail(error_code::invalid_input, fmt::format("the {} file: {}", role, text.error().message));
  return text;
}

result<std::vector<std::shared_ptr<x509_st>>> parse_certificates(const secret& text) {
  const bio_ptr bio = open_text(text);
  std::vector<std::shared_ptr<x509_st>> out;
  ERR_clear_error();
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr)) out.emplace_back(one, X509_free);
  const unsigned long failure = ERR_peek_last_error();
  ERR_clear_error();
  // The end of the text is where no further block begins; anything else is a block that could not be read.
  if (ERR_GET_LIB(failure) != ERR_LIB_PEM || ERR_GET_REASON(failure) != PEM_R_NO_START_LINE)
    return fail(error_code::invalid_input, fmt::format("certificate {} in it is damaged", out.size() + 1));
  return out;
}

result<std::shared_ptr<evp_pkey_st>> parse_key(const secret& text) {
  const bio_ptr bio = open_text(text);
  ERR_clear_error();
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr);
  ERR_clear_error();
  if (key != nullptr) return std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free);
  // OpenSSL's reasons are those of the last decoder it tried.
  const bool is_missing = text.reveal().find("PRIVATE KEY-----") == std::string::npos;
  return fail(error_code::invalid_input,
              is_missing ? "it holds no private key" : "its private key cannot be read: is it damaged, or encrypted?");
}

}  // namespace pinhook::http
