#include <pinhook/base/x509_certificate.hpp>

#include <pinhook/base/hexadecimal.hpp>
#include <pinhook/base/openssl_values.hpp>

#include <boost/asio/ip/address.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <optional>

namespace pinhook {
namespace {

struct x509_closer {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(GENERAL_NAMES* p) const { GENERAL_NAMES_free(p); }
};
template <class T>
using x509_owned = std::unique_ptr<T, x509_closer>;

x509_owned<BIO> x509_reading(std::string_view text) {
  return x509_owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string address_text(const ASN1_OCTET_STRING* ip) {
  const unsigned char* bytes = ASN1_STRING_get0_data(ip);
  const int size = ASN1_STRING_length(ip);
  namespace net = boost::asio::ip;
  if (size == 4) {
    net::address_v4::bytes_type four{};
    std::copy_n(bytes, four.size(), four.begin());
    return net::address_v4(four).to_string();
  }
  if (size == 16) {
    net::address_v6::bytes_type sixteen{};
    std::copy_n(bytes, sixteen.size(), sixteen.begin());
    return net::address_v6(sixteen).to_string();
  }
  return {};
}

std::string text_of(const ASN1_IA5STRING* name) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(name)),
          static_cast<std::size_t>(ASN1_STRING_length(name))};
}

// Null: not a certificate, or a damaged one.
std::shared_ptr<X509> x509_in(const pem_block& block) {
  if (std::string_view(block.name) != PEM_STRING_X509 || *block.header != '\0') return nullptr;
  const unsigned char* at = block.data;
  std::shared_ptr<X509> out(d2i_X509(nullptr, &at, block.size), X509_free);
  return out && at == block.data + block.size ? out : nullptr;
}

}  // namespace

struct x509_certificate::facts {
  std::shared_ptr<X509> x509;
  std::string pem;
  std::string fingerprint;
  wall_time not_before;
  wall_time not_after;
  bool is_authority = false;
  std::vector<std::string> dns_names;
  std::vector<std::string> addresses;
  std::vector<std::string> uris;
  std::string common_name;

