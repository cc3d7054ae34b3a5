#include <pinhook/trust/timestamp_token.hpp>

#include "openssl_owned.hpp"

#include <pinhook/base/openssl_values.hpp>

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

// The context owns data, store and certificates. Nonce and policy are not compared: the signer chose them.
bool is_made_by(const trusted_authority& authority, TS_RESP* response, std::string_view data, std::time_t when) {
  const auto anchor = read_certificate(authority.chain.back());
  if (!anchor) return false;
  auto store = store_of(anchor.get(), when);
  // Tokens come without certificates: the one that signs is in the chain's first place. A lone one is both.
  auto others = read_certificates(authority.chain, 0, authority.chain.size() == 1 ? 1 : authority.chain.size() - 1);
  const owned<TS_VERIFY_CTX> with(TS_VERIFY_CTX_new());
  BIO* bytes = BIO_new_mem_buf(data.data(), static_cast<int>(data.size()));
  if (!store || !others || !with || bytes == nullptr) {
    BIO_free(bytes);
    return false;
  }
  TS_VERIFY_CTX_set_flags(with.get(), TS_VFY_VERSION | TS_VFY_SIGNER | TS_VFY_SIGNATURE | TS_VFY_DATA);
  // The same functions by two names: the older ones are deprecated from 3.4.
#if OPENSSL_VERSION_PREREQ(3, 4)
  TS_VERIFY_CTX_set0_data(with.get(), bytes);
  TS_VERIFY_CTX_set0_store(with.get(), store.release());
  TS_VERIFY_CTX_set0_certs(with.get(), others.release());
#else
  TS_VERIFY_CTX_set_data(with.get(), bytes);
  TS_VERIFY_CTX_set_store(with.get(), store.release());
  TS_VERIFY_CTX_set_certs(with.get(), others.release());
#endif
  return TS_RESP_verify_response(with.get(), response) == 1;
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
    const bool is_good = is_made_by(one, parsed.get(), data, std::chrono::system_clock::to_time_t(*when));
    ERR_clear_error();
    if (is_good) return *when;
  }
  return fail(error_code::denied,
              authorities.empty() ? "its timestamp cannot be verified: the trusted root has no timestamp authority"
                                  : "its timestamp is for another signature, or of an authority that is not trusted");
}

}  // namespace pinhook::trust
