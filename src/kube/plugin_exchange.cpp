#include <pinhook/kube/plugin_exchange.hpp>

#include <pinhook/base/duration.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/base/text.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace pinhook::kube {
namespace {

constexpr std::string_view docker_hub = "docker.io";
constexpr std::string_view docker_hub_key = "index.docker.io";
constexpr std::size_t shown_text = 300;

constexpr std::array<std::pair<std::string_view, plugin_cache_key>, 3> cache_keys{
    {{"Image", plugin_cache_key::image},
     {"Registry", plugin_cache_key::registry},
     {"Global", plugin_cache_key::global}}};

std::unexpected<error> bad_answer(std::string_view reason) {
  return fail(error_code::malformed, fmt::format("invalid answer: {}", reason));
}

/// The member when it is there and not null.
const json::value* plugin_member(const json::value& of, std::string_view name) {
  const json::value* found = json::find(of, name);
  return found == nullptr || found->IsNull() ? nullptr : found;
}

result<void> check_text(const json::value& root, std::string_view name, std::string_view expected) {
  const auto found = json::find_string(root, name);
  if (!found) return bad_answer(fmt::format("\"{}\" is missing or not a string", name));
  if (*found != expected)
    return bad_answer(fmt::format("\"{}\" is {}, must be {}", name, quoted(*found, 100), expected));
  return {};
}

result<plugin_cache_key> read_cache_key(const json::value& root) {
  const auto text = json::find_string(root, "cacheKeyType");
  if (!text) return bad_answer("\"cacheKeyType\" is missing or not a string");
  for (const auto& [name, key] : cache_keys)
    if (*text == name) return key;
  return bad_answer(fmt::format("\"cacheKeyType\" is {}, must be Image, Registry or Global", quoted(*text, 100)));
}

/// A negative duration counts as 0, since it has passed already.
result<std::chrono::nanoseconds> read_hold(const json::value& root, std::chrono::nanoseconds otherwise) {
  const json::value* found = plugin_member(root, "cacheDuration");
  if (found == nullptr) return otherwise;
  if (!found->IsString()) return bad_answer("\"cacheDuration\" is not a string");
  std::string_view text = json::text_of(*found);
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  const auto value = parse_duration(text);
  if (!value) return bad_answer(fmt::format("\"cacheDuration\": {}", value.error().message));
  return is_negative ? std::chrono::nanoseconds(0) : *value;
}

result<std::vector<plugin_login>> read_logins(const json::value& root) {
  std::vector<plugin_login> out;
  const json::value* auth = plugin_member(root, "auth");
  if (auth == nullptr) return out;
  if (!auth->IsObject()) return bad_answer("\"auth\" is not an object");
  for (const auto& entry : auth->GetObject()) {
    const auto key = json::text_of(entry.name);
    const auto wrong = [&](std::string_view reason) {
      return bad_answer(fmt::format("\"auth\": {}: {}", quoted(key, 100), reason));
    };
    if (!entry.value.IsObject()) return wrong("not an object");
    std::array<std::string_view, 2> texts;
    constexpr std::array<std::string_view, 2> names{"username", "password"};
    for (std::size_t i = 0; i < names.size(); ++i) {
      const json::value* text = plugin_member(entry.value, names[i]);
      if (text == nullptr) continue;
      if (!text->IsString()) return wrong(fmt::format("\"{}\" is not a string", names[i]));
      texts[i] = json::text_of(*text);
    }
    auto pattern = registry::parse_image_pattern(key);
    if (!pattern || texts[0].empty()) continue;
    out.push_back({*std::move(pattern), std::string(texts[0]), secret(std::string(texts[1]))});
  }
  return out;
}

registry::credential credential_of(std::string_view plugin, const plugin_login& login) {
  registry::credential out;
  out.kind = registry::credential_kind::basic;
  out.username = login.username;
  out.secret = login.password;
  out.source = fmt::format("credential plugin {}", plugin);
  const secret whole(fmt::format("{}\n{}\n{}\n{}", quoted(out.source, out.source.size()), login.pattern.key(),
                                 quoted(out.username, out.username.size()), out.secret.reveal()));
  out.identity = keyed_hash(whole.reveal());
  return out;
}

}  // namespace