  void read_common_name() {
    const X509_NAME* subject = X509_get_subject_name(x509.get());
    int at = -1;
    for (int next = -1; (next = X509_NAME_get_index_by_NID(subject, NID_commonName, next)) >= 0;) at = next;
    if (at < 0) return;
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (size < 0) return;
    common_name.assign(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
    OPENSSL_free(text);
  }

  void read_names() {
    const x509_owned<GENERAL_NAMES> all(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509.get(), NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
      const GENERAL_NAME* one = sk_GENERAL_NAME_value(all.get(), i);
      if (one->type == GEN_DNS) {
        dns_names.push_back(text_of(one->d.dNSName));
      } else if (one->type == GEN_IPADD) {
        if (std::string text = address_text(one->d.iPAddress); !text.empty()) addresses.push_back(std::move(text));
      } else if (one->type == GEN_URI) {
        uris.push_back(text_of(one->d.uniformResourceIdentifier));
      }
    }
  }
};

result<x509_certificate> x509_certificate::of(x509_st& read) {
  X509_up_ref(&read);
  return made_of(std::shared_ptr<X509>(&read, X509_free));
}

result<x509_certificate> x509_certificate::made_of(std::shared_ptr<x509_st> parsed) {
  auto out = std::make_shared<facts>();
  X509* c = parsed.get();
  const auto from = moment_of(X509_get0_notBefore(c));
  const auto until = moment_of(X509_get0_notAfter(c));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int digest_size = 0;
  const x509_owned<BIO> text(BIO_new(BIO_s_mem()));
  const bool good = from && until && X509_digest(c, EVP_sha256(), digest.data(), &digest_size) == 1 &&
                    PEM_write_bio_X509(text.get(), c) == 1;
  if (!good) {
    ERR_clear_error();
    return fail(error_code::invalid_input, "the certificate is damaged");
  }
  char* pem = nullptr;
  const long size = BIO_get_mem_data(text.get(), &pem);
  out->x509 = std::move(parsed);
  out->pem.assign(pem, static_cast<std::size_t>(size));
  out->fingerprint = encode_hexadecimal({reinterpret_cast<const char*>(digest.data()), digest_size});
  out->not_before = *from;
  out->not_after = *until;
  // 1: by its basic constraints. Larger numbers are certificates from before these existed.
  out->is_authority = X509_check_ca(c) == 1;
  out->read_names();
  out->read_common_name();
  ERR_clear_error();
  return x509_certificate(std::move(out));
}

const std::string& x509_certificate::pem() const { return facts_->pem; }
const std::string& x509_certificate::fingerprint() const { return facts_->fingerprint; }
wall_time x509_certificate::not_before() const { return facts_->not_before; }
wall_time x509_certificate::not_after() const { return facts_->not_after; }
bool x509_certificate::is_authority() const { return facts_->is_authority; }
const std::vector<std::string>& x509_certificate::dns_names() const { return facts_->dns_names; }
const std::vector<std::string>& x509_certificate::addresses() const { return facts_->addresses; }
const std::vector<std::string>& x509_certificate::uris() const { return facts_->uris; }
const std::string& x509_certificate::common_name() const { return facts_->common_name; }
x509_st* x509_certificate::native() const { return facts_->x509.get(); }

bool x509_certificate::is_issued_by(const x509_certificate& authority) const {
  if (!authority.is_authority()) return false;
  X509* issuer = authority.facts_->x509.get();
  X509* subject = facts_->x509.get();
  const bool out =
      X509_check_issued(issuer, subject) == X509_V_OK && X509_verify(subject, X509_get0_pubkey(issuer)) == 1;
  ERR_clear_error();
  return out;
}

bool x509_certificate::has_key(const secret& key) const {
  if (key.reveal().size() > max_bundle_size) return false;
  const auto in = x509_reading(key.reveal());
  const x509_owned<EVP_PKEY> read(PEM_read_bio_PrivateKey(in.get(), nullptr, no_pass_phrase, nullptr));
  const bool out = read && X509_check_private_key(facts_->x509.get(), read.get()) == 1;
  ERR_clear_error();
  return out;
}

struct bundle_reader {
  static parsed_bundle read(std::string_view pem, std::size_t most) {
    parsed_bundle out;
    if (pem.size() > max_bundle_size) {
      out.unread = 1;
      return out;
    }
    const auto in = x509_reading(pem);
    for (;;) {
      if (out.certificates.size() == most) return out;
      pem_block b;
      ERR_clear_error();
      if (PEM_read_bio(in.get(), &b.name, &b.header, &b.data, &b.size) != 1) {
        // An unreadable block is skipped; where no further one begins, the text is at its end.
        const bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
        ERR_clear_error();
        if (is_end) return out;
        ++out.unread;
        continue;
      }
      auto parsed = x509_in(b);
      auto one = parsed ? x509_certificate::made_of(std::move(parsed)) : fail(error_code::invalid_input, "");
      if (one)
        out.certificates.push_back(*std::move(one));
      else
        ++out.unread;
    }
  }
};

parsed_bundle parse_bundle(std::string_view pem) {
  parsed_bundle out = bundle_reader::read(pem, max_bundle_certificates + 1);
  ERR_clear_error();
  if (out.certificates.size() > max_bundle_certificates) {
    out.certificates.pop_back();
    ++out.unread;
  }
  return out;
}

result<x509_certificate> x509_certificate::parse(std::string_view pem) {
  if (pem.size() > max_bundle_size) return fail(error_code::invalid_input, "it is too large for a certificate");
  parsed_bundle first = bundle_reader::read(pem, 1);
  if (first.certificates.empty())
    return fail(error_code::invalid_input,
                first.unread == 0 ? "it holds no certificate" : "its certificate is damaged");
  return std::move(first.certificates.front());
}

}  // namespace pinhook
