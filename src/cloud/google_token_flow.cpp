#include <pinhook/cloud/google_token_flow.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/cloud/google_assertion.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace pinhook::cloud {
namespace {

// A token that is about to end is fetched again at once, so many times in all; then the last one is used.
constexpr int metadata_tries = 3;

// "host" or "host:port", IPv6 in brackets; a text that would add a path or a user to the URL is refused.
bool is_authority(std::string_view text) {
  return !text.empty() && text.size() <= 260 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' ||
           c == ':' || c == '[' || c == ']';
  });
}

// A file that cannot be read may be there another time; its absence tells nothing about the image.
error unread(error e) {
  if (e.code != error_code::invalid_input) e.code = error_code::unavailable;
  return e;
}

}  // namespace

google_step google_token_flow::failed(error e) const { return std::move(e).at(step_.name); }

google_step google_token_flow::start() {
  file_ = variable(variables_, "GOOGLE_APPLICATION_CREDENTIALS");
  if (file_.empty()) return ask_metadata();
  step_ = {"Google: GOOGLE_APPLICATION_CREDENTIALS", {}};
  where_ = place::credentials;
  return google_read{file_, max_google_credentials_size};
}

google_step google_token_flow::file_read(const result<secret>& content, wall_time now) {
  if (!content) return failed(unread(content.error()));
  if (where_ == place::subject_file) return subject_is(content->reveal());
  auto principal = parse_google_principal(content->reveal());
  if (!principal) return failed(std::move(principal.error()).at(file_));
  return use(*std::move(principal), now);
}

google_step google_token_flow::answered(const result<http::response>& outcome, wall_time now) {
  switch (where_) {
    case place::metadata:
      return read_metadata(outcome, now);
    case place::subject_url: {
      if (!outcome) return failed(outcome.error());
      if (outcome->status != 200) return refused(step_, *outcome, now);
      return subject_is(outcome->body);
    }
    case place::exchange:
      return read_exchange(outcome, now);
    case place::impersonation:
      return read_impersonation(outcome, now);
    default: {
      auto got = read_access_token(step_, outcome, now);
      if (!got) return std::move(got.error());
      return *std::move(got);
    }
  }
}

// ---- The metadata server ----

google_step google_token_flow::ask_metadata() {
  step_ = {"Google: metadata server", {}};
  where_ = place::metadata;
  std::string_view host = variable(variables_, "GCE_METADATA_HOST");
  if (host.empty()) host = "169.254.169.254";
  if (!is_authority(host))
    return failed({error_code::invalid_input, "GCE_METADATA_HOST is neither a host nor host:port", std::nullopt});
  ++metadata_tries_;
  google_send out;
  out.request.url = fmt::format("http://{}/computeMetadata/v1/instance/service-accounts/default/token", host);
  out.request.headers.push_back({"Metadata-Flavor", "Google"});
  out.to_metadata = true;
  return out;
}

google_step google_token_flow::read_metadata(const result<http::response>& outcome, wall_time now) {
  if (outcome) {
    const auto flavor = http::find_header(outcome->headers, "Metadata-Flavor");
    if (!flavor || *flavor != "Google")
      return failed({error_code::malformed,
                     fmt::format("HTTP {} without \"Metadata-Flavor: Google\": the host that answers is not Google's "
                                 "metadata server",
                                 outcome->status),
                     std::nullopt});
  }
  auto got = read_access_token(step_, outcome, now);
  if (!got) return std::move(got.error());
  if (got->life < least_token_life && metadata_tries_ < metadata_tries) return ask_metadata();
  return *std::move(got);
}

// ---- The file's principal ----

google_step google_token_flow::use(google_principal principal, wall_time now) {
  if (const auto* key = std::get_if<google_service_account>(&principal)) return sign(*key, now);
  if (const auto* user = std::get_if<google_authorized_user>(&principal)) return refresh(*user);
  external_ = std::get<google_external_account>(std::move(principal));
  return ask_subject();
}

google_step google_token_flow::sign(const google_service_account& account, wall_time now) {
  step_.name = "Google: service account key";
  auto assertion = make_google_assertion(account, google_token_url, google_scope, now);
  if (!assertion) return failed(std::move(assertion.error()).at(file_));
  form fields;
  fields.add("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer").add("assertion", assertion->reveal());
  step_.shown.push_back(*std::move(assertion));
  where_ = place::grant;
  return google_send{form_request(std::string(google_token_url), fields)};
}