std::string image_name(const registry::reference& ref) {
  return fmt::format("{}/{}", ref.registry(), ref.repository());
}

secret plugin_request(std::string_view api_version, const plugin_question& question) {
  std::string out = R"({"kind":"CredentialProviderRequest","apiVersion":)";
  // Reserved at once, since a text that grows leaves copies of the token in memory.
  std::size_t size = 200 + api_version.size() + 6 * (question.image.size() + question.token.reveal().size());
  for (const auto& [key, value] : question.annotations) size += 6 * (key.size() + value.size()) + 6;
  out.reserve(size);
  json::append_string(out, api_version);
  out += R"(,"image":)";
  json::append_string(out, question.image);
  if (!question.token.is_empty()) {
    out += R"(,"serviceAccountToken":)";
    json::append_string(out, question.token.reveal());
  }
  if (!question.annotations.empty()) {
    out += R"(,"serviceAccountAnnotations":)";
    char before = '{';
    for (const auto& [key, value] : question.annotations) {
      out += std::exchange(before, ',');
      json::append_string(out, key);
      out += ':';
      json::append_string(out, value);
    }
    out += '}';
  }
  out += "}\n";
  return secret(std::move(out));
}

process_request plugin_run(const plugin_provider& provider, const std::string& bin_dir,
                           const plugin_question& question) {
  process_request out;
  out.argv.push_back(fmt::format("{}/{}", bin_dir, provider.name));
  out.argv.insert(out.argv.end(), provider.args.begin(), provider.args.end());
  out.input = plugin_request(provider.api_version, question);
  for (const auto& [name, value] : provider.env) out.environment.push_back(fmt::format("{}={}", name, value.reveal()));
  out.output_limit = max_plugin_answer_size;
  return out;
}

result<plugin_answer> read_plugin_answer(const plugin_provider& provider, const process_output& output) {
  if (output.exit_code != 0)
    return fail(error_code::unavailable, fmt::format("exit code {}, it says {}", output.exit_code,
                                                     quoted(trimmed(output.errors.reveal()), shown_text)));
  constexpr json::parse_limits limits{.depth = 16, .size = max_plugin_answer_size};
  const auto root = json::parse(output.output.reveal(), limits);
  if (!root) return bad_answer(root.error().message);
  if (!root->IsObject()) return bad_answer("not a JSON object");
  if (auto same = check_text(*root, "apiVersion", provider.api_version); !same) return fail(std::move(same.error()));
  if (auto same = check_text(*root, "kind", "CredentialProviderResponse"); !same) return fail(std::move(same.error()));
  const auto key = read_cache_key(*root);
  if (!key) return fail(key.error());
  const auto hold = read_hold(*root, provider.default_cache_duration);
  if (!hold) return fail(hold.error());
  auto logins = read_logins(*root);
  if (!logins) return fail(std::move(logins.error()));
  return plugin_answer{*key, *hold, *std::move(logins)};
}

std::vector<registry::credential> logins_for(const registry::reference& ref, std::span<const named_answer> answers) {
  struct found {
    std::string_view plugin;
    const plugin_login* login;
    std::size_t place;
  };
  std::vector<found> all;
  const auto collect = [&](const auto& is_match) {
    for (const auto& one : answers)
      for (const auto& login : one.answer->logins)
        if (is_match(login)) all.push_back({one.plugin, &login, all.size()});
  };
  collect([&](const plugin_login& login) { return login.pattern.matches(ref); });
  if (all.empty() && ref.registry() == docker_hub)
    collect([](const plugin_login& login) { return login.pattern.key() == docker_hub_key; });
  // Sorted by pattern backwards and then by place, since libstdc++ 12's stable_sort does not compile under Clang 19
  // without a warning.
  std::ranges::sort(all, [](const found& a, const found& b) {
    const int order = a.login->pattern.key().compare(b.login->pattern.key());
    return order != 0 ? order > 0 : a.place < b.place;
  });
  std::vector<registry::credential> out;
  for (const auto& one : all) out.push_back(credential_of(one.plugin, *one.login));
  return out;
}

}  // namespace pinhook::kube
