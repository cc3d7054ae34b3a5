#include <pinhook/registry/reference.hpp>

#include <pinhook/base/text.hpp>

#include <fmt/core.h>

#include <algorithm>

// The text is read once from left to right: the part before the first '/' if it is a registry's name, then the path,
// the tag and the digest, each up to the first byte that ends it. Offsets count from 0, positions in faults from 1.

namespace pinhook::registry {
namespace {

constexpr std::string_view docker_hub = "docker.io";
constexpr std::string_view docker_hub_before = "index.docker.io";
constexpr std::string_view docker_hub_wire = "registry-1.docker.io";
constexpr std::string_view latest = "latest";
constexpr std::string_view official_images = "library/";
constexpr std::size_t image_id_size = 64;
constexpr unsigned max_port = 65535;

constexpr bool is_path_letter(char c) { return is_lower(c) || is_digit(c); }
constexpr bool is_path_separator(char c) { return c == '.' || c == '_' || c == '-'; }
constexpr bool is_host_letter(char c) { return is_lower(c) || is_upper(c) || is_digit(c); }
constexpr bool is_tag_start(char c) { return is_host_letter(c) || c == '_'; }
constexpr bool is_tag_letter(char c) { return is_tag_start(c) || c == '.' || c == '-'; }
constexpr bool is_hex(char c) { return is_lower_hex(c) || (c >= 'A' && c <= 'F'); }

using reference_fault = std::optional<syntax_fault>;

reference_fault fault_at(std::size_t offset, std::string reason) { return syntax_fault{offset + 1, std::move(reason)}; }

/// The name of a byte in a message.
std::string name_of(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == ' ') return "a space";
  if (c == '\t') return "a tab";
  if (c == '\n' || c == '\r') return "a line break";
  if (byte < 0x20 || byte == 0x7f) return fmt::format("a control character (\\x{:02x})", byte);
  if (byte >= 0x80) return fmt::format("a character outside ASCII (\\x{:02x})", byte);
  return fmt::format("'{}'", c);
}

/// distribution/reference `splitDockerDomain`: the part before the first '/' is a registry's name if it could not be
/// the first part of a Docker Hub repository.
bool is_registry_name(std::string_view first) {
  return first == "localhost" || std::ranges::any_of(first, [](char c) { return c == '.' || c == ':' || is_upper(c); });
}

/// Labels of letters, digits and inner hyphens, joined by dots. `at` moves to the ':' of the port or the end.
reference_fault read_labels(std::string_view host, std::size_t& at) {
  for (;;) {
    const std::size_t start = at;
    while (at < host.size() && (is_host_letter(host[at]) || host[at] == '-')) ++at;
    const bool ended = at == host.size() || host[at] == '.' || host[at] == ':';
    if (!ended && host[at] == '_')
      return fault_at(at, "'_' is not allowed in a registry name; only letters, digits, '.' and '-' are");
    if (!ended) return fault_at(at, fmt::format("{} is not allowed in a registry name", name_of(host[at])));
    if (at == start)
      return fault_at(at, at == 0 ? "the registry name is empty" : "the registry name has an empty part between dots");
    if (host[start] == '-') return fault_at(start, "a part of a registry name must not begin with '-'");
    if (host[at - 1] == '-') return fault_at(at - 1, "a part of a registry name must not end with '-'");
    if (at == host.size() || host[at] == ':') return std::nullopt;
    ++at;
  }
}

/// "[", hexadecimal digits and colons, "]": without a zone or a dotted quad, as in distribution/reference.
reference_fault read_ipv6(std::string_view host, std::size_t& at) {
  const std::size_t start = ++at;
  while (at < host.size() && (is_hex(host[at]) || host[at] == ':')) ++at;
  if (at == host.size()) return fault_at(at, "']' is missing after the IPv6 address");
  if (host[at] == '%') return fault_at(at, "an IPv6 address in a reference must not have a zone");
  if (host[at] == '.') return fault_at(at, "write the whole IPv6 address in hexadecimal, without a dotted quad");
  if (host[at] != ']') return fault_at(at, fmt::format("{} is not allowed in an IPv6 address", name_of(host[at])));
  if (at == start) return fault_at(at, "the IPv6 address between '[' and ']' is empty");
  ++at;
  if (at < host.size() && host[at] != ':')
    return fault_at(at, fmt::format("{} after ']'; only ':' and a port may follow", name_of(host[at])));
  return std::nullopt;
}

/// `at` is the position after the ':'.
reference_fault read_port(std::string_view host, std::size_t at) {
  const std::size_t start = at;
  unsigned port = 0;
  for (; at < host.size() && is_digit(host[at]); ++at)
    port = std::min(max_port + 1, port * 10 + static_cast<unsigned>(host[at] - '0'));
  if (at < host.size())
    return fault_at(at,
                    fmt::format("{} is not allowed in a port; a tag can only follow the last '/'", name_of(host[at])));
  if (at == start) return fault_at(at, "the port after ':' is empty");
  if (port == 0 || port > max_port) return fault_at(start, "a port is between 1 and 65535");
  return std::nullopt;
}

reference_fault read_registry(std::string_view host) {
  std::size_t at = 0;
  if (auto wrong = host.starts_with('[') ? read_ipv6(host, at) : read_labels(host, at)) return wrong;
  if (at == host.size()) return std::nullopt;
  return read_port(host, at + 1);
}

std::string component_fault(char c) {
  if (is_upper(c)) return fmt::format("upper-case letter '{}'; repository names are lower-case", c);
  return fmt::format("{} is not allowed in a repository name", name_of(c));
}

/// One '.', one or two '_', or any number of '-', between letters or digits. `at` moves past it.
reference_fault read_separator(std::string_view text, std::size_t& at) {
  const char c = text[at];
  const std::size_t start = at;
  const std::size_t most = c == '.' ? 1 : c == '_' ? 2 : text.size();
  while (at < text.size() && text[at] == c && at - start < most) ++at;
  if (at == text.size() || text[at] == '/' || text[at] == ':' || text[at] == '@')
    return fault_at(at - 1, fmt::format("a part of a repository name must not end with '{}'", c));
  if (is_path_separator(text[at]))
    return fault_at(
        at, fmt::format("'{}' after '{}': one '.', '_' or '__', or any number of '-' separate letters and digits",
                        text[at], text.substr(start, at - start)));
  return std::nullopt;
}

/// Components joined by '/'. `at` moves to the ':' of the tag, the '@' of the digest, or the end.
reference_fault read_path(std::string_view text, std::size_t& at) {
  for (;;) {
    if (at == text.size() || text[at] == '/' || text[at] == ':' || text[at] == '@')
      return fault_at(at, "a part of the repository name is empty");
    if (is_path_separator(text[at]))
      return fault_at(at, fmt::format("a part of a repository name must not begin with '{}'", text[at]));
    for (;;) {
      while (at < text.size() && is_path_letter(text[at])) ++at;
      if (at == text.size() || text[at] == ':' || text[at] == '@') return std::nullopt;
      if (text[at] == '/') break;
      if (!is_path_separator(text[at])) return fault_at(at, component_fault(text[at]));
      if (auto wrong = read_separator(text, at)) return wrong;
      if (!is_path_letter(text[at])) return fault_at(at, component_fault(text[at]));
    }
    ++at;
  }
}

/// `at` is the position after the ':' and moves to the '@' or the end.
reference_fault read_tag(std::string_view text, std::size_t& at) {
  const std::size_t start = at;
  if (at == text.size() || text[at] == '@') return fault_at(at, "the tag after ':' is empty");
  if (text[at] == '.' || text[at] == '-')
    return fault_at(at, fmt::format("a tag begins with a letter, a digit or '_', not with '{}'", text[at]));
  while (at < text.size() && is_tag_letter(text[at])) ++at;
  if (at < text.size() && text[at] != '@')
    return fault_at(at, fmt::format("{} is not allowed in a tag", name_of(text[at])));
  if (at - start > max_tag_size)
    return fault_at(start + max_tag_size,
                    fmt::format("a tag has at most {} characters, not {}", max_tag_size, at - start));
  return std::nullopt;
}

/// Finds a fault of the text as a whole.
reference_fault check_whole(std::string_view text) {
  if (text.empty()) return fault_at(0, "an image reference must not be empty");
  if (text.size() > max_reference_size)
    return fault_at(max_reference_size,
                    fmt::format("an image reference has at most {} bytes, not {}", max_reference_size, text.size()));
  if (text.size() == image_id_size && std::ranges::all_of(text, is_lower_hex))
    return fault_at(0, "64 hexadecimal digits are an image ID, which no registry knows; write name@sha256:…");
  const std::size_t scheme = text.find("://");
  if (scheme != std::string_view::npos && scheme == text.find_first_of(":/@"))
    return fault_at(0, fmt::format("remove the scheme {}", quoted(text.substr(0, scheme + 3), 40)));
  return std::nullopt;
}

}  // namespace

