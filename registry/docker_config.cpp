#include <pinhook/registry/docker_config.hpp>

#include <pinhook/base/base64.hpp>
#include <pinhook/base/json.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace pinhook::registry {
namespace {

constexpr std::string_view hub_registry = "docker.io";
constexpr std::string_view hub_url = "https://index.docker.io/v1/";
constexpr std::array<std::string_view, 2> docker_hub_hosts{"index.docker.io", "registry-1.docker.io"};
constexpr std::size_t max_suffix_size = 64;
constexpr json::parse_limits config_limits{.depth = 32, .size = max_docker_config_size};

/// A place in the file: "config.json: auths: "ghcr.io"". Keys are not secret.
struct place {
  std::string_view file;
  std::string_view section;
  std::string_view key = {};

  [[nodiscard]] std::unexpected<error> wrong(std::string_view fault) const {
    std::string where = fmt::format("{}: {}", file, section);
    if (key.data() != nullptr) where += fmt::format(": {}", quoted(key, 100));
    return fail(error_code::invalid_input, fmt::format("{}: {}", where, fault));
  }
};

std::string_view canonical_host(std::string_view host) {
  return std::ranges::find(docker_hub_hosts, host) != docker_hub_hosts.end() ? hub_registry : host;
}

struct registry_key {
  std::string normal;  // "host" or "host/path"
  bool is_exact;       // in the very form that Docker writes today
};

/// Turns a key of "auths" into a repository's name. Docker used to write URLs and strips them to the host; containers'
/// auth.json has paths without a scheme.
registry_key read_key(std::string_view key) {
  std::string_view rest = key;
  const std::size_t scheme = rest.find("://");
  if (scheme != std::string_view::npos) rest.remove_prefix(scheme + 3);
  const std::size_t slash = rest.find('/');
  std::string_view path = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (scheme != std::string_view::npos || path == "/v1" || path == "/v2") path = {};
  std::string normal(canonical_host(rest.substr(0, slash)));
  normal += path;
  const bool is_exact = key == hub_url || (key == normal && key != hub_registry);
  return {std::move(normal), is_exact};
}

struct entry_fields {
  std::string_view username, password, auth, identity_token, registry_token;
};

result<entry_fields> read_config_fields(const json::value& entry, const place& at) {
  entry_fields out;
  const std::array<std::pair<const char*, std::string_view*>, 5> names{{{"username", &out.username},
                                                                        {"password", &out.password},
                                                                        {"auth", &out.auth},
                                                                        {"identitytoken", &out.identity_token},
                                                                        {"registrytoken", &out.registry_token}}};
  for (const auto& [name, to] : names) {
    const json::value* found = json::find(entry, name);
    if (found == nullptr || found->IsNull()) continue;
    if (!found->IsString()) return at.wrong(fmt::format("\"{}\" must be a string", name));
    *to = json::text_of(*found);
  }
  return out;
}

/// No value: an entry without credentials, as Docker leaves behind when a helper stores them.
result<std::optional<credential>> read_config_entry(const json::value& entry, const place& at) {
  if (entry.IsNull()) return std::nullopt;
  if (!entry.IsObject()) return at.wrong("must be an object");
  auto fields = read_config_fields(entry, at);
  if (!fields) return fail(std::move(fields.error()));

  std::string user(fields->username);
  secret password{std::string(fields->password)};
  if (!fields->auth.empty()) {
    auto decoded = decode_base64(fields->auth);
    if (!decoded) return at.wrong("\"auth\" is not base64");
    const secret pair(*std::move(decoded));
    const std::string_view text = pair.reveal();
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0) return at.wrong("\"auth\" must be the base64 of user:password");
    user = text.substr(0, colon);
    // Old Docker clients padded the password with NUL bytes.
    password = secret(std::string(text.substr(colon + 1, text.find_last_not_of('\0') - colon)));
  }

  credential out;
  out.username = std::move(user);
  if (!fields->registry_token.empty()) {
    // It goes into a header unchanged.
    if (std::ranges::any_of(fields->registry_token, [](char c) { return c <= ' ' || c > '~'; }))
      return at.wrong("\"registrytoken\" has an invalid character");
    out.kind = credential_kind::registry_token;
    out.secret = secret(std::string(fields->registry_token));
  } else if (!fields->identity_token.empty()) {
    out.kind = credential_kind::identity_token;
    out.secret = secret(std::string(fields->identity_token));
  } else if (!out.username.empty()) {
    out.kind = credential_kind::basic;
    out.secret = std::move(password);
  } else {
    if (!password.is_empty()) return at.wrong("has a password and no username");
    return std::nullopt;
  }
  out.source = fmt::format("{}: {}", at.file, at.key);
  // The separator is a byte that the first three parts cannot contain.
  const secret whole(fmt::format("{}\n{}\n{}\n{}", static_cast<int>(out.kind), quoted(out.source, out.source.size()),
                                 quoted(out.username, out.username.size()), out.secret.reveal()));
  out.identity = keyed_hash(whole.reveal());
  return out;
}

