#include <pinhook/config/service_variables.hpp>

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>

namespace pinhook::config {
namespace {

constexpr std::string_view digits = "0123456789";

bool is_address_value(std::string_view text) {
  boost::system::error_code bad;
  boost::asio::ip::make_address(std::string(text), bad);
  return !bad;
}

bool is_port_value(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), port);
  return bad == std::errc() && end == text.data() + text.size();
}

bool is_protocol_value(std::string_view text) { return text == "tcp" || text == "udp" || text == "sctp"; }

// "tcp://10.96.0.1:443", "tcp://[fd00::1]:443"
bool is_place_value(std::string_view text) {
  const auto scheme = text.find("://");
  const auto colon = text.rfind(':');
  if (scheme == std::string_view::npos || colon < scheme + 3 || !is_protocol_value(text.substr(0, scheme)))
    return false;
  std::string_view host = text.substr(scheme + 3, colon - scheme - 3);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return is_address_value(host) && is_port_value(text.substr(colon + 1));
}

struct variable_form {
  std::string_view end;
  bool (*holds)(std::string_view value);
};

// The ends of names.
constexpr std::array<variable_form, 3> variable_ends{
    {{"_SERVICE_HOST", is_address_value}, {"_SERVICE_PORT", is_port_value}, {"_PORT", is_place_value}}};
// The endings that may follow {NAME}_PORT_{NUMBER}_{PROTOCOL}.
constexpr std::array<variable_form, 4> port_variable_ends{
    {{"", is_place_value}, {"_PROTO", is_protocol_value}, {"_PORT", is_port_value}, {"_ADDR", is_address_value}}};
constexpr std::array<std::string_view, 3> port_protocols{"_TCP", "_UDP", "_SCTP"};

bool is_of_a_port(std::string_view name, std::string_view value) {
  constexpr std::string_view mark = "_PORT_";
  for (auto at = name.find(mark); at != std::string_view::npos; at = name.find(mark, at + 1)) {
    std::string_view rest = name.substr(at + mark.size());
    const auto number = std::min(rest.find_first_not_of(digits), rest.size());
    if (!is_port_value(rest.substr(0, number))) continue;
    rest.remove_prefix(number);
    for (const auto protocol : port_protocols)
      if (rest.starts_with(protocol))
        return std::ranges::any_of(port_variable_ends, [&](const variable_form& f) {
          return rest.substr(protocol.size()) == f.end && f.holds(value);
        });
  }
  return false;
}

}  // namespace

bool is_service_variable(std::string_view name, std::string_view value) {
  if (std::ranges::any_of(variable_ends,
                          [&](const variable_form& f) { return name.ends_with(f.end) && f.holds(value); }))
    return true;
  return (name.contains("_SERVICE_PORT_") && is_port_value(value)) || is_of_a_port(name, value);
}

}  // namespace pinhook::config