std::expected<reference, syntax_fault> reference::read(std::string_view text) {
  if (auto wrong = check_whole(text)) return std::unexpected(*std::move(wrong));

  std::string_view host = docker_hub;
  std::size_t at = 0;
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    if (const auto first = text.substr(0, slash); is_registry_name(first)) {
      if (auto wrong = read_registry(first)) return std::unexpected(*std::move(wrong));
      if (first != docker_hub_before) host = first;
      at = slash + 1;
    }
  }

  const std::size_t path_start = at;
  if (auto wrong = read_path(text, at)) return std::unexpected(*std::move(wrong));
  const auto path = text.substr(path_start, at - path_start);
  const bool is_official = host == docker_hub && path.find('/') == std::string_view::npos;
  const std::size_t path_size = path.size() + (is_official ? official_images.size() : 0);
  if (path_size > max_repository_size)
    return std::unexpected(syntax_fault{
        path_start + 1, fmt::format("a repository name has at most {} characters{}, not {}", max_repository_size,
                                    is_official ? " with the \"library/\" of Docker Hub" : "", path_size)});

  auto out = std::make_shared<parts>();
  out->name_size = at;
  if (at < text.size() && text[at] == ':') {
    const std::size_t tag_start = ++at;
    if (auto wrong = read_tag(text, at)) return std::unexpected(*std::move(wrong));
    out->tag = text.substr(tag_start, at - tag_start);
  }
  if (at < text.size()) {
    auto given = registry::digest::read(text.substr(++at));
    if (!given) return std::unexpected(syntax_fault{at + given.error().position, std::move(given.error().reason)});
    out->digest = *std::move(given);
  }

  out->written = text;
  out->registry = host;
  out->repository.reserve(path_size);
  if (is_official) out->repository = official_images;
  out->repository += path;
  out->make_canonical();
  return reference(std::move(out));
}

