#include <pinhook/trust/signing_certificate.hpp>

#include <pinhook/base/openssl_values.hpp>
#include <pinhook/trust/openssl_owned.hpp>
#include <pinhook/trust/signature.hpp>

#include <fmt/core.h>
#include <openssl/err.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace pinhook::trust {
namespace {

// Fulcio's arc: 1.1 is the issuer as bare bytes, 1.8 as UTF8String, 1.7 the type of other names.
constexpr const char* issuer_v1 = "1.3.6.1.4.1.57264.1.1";
constexpr const char* issuer_v2 = "1.3.6.1.4.1.57264.1.8";
constexpr const char* other_name = "1.3.6.1.4.1.57264.1.7";

std::string text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::optional<std::string> extension_of(const X509* leaf, const char* oid) {
  const owned<ASN1_OBJECT> name(OBJ_txt2obj(oid, 1));
  const int at = X509_get_ext_by_OBJ(leaf, name.get(), -1);
  if (at < 0) return std::nullopt;
  return text_of(X509_EXTENSION_get_data(X509_get_ext(leaf, at)));
}

std::string issuer_in(const X509* leaf) {
  if (const auto der = extension_of(leaf, issuer_v2)) {
    const unsigned char* at = bytes_of(*der);
    ASN1_UTF8STRING* read = d2i_ASN1_UTF8STRING(nullptr, &at, static_cast<long>(der->size()));
    std::string out = read == nullptr ? std::string() : text_of(read);
    ASN1_UTF8STRING_free(read);
    return out;
  }
  return extension_of(leaf, issuer_v1).value_or(std::string());
}

std::vector<std::string> identities_in(const X509* leaf) {
  std::vector<std::string> out;
  const owned<GENERAL_NAMES> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr)));
  const owned<ASN1_OBJECT> fulcio(OBJ_txt2obj(other_name, 1));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* one = sk_GENERAL_NAME_value(names.get(), i);
    if (one->type == GEN_EMAIL) out.push_back(text_of(one->d.rfc822Name));
    if (one->type == GEN_URI) out.push_back(text_of(one->d.uniformResourceIdentifier));
    if (one->type != GEN_OTHERNAME || OBJ_cmp(one->d.otherName->type_id, fulcio.get()) != 0) continue;
    if (one->d.otherName->value->type == V_ASN1_UTF8STRING)
      out.push_back(text_of(one->d.otherName->value->value.utf8string));
  }
  return out;
}

// The hash by which a log names who issued a certificate (RFC 6962 §3.2, issuer_key_hash).
std::string key_hash_of(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  std::string out = sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return out;
}

// An element of DER: its tag and class, all of its bytes, and those behind tag and length.
struct element {
  int tag = 0;
  int kind = 0;
  std::string_view whole;
  std::string_view content;
};

// Takes the first element of `from`. No value: there is none.
std::optional<element> take_element(std::string_view& from) {
  element out;
  const unsigned char* at = bytes_of(from);
  long size = 0;
  // 0x80: a fault; 1: a length that is not told.
  if (from.empty() ||
      (ASN1_get_object(&at, &size, &out.tag, &out.kind, static_cast<long>(from.size())) & (0x80 | 1)) != 0)
    return std::nullopt;
  const auto header = static_cast<std::size_t>(at - bytes_of(from));
  out.whole = from.substr(0, header + static_cast<std::size_t>(size));
  out.content = out.whole.substr(header);
  from.remove_prefix(out.whole.size());
  return out;
}

std::string made_element(int tag, int kind, std::string_view content) {
  const int size = static_cast<int>(content.size());
  std::string out(static_cast<std::size_t>(ASN1_object_size(1, size, tag) - size), '\0');
  auto* at = reinterpret_cast<unsigned char*>(out.data());
  ASN1_put_object(&at, 1, size, tag, kind);
  return out.append(content);
}

// A list of extensions without the one that holds the log's answer.
std::string without_log_answer(std::string_view list) {
  const ASN1_OBJECT* oid = OBJ_nid2obj(NID_ct_precert_scts);
  const std::string_view named(reinterpret_cast<const char*>(OBJ_get0_data(oid)), OBJ_length(oid));
  std::string out;
  for (auto all = take_element(list); all && !all->content.empty();) {
    const auto one = take_element(all->content);
    if (!one) return {};
    std::string_view parts = one->content;
    const auto name = take_element(parts);
    if (!name || name->content != named) out.append(one->whole);
  }
  return made_element(V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, out);
}

// The certificate to be signed, as the log saw it: without the extension that holds the log's answer. By its bytes:
// OpenSSL 3.0 would look up all of its decoders again for the key of a copy. Empty: it is none.
std::string logged_part(std::string_view certificate) {
  const auto whole = take_element(certificate);
  std::string_view parts = whole ? whole->content : std::string_view();
  const auto signed_part = take_element(parts);
  if (!signed_part) return {};
  constexpr int extensions = 3;
  std::string out;
  for (std::string_view rest = signed_part->content; !rest.empty();) {
    const auto one = take_element(rest);
    if (!one) return {};
    const bool has_extensions = one->kind == V_ASN1_CONTEXT_SPECIFIC && one->tag == extensions;
    out.append(has_extensions ? made_element(extensions, V_ASN1_CONTEXT_SPECIFIC, without_log_answer(one->content))
                              : std::string(one->whole));
  }
  return made_element(V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, out);
}