/// A section, which must be an object when it exists.
result<const json::value*> find_section(const json::value& root, const place& at) {
  const json::value* section = json::find(root, at.section);
  if (section == nullptr || section->IsNull()) return nullptr;
  if (!section->IsObject()) return at.wrong("must be an object");
  return section;
}

result<std::string> read_suffix(const json::value& text, const place& at) {
  if (!text.IsString()) return at.wrong("must be a string");
  const auto suffix = json::text_of(text);
  if (!suffix.empty() && !is_helper_suffix(suffix))
    return at.wrong(fmt::format("{} cannot follow \"docker-credential-\" in a program's name", quoted(suffix, 100)));
  return std::string(suffix);
}

}  // namespace

bool is_helper_suffix(std::string_view text) {
  const auto is_good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= max_suffix_size && std::ranges::all_of(text, is_good);
}

result<docker_config> docker_config::parse(std::string_view text, std::string_view name) {
  auto document = json::parse(text, config_limits);
  if (!document) return fail(error_code::invalid_input, fmt::format("{}: {}", name, document.error().message));
  if (!document->IsObject()) return fail(error_code::invalid_input, fmt::format("{}: must be a JSON object", name));

  docker_config out;
  out.name_ = name;
  const auto auths = find_section(*document, {name, "auths"});
  if (!auths) return fail(auths.error());
  if (*auths != nullptr) {
    for (const auto& member : (*auths)->GetObject()) {
      const auto key = json::text_of(member.name);
      auto read = read_config_entry(member.value, {name, "auths", key});
      if (!read) return fail(std::move(read.error()));
      std::optional<credential> entry = *std::move(read);
      if (!entry) continue;
      auto [normal, is_exact] = read_key(key);
      inline_entry one{*std::move(entry), std::string(key)};
      if (is_exact)
        out.auths_.insert_or_assign(std::move(normal), std::move(one));
      else
        out.auths_.try_emplace(std::move(normal), std::move(one));
    }
  }

  const auto helpers = find_section(*document, {name, "credHelpers"});
  if (!helpers) return fail(helpers.error());
  if (*helpers != nullptr) {
    for (const auto& member : (*helpers)->GetObject()) {
      const auto key = json::text_of(member.name);
      auto suffix = read_suffix(member.value, {name, "credHelpers", key});
      if (!suffix) return fail(std::move(suffix.error()));
      const auto host = key == hub_url ? hub_registry : canonical_host(key);
      helper_entry entry{*std::move(suffix), std::string(key)};
      if (key == hub_url)
        out.helpers_.insert_or_assign(std::string(host), std::move(entry));
      else
        out.helpers_.try_emplace(std::string(host), std::move(entry));
    }
  }

  if (const json::value* store = json::find(*document, "credsStore"); store != nullptr && !store->IsNull()) {
    auto suffix = read_suffix(*store, {name, "credsStore"});
    if (!suffix) return fail(std::move(suffix.error()));
    out.store_ = *std::move(suffix);
  }
  return out;
}

docker_config::match docker_config::find(const reference& ref) const {
  const std::string_view host = canonical_host(ref.registry());
  if (const auto* own = own_helper(host)) return helper_call{own->suffix, own->server};
  if (asks_store(host)) return helper_call{store_, std::string(host == hub_registry ? hub_url : host)};
  if (const auto* entry = find_inline(host, ref)) return &entry->content;
  return {};
}

std::optional<credential_match> docker_config::describe(const reference& ref) const {
  const std::string_view host = canonical_host(ref.registry());
  if (const auto* own = own_helper(host)) return credential_match{"credential helper " + own->suffix, own->server};
  if (asks_store(host)) return credential_match{"credential helper " + store_, {}};
  if (const auto* entry = find_inline(host, ref)) return credential_match{name_, entry->key};
  return std::nullopt;
}

const docker_config::helper_entry* docker_config::own_helper(std::string_view host) const {
  const auto own = helpers_.find(host);
  return own == helpers_.end() || own->second.suffix.empty() ? nullptr : &own->second;
}

bool docker_config::asks_store(std::string_view host) const { return !store_.empty() && !helpers_.contains(host); }

const docker_config::inline_entry* docker_config::find_inline(std::string_view host, const reference& ref) const {
  if (auths_.empty()) return nullptr;
  std::string name(host);
  name += '/';
  name += ref.repository();
  std::string_view rest = name;
  for (;;) {
    if (const auto found = auths_.find(rest); found != auths_.end()) return &found->second;
    if (rest.size() <= host.size()) return nullptr;
    rest = rest.substr(0, rest.rfind('/'));
  }
}

}  // namespace pinhook::registry
