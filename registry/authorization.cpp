#include <pinhook/registry/authorization.hpp>

#include <openssl/evp.h>

#include <string>

namespace pinhook::registry {

secret bearer_authorization(const secret& token) { return secret("Bearer " + token.reveal()); }

secret basic_authorization(std::string_view user, const secret& password) {
  std::string plain;
  // No reallocation: a growing string leaves copies of the password behind.
  plain.reserve(user.size() + 1 + password.reveal().size());
  plain += user;
  plain += ':';
  plain += password.reveal();
  const secret wiped(std::move(plain));
  const std::string& text = wiped.reveal();
  constexpr std::string_view scheme = "Basic ";
  // EVP_EncodeBlock writes a NUL behind its output.
  std::string out(scheme.size() + (text.size() + 2) / 3 * 4 + 1, '\0');
  out.replace(0, scheme.size(), scheme);
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data() + scheme.size()),
                  reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  out.pop_back();
  return secret(std::move(out));
}

void add_configured(http::request& to, const http::header& header) {
  if (http::find_header({header}, "Authorization"))
    to.authorization = secret(header.value);
  else
    to.headers.push_back(header);
}

}  // namespace pinhook::registry