void append_number(std::string& out, std::uint64_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i)
    out.push_back(static_cast<char>((number >> (8U * static_cast<unsigned>(i))) & 0xFFU));
}

std::string_view view_of(unsigned char* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }

// RFC 6962 §3.2, digitally-signed struct of a precertificate.
std::string signed_by_log(const SCT* sct, std::string_view key_hash, std::string_view part) {
  std::string out("\x00\x00", 2);
  append_number(out, SCT_get_timestamp(sct), 8);
  append_number(out, 1, 2);
  out.append(key_hash);
  append_number(out, part.size(), 3);
  out.append(part);
  unsigned char* extensions = nullptr;
  const std::size_t size = SCT_get0_extensions(sct, &extensions);
  append_number(out, size, 2);
  out.append(view_of(extensions, size));
  return out;
}

std::string reason_of(int code) { return X509_verify_cert_error_string(code); }

}  // namespace

result<signing_certificate> signing_certificate::parse(const std::vector<std::string>& chain) {
  ERR_clear_error();
  if (chain.empty()) return fail(error_code::malformed, "it has no certificate");
  std::shared_ptr<X509> leaf(read_certificate(chain.front()).release(), X509_free);
  if (!leaf) {
    ERR_clear_error();
    return fail(error_code::malformed, "its certificate cannot be read");
  }
  auto key = public_key::of_info(X509_get_X509_PUBKEY(leaf.get()));
  if (!key) return fail(error_code::malformed, fmt::format("its certificate: {}", key.error().message));
  const auto first = moment_of(X509_get0_notBefore(leaf.get()));
  const auto last = moment_of(X509_get0_notAfter(leaf.get()));
  if (!first || !last) return fail(error_code::malformed, "its certificate has no readable validity");
  signing_certificate out(leaf, std::move(*key));
  out.chain_ = chain;
  out.identities_ = identities_in(leaf.get());
  out.issuer_ = issuer_in(leaf.get());
  out.not_before_ = *first;
  out.not_after_ = *last;
  ERR_clear_error();
  return out;
}

result<std::string> signing_certificate::issued_by(const std::vector<trusted_authority>& authorities,
                                                   wall_time when) const {
  ERR_clear_error();
  if ((X509_get_extended_key_usage(leaf_.get()) & XKU_CODE_SIGN) == 0 ||
      X509_get_extended_key_usage(leaf_.get()) == UINT32_MAX)
    return fail(error_code::denied, "its certificate is not for signing code");
  std::string reason = "no authority of the trusted root was valid when it was signed";
  for (const trusted_authority& one : authorities) {
    if (!one.valid.holds_at(when)) continue;
    const auto anchor = read_certificate(one.chain.back());
    if (!anchor) continue;
    const auto store = store_of(anchor.get(), std::chrono::system_clock::to_time_t(when));
    auto others = read_certificates(one.chain, 0, one.chain.size() - 1);
    const auto own = read_certificates(chain_, 1, max_chain);
    for (int i = 0; others && own && i < sk_X509_num(own.get()); ++i)
      X509_add_cert(others.get(), sk_X509_value(own.get(), i), X509_ADD_FLAG_UP_REF);
    const owned<X509_STORE_CTX> context(X509_STORE_CTX_new());
    if (!store || !others || !context) continue;
    if (X509_STORE_CTX_init(context.get(), store.get(), leaf_.get(), others.get()) != 1) continue;
    const bool is_good = X509_verify_cert(context.get()) == 1;
    if (!is_good) {
      reason = fmt::format("its certificate is not from a trusted authority: {}",
                           reason_of(X509_STORE_CTX_get_error(context.get())));
      continue;
    }
    STACK_OF(X509)* path = X509_STORE_CTX_get0_chain(context.get());
    ERR_clear_error();
    return key_hash_of(sk_X509_value(path, sk_X509_num(path) > 1 ? 1 : 0));
  }
  ERR_clear_error();
  return fail(error_code::denied, std::move(reason));
}

bool signing_certificate::is_logged(std::string_view issued_by, const std::vector<trusted_log>& logs) const {
  const owned<STACK_OF(SCT)> all(
      static_cast<STACK_OF(SCT)*>(X509_get_ext_d2i(leaf_.get(), NID_ct_precert_scts, nullptr, nullptr)));
  const std::string part = logged_part(der());
  bool is_found = false;
  for (int i = 0; all && !part.empty() && !is_found && i < sk_SCT_num(all.get()); ++i) {
    const SCT* sct = sk_SCT_value(all.get(), i);
    unsigned char* id = nullptr;
    const std::size_t id_size = SCT_get0_log_id(sct, &id);
    unsigned char* value = nullptr;
    const std::size_t value_size = SCT_get0_signature(sct, &value);
    // Of a later time than a wall_time can be no key is valid.
    constexpr std::uint64_t last_millisecond = 9'000'000'000'000;
    if (SCT_get_timestamp(sct) > last_millisecond) continue;
    const wall_time when{std::chrono::milliseconds(SCT_get_timestamp(sct))};
    is_found = std::ranges::any_of(logs, [&](const trusted_log& log) {
      return log.id == view_of(id, id_size) && log.valid.holds_at(when) &&
             log.key.verifies(signed_by_log(sct, issued_by, part), view_of(value, value_size), hash::sha256);
    });
  }
  ERR_clear_error();
  return is_found;
}

}  // namespace pinhook::trust
