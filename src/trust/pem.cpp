#include <pinhook/trust/pem.hpp>

#include <pinhook/base/base64.hpp>

#include <utility>

namespace pinhook::trust {

std::vector<std::string> certificates_in_pem(std::string_view text, std::size_t most) {
  constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
  constexpr std::string_view end = "-----END CERTIFICATE-----";
  std::vector<std::string> out;
  for (auto at = text.find(begin); at != std::string_view::npos && out.size() < most; at = text.find(begin, at)) {
    at += begin.size();
    const auto stop = text.find(end, at);
    if (stop == std::string_view::npos) break;
    if (auto der = decode_base64(text.substr(at, stop - at))) out.push_back(std::move(*der));
    at = stop;
  }
  return out;
}

}  // namespace pinhook::trust
