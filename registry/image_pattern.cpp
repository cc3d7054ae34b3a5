#include <pinhook/registry/image_pattern.hpp>

#include <pinhook/base/text.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace pinhook::registry {
namespace {

constexpr std::size_t npos = std::string_view::npos;

auto refuse(std::string_view text, std::string_view reason) {
  return fail(error_code::invalid_input, fmt::format("{} is not a valid image pattern: {}", quoted(text, 100), reason));
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// The bytes that net/url leaves unescaped in a host, without '%' and non-ASCII: no image's registry has either.
bool is_host_byte(char c) { return is_letter_or_digit(c) || std::string_view("-_.~!$&'()*+,;=:[]<>\"").contains(c); }
bool is_user_byte(char c) { return is_letter_or_digit(c) || std::string_view("-_.~!$&'()*+,;=:%@").contains(c); }

std::optional<int> hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const auto high = hex_digit(text[i + 1]);
    const auto low = hex_digit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    out += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return out;
}

// As net.SplitHostPort, which fails where there is no port: then the whole text is the name, brackets included.
std::pair<std::string_view, std::string_view> split_port(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  if (colon == npos) return {host, {}};
  if (host.starts_with('[')) {
    if (colon == 0 || host[colon - 1] != ']') return {host, {}};
    return {host.substr(1, colon - 2), host.substr(colon + 1)};
  }
  if (host.find(':') != colon) return {host, {}};
  return {host.substr(0, colon), host.substr(colon + 1)};
}

// One element of a label's pattern: a byte, a class, or a star. `at` moves past it.
struct element {
  std::string_view text;
  [[nodiscard]] bool is_star() const { return text == "*"; }
  [[nodiscard]] bool takes(char c) const;
};

bool element::takes(char c) const {
  if (text.size() == 1) return text.front() == c;
  bool is_in = false;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    const char low = text[i];
    const bool is_range = text[i + 1] == '-';
    const char high = is_range ? text[i += 2] : low;
    is_in = is_in || (low <= c && c <= high);
  }
  return is_in;
}

// The size of the class at the start of `pattern`; npos when it is invalid. A ']' or '-' cannot be one of its bytes.
std::size_t class_size(std::string_view pattern) {
  const auto is_member = [&](std::size_t i) { return i < pattern.size() && pattern[i] != ']' && pattern[i] != '-'; };
  std::size_t at = 1;
  do {
    if (!is_member(at)) return npos;
    ++at;
    if (at < pattern.size() && pattern[at] == '-') {
      if (!is_member(at + 1)) return npos;
      at += 2;
    }
  } while (at < pattern.size() && pattern[at] != ']');
  return at < pattern.size() ? at + 1 : npos;
}

element first_of(std::string_view pattern) {
  return {pattern.substr(0, pattern.front() == '[' ? class_size(pattern) : 1)};
}

bool is_label_pattern(std::string_view label) {
  while (!label.empty()) {
    const std::size_t size = label.front() == '[' ? class_size(label) : 1;
    if (size == npos) return false;
    label.remove_prefix(size);
  }
  return true;
}

// Returns to the last star only: the time grows with the product of the lengths.
bool label_matches(std::string_view pattern, std::string_view text) {
  std::string_view after_star;
  std::string_view retry;
  bool has_star = false;
  while (true) {
    if (!pattern.empty()) {
      const element next = first_of(pattern);
      if (next.is_star()) {
        pattern.remove_prefix(1);
        has_star = true;
        after_star = pattern;
        retry = text;
        continue;
      }
      if (!text.empty() && next.takes(text.front())) {
        pattern.remove_prefix(next.text.size());
        text.remove_prefix(1);
        continue;
      }
    } else if (text.empty()) {
      return true;
    }
    if (!has_star || retry.empty()) return false;
    retry.remove_prefix(1);
    pattern = after_star;
    text = retry;
  }
}

struct url {
  std::string_view host;  // with its port
  std::string path;
};

// Reads `text` as net/url does after "https://".
std::optional<url> read_url(std::string_view text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  if (std::ranges::any_of(text, is_control)) return std::nullopt;
  text = text.substr(0, text.find('#'));
  text = text.substr(0, text.find('?'));
  const std::size_t slash = std::min(text.find('/'), text.size());
  std::string_view host = text.substr(0, slash);
  if (const std::size_t at = host.rfind('@'); at != npos) {
    const std::string_view user = host.substr(0, at);
    if (!std::ranges::all_of(user, is_user_byte) || !unescape(user)) return std::nullopt;
    host.remove_prefix(at + 1);
  }
  if (!std::ranges::all_of(host, is_host_byte)) return std::nullopt;
  std::string_view port;
  if (host.starts_with('[')) {
    const std::size_t close = host.rfind(']');
    if (close == npos) return std::nullopt;
    port = host.substr(close + 1);
  } else if (const std::size_t colon = host.rfind(':'); colon != npos) {
    port = host.substr(colon);
  }
  if (!port.empty() && (port.front() != ':' || !std::ranges::all_of(port.substr(1), is_digit))) return std::nullopt;
  auto path = unescape(text.substr(slash));
  if (!path) return std::nullopt;
  return url{host, std::move(*path)};
}

}  // namespace

result<image_pattern> parse_image_pattern(std::string_view text) {
  if (text.size() > max_image_pattern_size)
    return refuse(text, fmt::format("it is longer than {} bytes", max_image_pattern_size));
  std::string_view rest = text;
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!rest.starts_with(scheme)) continue;
    rest.remove_prefix(scheme.size());
    break;
  }
  auto read = read_url(rest);
  if (!read) return refuse(text, "as a URL it is not valid");
  if (read->path.starts_with("/v1/") || read->path.starts_with("/v2/")) read->path.erase(0, 3);
  if (read->path == "/") read->path.clear();

  image_pattern out;
  const auto [name, port] = split_port(read->host);
  if (name.empty()) return refuse(text, "it names no registry");
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t dot = std::min(name.find('.', at), name.size());
    const std::string_view label = name.substr(at, dot - at);
    if (!is_label_pattern(label)) return refuse(text, "a '[' in a part of the registry's name has no end");
    out.labels_.emplace_back(label);
    at = dot + 1;
  }
  out.port_ = port;
  out.key_ = std::string(read->host) + read->path;
  out.path_ = std::move(read->path);
  return out;
}

bool image_pattern::matches(const reference& ref) const {
  const auto [name, port] = split_port(ref.registry());
  if (port != port_) return false;
  if (!path_.empty() && !ref.repository().starts_with(std::string_view(path_).substr(1))) return false;
  std::size_t at = 0;
  for (const std::string& label : labels_) {
    if (at > name.size()) return false;
    const std::size_t dot = std::min(name.find('.', at), name.size());
    if (!label_matches(label, name.substr(at, dot - at))) return false;
    at = dot + 1;
  }
  return at == name.size() + 1;
}

}  // namespace pinhook::registry