google_step google_token_flow::refresh(const google_authorized_user& user) {
  step_ = {"Google: refresh token of a user", {user.client_secret, user.refresh_token}};
  form fields;
  fields.add("grant_type", "refresh_token").add("client_id", user.client_id);
  fields.add("client_secret", user.client_secret.reveal()).add("refresh_token", user.refresh_token.reveal());
  where_ = place::grant;
  return google_send{form_request(std::string(google_token_url), fields)};
}

// ---- Workload identity federation ----

google_step google_token_flow::ask_subject() {
  step_ = {"Google: subject token", {}};
  if (!external_.source.file.empty()) {
    where_ = place::subject_file;
    return google_read{external_.source.file, max_subject_token_size};
  }
  where_ = place::subject_url;
  google_send out;
  out.request.url = external_.source.url;
  out.request.headers = external_.source.headers;
  out.request.limits.body = max_subject_token_size;
  // Another cloud's metadata service, or a server nearby: a service over plain HTTP is never behind a proxy.
  out.to_metadata = out.request.url.starts_with("http://");
  // Its headers may be secrets that grant access.
  for (const auto& one : external_.source.headers) step_.shown.emplace_back(one.value);
  return out;
}

google_step google_token_flow::subject_is(std::string_view text) {
  secret token;
  if (external_.source.json_field.empty()) {
    token = secret(std::string(trimmed(text)));
  } else {
    const auto parsed = json::parse(text, {.depth = 32, .size = max_subject_token_size});
    if (!parsed) return failed(parsed.error());
    const auto found = json::find_string(*parsed, external_.source.json_field);
    if (!found)
      return failed(
          {error_code::malformed, fmt::format("no text in {}", quoted(external_.source.json_field, 80)), std::nullopt});
    token = secret(std::string(trimmed(*found)));
  }
  if (token.is_empty()) return failed({error_code::malformed, "it is empty", std::nullopt});
  if (token.reveal().size() > max_subject_token_size)
    return failed(
        {error_code::malformed, fmt::format("it has more than {} bytes", max_subject_token_size), std::nullopt});
  return exchange(std::move(token));
}

google_step google_token_flow::exchange(secret subject) {
  form fields;
  fields.add("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange").add("audience", external_.audience);
  fields.add("scope", google_scope).add("requested_token_type", "urn:ietf:params:oauth:token-type:access_token");
  fields.add("subject_token", subject.reveal()).add("subject_token_type", external_.subject_token_type);
  step_ = {"Google: STS token exchange", {std::move(subject)}};
  where_ = place::exchange;
  return google_send{form_request(external_.token_url, fields)};
}

google_step google_token_flow::read_exchange(const result<http::response>& outcome, wall_time now) {
  auto federated = read_access_token(step_, outcome, now);
  if (!federated) return std::move(federated.error());
  if (external_.impersonation_url.empty()) return *std::move(federated);
  google_send out;
  out.request.verb = http::method::post;
  out.request.url = external_.impersonation_url;
  out.request.headers.push_back({"Accept", "application/json"});
  out.request.headers.push_back({"Content-Type", "application/json"});
  out.request.authorization = secret("Bearer " + federated->token.reveal());
  out.request.body =
      secret(fmt::format(R"({{"scope":["{}"],"lifetime":"{}s"}})", google_scope, external_.impersonation_life.count()));
  step_ = {"Google: generateAccessToken", {std::move(federated->token)}};
  where_ = place::impersonation;
  return out;
}

google_step google_token_flow::read_impersonation(const result<http::response>& outcome, wall_time now) {
  const auto answer = read_answer(step_, outcome, now);
  if (!answer) return answer.error();
  auto token = read_token(step_, *answer, "accessToken");
  if (!token) return std::move(token.error());
  const auto expiry = parse_timestamp(json::find_string(*answer, "expireTime").value_or(""));
  if (!expiry) return failed({error_code::malformed, "the answer has no \"expireTime\"", std::nullopt});
  const auto life = std::chrono::duration_cast<std::chrono::seconds>(*expiry - now);
  if (life <= std::chrono::seconds(0))
    return failed({error_code::malformed, "the answer holds a token that has expired", std::nullopt});
  return access_token{*std::move(token), std::min(life, external_.impersonation_life)};
}

}  // namespace pinhook::cloud
