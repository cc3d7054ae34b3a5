#include <pinhook/trust/timestamp_token.hpp>

#include <pinhook/base/openssl_values.hpp>
#include <pinhook/trust/openssl_owned.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>

#include <chrono>
#include <utility>

namespace pinhook::trust {
namespace {

bool is_strong(const TS_TST_INFO* info) {
  const ASN1_OBJECT* by = nullptr;
  X509_ALGOR_get0(&by, nullptr, nullptr,
                  TS_MSG_IMPRINT_get_algo(TS_TST_INFO_get_msg_imprint(const_cast<TS_TST_INFO*>(info))));
  switch (OBJ_obj2nid(by)) {
    case NID_sha256:
    case NID_sha384:
    case NID_sha512:
      return true;
    default:
      return false;
  }
}

// The context owns data, store and certificates (which may be null: the token brings its own). Nonce and policy are not
// compared: the signer chose them. Null: no memory.
owned<TS_VERIFY_CTX> context_for(std::string_view data, owned<X509_STORE> store, owned<STACK_OF(X509)> certificates) {
  owned<TS_VERIFY_CTX> with(TS_VERIFY_CTX_new());
  BIO* bytes = BIO_new_mem_buf(data.data(), static_cast<int>(data.size()));
  if (!store || !with || bytes == nullptr) {
    BIO_free(bytes);
    return nullptr;
  }
  TS_VERIFY_CTX_set_flags(with.get(), TS_VFY_VERSION | TS_VFY_SIGNER | TS_VFY_SIGNATURE | TS_VFY_DATA);
  // The same functions by two names: the older ones are deprecated from 3.4.
#if OPENSSL_VERSION_PREREQ(3, 4)
  TS_VERIFY_CTX_set0_data(with.get(), bytes);
  TS_VERIFY_CTX_set0_store(with.get(), store.release());
  if (certificates) TS_VERIFY_CTX_set0_certs(with.get(), certificates.release());
#else
  TS_VERIFY_CTX_set_data(with.get(), bytes);
  TS_VERIFY_CTX_set_store(with.get(), store.release());
  if (certificates) TS_VERIFY_CTX_set_certs(with.get(), certificates.release());
#endif
  return with;
}

bool is_stamped_by(const trusted_authority& authority, TS_RESP* response, std::string_view data, std::time_t when) {
  const auto anchor = read_certificate(authority.chain.back());
  if (!anchor) return false;
  auto store = store_of(anchor.get(), when);
  // Tokens come without certificates: the one that signs is in the chain's first place. A lone one is both.
  auto others = read_certificates(authority.chain, 0, authority.chain.size() == 1 ? 1 : authority.chain.size() - 1);
  const auto with = context_for(data, std::move(store), std::move(others));
  return with && TS_RESP_verify_response(with.get(), response) == 1;
}

}  // namespace

result<wall_time> verify_timestamp(std::string_view response, std::string_view data,
                                   const std::vector<trusted_authority>& authorities) {
  ERR_clear_error();
  const unsigned char* at = bytes_of(response);
  const owned<TS_RESP> parsed(d2i_TS_RESP(nullptr, &at, static_cast<long>(response.size())));
  const TS_TST_INFO* info = parsed ? TS_RESP_get_tst_info(parsed.get()) : nullptr;
  const auto when = info == nullptr ? std::nullopt : moment_of(TS_TST_INFO_get_time(info));
  ERR_clear_error();
  if (!when) return fail(error_code::malformed, "its timestamp cannot be read");
  if (!is_strong(info)) return fail(error_code::malformed, "its timestamp hashes by another method than SHA-2");
  for (const trusted_authority& one : authorities) {
    if (!one.valid.holds_at(*when)) continue;
    const bool is_good = is_stamped_by(one, parsed.get(), data, std::chrono::system_clock::to_time_t(*when));
    ERR_clear_error();
    if (is_good) return *when;
  }
  return fail(error_code::denied,
              authorities.empty() ? "its timestamp cannot be verified: the trusted root has no timestamp authority"
                                  : "its timestamp is for another signature, or of an authority that is not trusted");
}

result<wall_time> verify_timestamp_token(std::string_view token, std::string_view data,
                                         const std::vector<std::string>& anchors) {
  ERR_clear_error();
  const unsigned char* at = bytes_of(token);
  const owned<PKCS7> parsed(d2i_PKCS7(nullptr, &at, static_cast<long>(token.size())));
  // For other data than signed data OpenSSL's reader of its content fails, with null.
  const owned<TS_TST_INFO> info(parsed && PKCS7_type_is_signed(parsed.get()) ? PKCS7_to_TS_TST_INFO(parsed.get())
                                                                             : nullptr);
  const auto when = info ? moment_of(TS_TST_INFO_get_time(info.get())) : std::nullopt;
  ERR_clear_error();
  if (!when) return fail(error_code::malformed, "its timestamp cannot be read");
  if (!is_strong(info.get())) return fail(error_code::malformed, "its timestamp hashes by another method than SHA-2");
  for (const std::string& one : anchors) {
    const auto anchor = read_certificate(one);
    if (!anchor) continue;
    auto store = store_of(anchor.get(), std::chrono::system_clock::to_time_t(*when));
    const auto with = context_for(data, std::move(store), nullptr);
    const bool is_good = with && TS_RESP_verify_token(with.get(), parsed.get()) == 1;
    ERR_clear_error();
    if (is_good) return *when;
  }
  return fail(error_code::denied, "its timestamp is for another signature, or of an authority that is not trusted");
}

}  // namespace pinhook::trust
