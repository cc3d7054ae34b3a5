#include <pinhook/server/listen_address.hpp>

#include <fmt/format.h>

#include <charconv>

namespace pinhook::server {

result<listen_address> parse_address(std::string_view text) {
  const auto bad = [&](std::string_view reason) {
    return fail(error_code::invalid_input,
                fmt::format("{} is not a valid address to listen on: {}; use for example 0.0.0.0:8443 or [::]:8443",
                            quoted(text), reason));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad("the port is missing");
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (code != std::errc() || end != digits.data() + digits.size()) return bad("the port is not a number up to 65535");
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(std::string(host), ec);
  if (ec || address.is_v6() != bracketed)
    return bad("the part before the port is not an IP address (IPv6 in brackets)");
  return listen_address{address, port};
}

std::string listen_address::to_string() const {
  return fmt::format(fmt::runtime(ip.is_v6() ? "[{}]:{}" : "{}:{}"), ip.to_string(), port);
}

}  // namespace pinhook::server
