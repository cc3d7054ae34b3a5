#include <pinhook/registry/pull_keyring.hpp>

#include <pinhook/base/base64.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/registry/anonymous_identity.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

namespace pinhook::registry {
namespace {

constexpr json::parse_limits keyring_limits{.depth = 32, .size = max_pull_secret_size};
constexpr std::string_view hub_host = "docker.io";
constexpr std::string_view hub_key = "index.docker.io";

std::unexpected<error> invalid_keyring(std::string_view where, std::string_view fault) {
  return fail(error_code::invalid_input, fmt::format("{}: {}", where, fault));
}

// Go's decoder accepts a field's name in any letter case.
bool is_same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

struct keyring_fields {
  std::string_view username, password, email, auth;
};

result<keyring_fields> read_keyring_fields(const json::value& entry, std::string_view where) {
  keyring_fields out;
  if (entry.IsNull()) return out;
  if (!entry.IsObject()) return invalid_keyring(where, "must be an object");
  const std::array<std::pair<std::string_view, std::string_view*>, 4> names{
      {{"username", &out.username}, {"password", &out.password}, {"email", &out.email}, {"auth", &out.auth}}};
  for (const auto& member : entry.GetObject()) {
    for (const auto& [name, to] : names) {
      if (!is_same_name(json::text_of(member.name), name) || member.value.IsNull()) continue;
      if (!member.value.IsString()) return invalid_keyring(where, fmt::format("\"{}\" must be a string", name));
      *to = json::text_of(member.value);
    }
  }
  return out;
}

// No value: an entry without a user name.
result<std::optional<credential>> read_keyring_entry(const json::value& entry, std::string_view secret_name,
                                                     std::string_view key, std::string_view where) {
  auto fields = read_keyring_fields(entry, where);
  if (!fields) return fail(std::move(fields.error()));
  credential out;
  out.username = fields->username;
  out.secret = secret(std::string(fields->password));
  if (!fields->auth.empty()) {
    auto decoded = decode_base64(fields->auth);
    if (!decoded) return invalid_keyring(where, "\"auth\" is not base64");
    const secret pair(*std::move(decoded));
    const std::string_view text = pair.reveal();
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return invalid_keyring(where, "\"auth\" must be the base64 of user:password");
    out.username = text.substr(0, colon);
    out.secret = secret(std::string(text.substr(colon + 1)));
  }
  if (out.username.empty()) return std::nullopt;
  out.kind = credential_kind::basic;
  out.source = fmt::format("pull secret {}", secret_name);
  // The sizes separate the parts, whatever their content.
  const secret whole(fmt::format("pull secret {} {} {} {}\n{}{}{}{}", secret_name.size(), key.size(),
                                 out.username.size(), out.secret.reveal().size(), secret_name, key, out.username,
                                 out.secret.reveal()));
  out.identity = keyed_hash(whole.reveal());
  return out;
}

// The object with the entries; null when there is none.
result<const json::value*> find_entries(pull_secret_form form, const json::document& all) {
  if (all.IsNull()) return nullptr;
  if (!all.IsObject()) return fail(error_code::invalid_input, "must be a JSON object");
  if (form == pull_secret_form::dockercfg) return &all;
  const json::value* out = nullptr;
  for (const auto& member : all.GetObject())
    if (is_same_name(json::text_of(member.name), "auths") && !member.value.IsNull()) out = &member.value;
  if (out != nullptr && !out->IsObject()) return invalid_keyring("\"auths\"", "must be an object");
  return out;
}

}  // namespace

result<std::vector<pull_entry>> parse_pull_secret(pull_secret_form form, const secret& text, std::string_view name) {
  auto document = json::parse(text.reveal(), keyring_limits);
  if (!document) return fail(error_code::invalid_input, std::move(document.error().message));
  const auto entries = find_entries(form, *document);
  if (!entries) return fail(entries.error());
  if (*entries == nullptr) return std::vector<pull_entry>{};
  if ((*entries)->MemberCount() > max_pull_secret_entries)
    return fail(error_code::invalid_input, fmt::format("it has more than {} entries", max_pull_secret_entries));

  std::map<std::string_view, const json::value*> last;
  for (const auto& member : (*entries)->GetObject()) last.insert_or_assign(json::text_of(member.name), &member.value);
  std::vector<pull_entry> out;
  for (const auto& member : (*entries)->GetObject()) {
    const std::string_view key = json::text_of(member.name);
    if (last.at(key) != &member.value) continue;
    auto read = read_keyring_entry(member.value, name, key, quoted(key, 100));
    if (!read) return fail(std::move(read.error()));
    auto pattern = parse_image_pattern(key);
    if (pattern && *read) out.push_back({*std::move(pattern), **std::move(read)});
  }
  return out;
}

pull_keyring::pull_keyring(std::vector<pull_entry> entries) : entries_(std::move(entries)) {
  // In descending order of the key, then by position. (std::stable_sort would not need the position, but libstdc++ 12's
  // uses a function that Clang 19 reports as deprecated.)
  std::vector<std::size_t> order(entries_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [this](std::size_t a, std::size_t b) {
    const int compared = entries_[a].pattern.key().compare(entries_[b].pattern.key());
    return compared != 0 ? compared > 0 : a < b;
  });
  std::vector<pull_entry> sorted;
  sorted.reserve(entries_.size());
  for (const std::size_t i : order) sorted.push_back(std::move(entries_[i]));
  entries_ = std::move(sorted);
}

std::vector<const pull_entry*> pull_keyring::find(const reference& ref) const {
  std::vector<const pull_entry*> out;
  for (const pull_entry& e : entries_)
    if (e.pattern.matches(ref)) out.push_back(&e);
  if (!out.empty() || ref.registry() != hub_host) return out;
  for (const pull_entry& e : entries_)
    if (e.pattern.key() == hub_key) out.push_back(&e);
  return out;
}

std::string keyring_credentials::identity_for(const reference& ref) const {
  const auto found = keyring_.find(ref);
  if (found.empty()) return anonymous_identity();
  if (found.size() == 1) return found.front()->credential.identity;
  std::string all;
  for (const pull_entry* e : found) all += e->credential.identity + '\n';
  return keyed_hash(all);
}

awaitable<result<std::vector<credential>>> keyring_credentials::credentials_for(reference ref, deadline) {
  std::vector<credential> out;
  for (const pull_entry* e : keyring_.find(ref)) out.push_back(e->credential);
  co_return out;
}

std::vector<credential_match> keyring_credentials::matches(const reference& ref) const {
  std::vector<credential_match> out;
  for (const pull_entry* e : keyring_.find(ref)) out.push_back({e->credential.source, e->pattern.key()});
  return out;
}

}  // namespace pinhook::registry
