#include <pinhook/registry/authorization.hpp>

#include <pinhook/base/base64.hpp>

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
  std::string out;
  out.reserve(scheme.size() + (text.size() + 2) / 3 * 4 + 1);
  out += scheme;
  append_base64(out, text);
  return secret(std::move(out));
}

void add_configured(http::request& to, const http::header& header) {
  if (http::find_header({header}, "Authorization"))
    to.authorization = secret(header.value);
  else
    to.headers.push_back(header);
}

}  // namespace pinhook::registry
