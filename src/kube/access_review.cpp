#include <pinhook/kube/access_review.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/json_writer.hpp>

#include <utility>

namespace pinhook::kube {
namespace {

request_attributes about_creation(std::string path) {
  request_attributes out{.verb = "create", .resource = std::move(path), .ns = {}, .name = {}};
  out.is_cluster_wide = true;
  return out;
}

api_call creation(const request_attributes& about, secret body) {
  api_call out{.attributes = about, .verb = http::method::post};
  out.content_type = "application/json";
  out.body.emplace(std::move(body));
  return out;
}

// Whoever asks about a user must not take our own lack of rights for the user's.
std::unexpected<error> not_asked(error e) {
  if (e.code == error_code::unauthorized || e.code == error_code::denied) e.code = error_code::unavailable;
  return fail(std::move(e));
}

json::writer begun_review(std::string_view group, std::string_view kind) {
  json::writer out;
  out.open_object();
  out.member("apiVersion", std::string(group) + "/v1");
  out.member("kind", kind);
  out.key("spec"), out.open_object();
  return out;
}

}  // namespace

secret token_review_text(const secret& token) {
  json::writer out = begun_review("authentication.k8s.io", "TokenReview");
  out.member("token", token.reveal());
  out.close_object();
  out.close_object();
  return secret(std::move(out).text());
}

result<reviewed_user> read_token_review(std::string_view body) {
  const auto document = json::parse(body);
  if (!document) return fail(document.error());
  const json::value* status = json::find(*document, "status");
  if (status == nullptr || !status->IsObject()) return fail(error_code::malformed, "the answer is no TokenReview");
  const json::value* user = json::find(*status, "user");
  const auto name = user == nullptr ? std::nullopt : json::find_string(*user, "username");
  if (json::find_bool(*status, "authenticated") != true || !name || name->empty())
    return fail(error_code::unauthorized, "the API server does not accept the token");
  reviewed_user out{.name = std::string(*name), .uid = {}, .groups = {}, .extra = {}};
  if (const auto uid = json::find_string(*user, "uid")) out.uid = *uid;
  if (const json::value* groups = json::find(*user, "groups"); groups != nullptr && groups->IsArray())
    for (const json::value& one : groups->GetArray())
      if (one.IsString()) out.groups.emplace_back(json::text_of(one));
  if (const json::value* extra = json::find(*user, "extra"); extra != nullptr && extra->IsObject())
    out.extra = json::to_text(*extra);
  return out;
}

std::string access_review_text(const reviewed_user& who, const asked_access& access) {
  json::writer out = begun_review("authorization.k8s.io", "SubjectAccessReview");
  out.member("user", who.name);
  if (!who.uid.empty()) out.member("uid", who.uid);
  out.key("groups"), out.open_array();
  for (const auto& one : who.groups) out.string(one);
  out.close_array();
  if (!who.extra.empty())
    if (const auto extra = json::parse(who.extra)) out.key("extra"), out.tree(*extra);
  if (!access.path.empty()) {
    out.key("nonResourceAttributes"), out.open_object();
    out.member("path", access.path);
  } else {
    out.key("resourceAttributes"), out.open_object();
    out.member("group", access.group);
    out.member("resource", access.resource);
    if (!access.ns.empty()) out.member("namespace", access.ns);
  }
  out.member("verb", access.verb);
  out.close_object();
  out.close_object();
  out.close_object();
  return std::move(out).text();
}

result<bool> read_access_review(std::string_view body) {
  const auto document = json::parse(body);
  if (!document) return fail(document.error());
  const json::value* status = json::find(*document, "status");
  const auto allowed = status == nullptr ? std::nullopt : json::find_bool(*status, "allowed");
  if (!allowed) return fail(error_code::malformed, "the answer is no SubjectAccessReview");
  // A denial outweighs what another authorizer allows.
  return *allowed && json::find_bool(*status, "denied") != true;
}

awaitable<result<reviewed_user>> review_token(api_connection& to, secret token, deadline d) {
  const request_attributes about = about_creation("/apis/authentication.k8s.io/v1/tokenreviews");
  api_call call = creation(about, token_review_text(token));
  auto answer = co_await to.ask(std::move(call), d);
  if (!answer) co_return not_asked(std::move(answer.error()));
  auto out = read_token_review(answer->body.reveal());
  if (!out && out.error().code != error_code::unauthorized) co_return refuse(std::move(out.error()), about);
  co_return out;
}

awaitable<result<bool>> review_access(api_connection& to, reviewed_user who, asked_access access, deadline d) {
  const request_attributes about = about_creation("/apis/authorization.k8s.io/v1/subjectaccessreviews");
  secret body(access_review_text(who, access));
  api_call call = creation(about, std::move(body));
  auto answer = co_await to.ask(std::move(call), d);
  if (!answer) co_return not_asked(std::move(answer.error()));
  co_return read_answer(std::move(answer), about, read_access_review);
}

}  // namespace pinhook::kube
