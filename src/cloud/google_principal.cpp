#include <pinhook/cloud/google_principal.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/cloud/google_hosts.hpp>
#include <pinhook/http/endpoint.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace pinhook::cloud {
namespace {

std::unexpected<error> invalid_google(std::string message) {
  return fail(error_code::invalid_input, std::move(message));
}
std::unexpected<error> unsupported(std::string message) { return fail(error_code::unsupported, std::move(message)); }

// The first of the fields that is not a string, or an empty one.
std::optional<error> lacking(const json::value& from, std::initializer_list<std::string_view> fields) {
  for (const auto field : fields) {
    const auto text = json::find_string(from, field);
    if (!text || text->empty())
      return error{error_code::invalid_input, fmt::format("\"{}\" is missing or no text", field), std::nullopt};
  }
  return std::nullopt;
}

std::string text(const json::value& from, std::string_view field) {
  return std::string(json::find_string(from, field).value_or(""));
}

result<void> read_headers(const json::value& from, http::headers& out) {
  const json::value* all = json::find(from, "headers");
  if (all == nullptr) return {};
  if (!all->IsObject()) return invalid_google("\"headers\" is not an object");
  if (all->MemberCount() > max_source_headers)
    return invalid_google(fmt::format("\"headers\" has more than {} entries", max_source_headers));
  for (auto one = all->MemberBegin(); one != all->MemberEnd(); ++one) {
    if (!one->value.IsString()) return invalid_google("\"headers\" holds something else than texts");
    out.push_back({std::string(json::text_of(one->name)), std::string(json::text_of(one->value))});
  }
  return {};
}

result<void> read_format(const json::value& from, std::string& field) {
  const json::value* format = json::find(from, "format");
  if (format == nullptr) return {};
  const std::string type = text(*format, "type");
  if (type == "text") return {};
  if (type != "json")
    return invalid_google(fmt::format("\"format\" has the type {}; known are text and json", quoted(type, 40)));
  field = text(*format, "subject_token_field_name");
  if (field.empty()) return invalid_google("\"format\" is json without \"subject_token_field_name\"");
  return {};
}

result<google_subject_source> read_source(const json::value& file) {
  const json::value* from = json::find(file, "credential_source");
  if (from == nullptr || !from->IsObject()) return invalid_google("\"credential_source\" is missing or no object");
  struct row {
    std::string_view key, source;
  };
  constexpr std::array others{row{"environment_id", "AWS as the provider"}, row{"executable", "an executable"},
                              row{"certificate", "a certificate"}};
  for (const auto& [key, source] : others)
    if (json::find(*from, key) != nullptr)
      return unsupported(
          fmt::format("\"credential_source\" is {} (\"{}\"), which is not supported: a file or a URL is", source, key));
  google_subject_source out;
  out.file = text(*from, "file");
  out.url = text(*from, "url");
  if (out.file.empty() == out.url.empty())
    return invalid_google("\"credential_source\" needs either \"file\" or \"url\"");
  if (!out.url.empty() && !http::parse_endpoint(out.url))
    return invalid_google("\"credential_source\": \"url\" is not an http URL");
  if (auto read = read_headers(*from, out.headers); !read)
    return fail(std::move(read.error()).at("\"credential_source\""));
  if (auto read = read_format(*from, out.json_field); !read)
    return fail(std::move(read.error()).at("\"credential_source\""));
  return out;
}

bool is_impersonation(const std::string& url) {
  if (!is_google_service(url, "iamcredentials")) return false;
  const auto path = url.find('/', std::string_view("https://").size());
  const std::string_view rest = path == std::string::npos ? std::string_view() : std::string_view(url).substr(path);
  return rest.starts_with("/v1/projects/-/serviceAccounts/") && rest.ends_with(":generateAccessToken") &&
         rest.find_first_of("?#") == std::string_view::npos;
}

result<google_principal> read_external(const json::value& file) {
  if (auto missing = lacking(file, {"audience", "subject_token_type", "token_url"})) return fail(*std::move(missing));
  if (json::find(file, "workforce_pool_user_project") != nullptr)
    return unsupported("workforce identity federation (\"workforce_pool_user_project\") is not supported");
  google_external_account out;
  out.audience = text(file, "audience");
  out.subject_token_type = text(file, "subject_token_type");
  out.token_url = text(file, "token_url");
  if (!is_google_service(out.token_url, "sts"))
    return invalid_google("\"token_url\" is not https or not the Security Token Service below googleapis.com");
  out.impersonation_url = text(file, "service_account_impersonation_url");
  if (!out.impersonation_url.empty() && !is_impersonation(out.impersonation_url))
    return invalid_google(
        "\"service_account_impersonation_url\" is not generateAccessToken of https://iamcredentials.googleapis.com");
  if (const json::value* options = json::find(file, "service_account_impersonation")) {
    constexpr std::int64_t least = 600;
    constexpr std::int64_t most = 43200;
    const auto life = json::find_integer(*options, "token_lifetime_seconds");
    if (life && (*life < least || *life > most))
      return invalid_google(fmt::format("\"token_lifetime_seconds\" is not between {} and {}", least, most));
    if (life) out.impersonation_life = std::chrono::seconds(*life);
  }
  auto source = read_source(file);
  if (!source) return fail(std::move(source.error()));
  out.source = *std::move(source);
  return out;
}

result<google_principal> read_service_account(const json::value& file) {
  if (auto missing = lacking(file, {"client_email", "private_key"})) return fail(*std::move(missing));
  return google_service_account{text(file, "client_email"), text(file, "private_key_id"),
                                secret(text(file, "private_key"))};
}

result<google_principal> read_user(const json::value& file) {
  if (auto missing = lacking(file, {"client_id", "client_secret", "refresh_token"})) return fail(*std::move(missing));
  return google_authorized_user{text(file, "client_id"), secret(text(file, "client_secret")),
                                secret(text(file, "refresh_token"))};
}

}  // namespace

result<google_principal> parse_google_principal(std::string_view content) {
  const auto file = json::parse(content, {.depth = 32, .size = max_google_credentials_size});
  if (!file) return invalid_google(file.error().message);
  if (!file->IsObject()) return invalid_google("it is not a JSON object");
  if (auto missing = lacking(*file, {"type"})) return fail(*std::move(missing));
  if (const auto universe = json::find_string(*file, "universe_domain"); universe && *universe != "googleapis.com")
    return unsupported(
        fmt::format("its \"universe_domain\" is {}; only googleapis.com is supported", quoted(*universe, 80)));
  const std::string type = text(*file, "type");
  if (type == "external_account") return read_external(*file);
  if (type == "service_account") return read_service_account(*file);
  if (type == "authorized_user") return read_user(*file);
  return unsupported(fmt::format(
      "its type {} is not supported: external_account, service_account and authorized_user are", quoted(type, 60)));
}

}  // namespace pinhook::cloud