void reference::parts::make_canonical() {
  const std::string_view tag_in_effect = tag.empty() ? latest : std::string_view(tag);
  const std::string_view last = digest ? std::string_view(digest->to_string()) : tag_in_effect;
  canonical.reserve(registry.size() + repository.size() + last.size() + 2);
  canonical += registry;
  canonical += '/';
  canonical += repository;
  canonical += digest ? '@' : ':';
  canonical += last;
}

const reference::parts& reference::nothing() {
  static const parts none;
  return none;
}

std::optional<reference> reference::with_digest(const registry::digest& d) const {
  const std::string_view tag_in_effect = effective_tag();
  auto out = std::make_shared<parts>();
  const std::size_t size =
      in().name_size + (tag_in_effect.empty() ? 0 : tag_in_effect.size() + 1) + 1 + d.to_string().size();
  if (size > max_reference_size) return std::nullopt;
  out->written.reserve(size);
  out->written = written_name();
  if (!tag_in_effect.empty()) out->written.append(1, ':').append(tag_in_effect);
  out->written.append(1, '@').append(d.to_string());
  out->name_size = in().name_size;
  out->registry = registry();
  out->repository = repository();
  out->tag = tag_in_effect;
  out->digest = d;
  out->make_canonical();
  return reference(std::move(out));
}

result<reference> reference::parse(std::string_view text) {
  auto read_one = read(text);
  if (read_one) return *std::move(read_one);
  return fail(error_code::invalid_input, fmt::format("invalid image reference {}, position {}: {}", quoted(text),
                                                     read_one.error().position, read_one.error().reason));
}

std::string reference::wire_host() const {
  return registry() == docker_hub ? std::string(docker_hub_wire) : registry();
}

std::string_view reference::effective_tag() const {
  if (tag().empty() && !is_pinned()) return latest;
  return tag();
}

}  // namespace pinhook::registry
