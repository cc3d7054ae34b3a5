#include <pinhook/access/file_object.hpp>

#include <pinhook/base/base64.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/base/json_writer.hpp>
#include <pinhook/base/utf8.hpp>
#include <pinhook/kube/names.hpp>

#include <fmt/core.h>

#include <utility>

namespace pinhook::access {
namespace {

kube::request_attributes attributes_of(std::string verb, const file_object_name& of) {
  return {.verb = std::move(verb), .resource = of.is_secret ? "secrets" : "configmaps", .ns = of.ns, .name = of.name};
}

std::string_view kind_of(bool is_secret) { return is_secret ? "Secret" : "ConfigMap"; }

result<void> take_files(const json::value& object, std::string_view member, bool is_base64, file_object& out) {
  const json::value* found = json::find(object, member);
  if (found == nullptr || found->IsNull()) return {};
  if (!found->IsObject()) return fail(error_code::malformed, fmt::format("\"{}\" is not an object", member));
  for (const auto& [key, value] : found->GetObject()) {
    auto bytes = !value.IsString() ? std::nullopt
                 : is_base64       ? decode_base64(json::text_of(value))
                                   : std::optional(std::string(json::text_of(value)));
    if (!bytes)
      return fail(error_code::malformed, fmt::format("the value of {} is not {}", quoted(json::text_of(key), 80),
                                                     is_base64 ? "base64" : "text"));
    out.files.insert_or_assign(std::string(json::text_of(key)), std::move(*bytes));
  }
  return {};
}

}  // namespace

result<file_object_name> file_object_name::parse(bool is_secret, std::string_view text) {
  const auto slash = text.find('/');
  file_object_name out{is_secret, std::string(text.substr(0, slash)),
                       slash == std::string_view::npos ? "" : std::string(text.substr(slash + 1))};
  if (!kube::is_namespace_name(out.ns) || !kube::is_object_name(out.name))
    return fail(error_code::invalid_input,
                fmt::format("{} must be a namespace and a name, as pinhook/trust", quoted(text, 120)));
  return out;
}

result<file_object> parse_file_object(bool is_secret, std::string_view text) {
  const auto read = json::parse(text);
  if (!read) return fail(read.error());
  if (json::find_string(*read, "kind") != kind_of(is_secret))
    return fail(error_code::malformed, fmt::format("the answer is not a {}", kind_of(is_secret)));
  file_object out;
  const json::value* metadata = json::find(*read, "metadata");
  out.version = metadata == nullptr ? "" : json::find_string(*metadata, "resourceVersion").value_or("");
  if (out.version.empty()) return fail(error_code::malformed, "\"resourceVersion\" is missing");
  if (auto good = take_files(*read, "data", is_secret, out); !good) return fail(std::move(good.error()));
  if (is_secret) return out;
  if (auto good = take_files(*read, "binaryData", true, out); !good) return fail(std::move(good.error()));
  return out;
}

std::string applied_file_object(const file_object_name& name, const file_object& of) {
  json::writer out;
  out.open_object();
  out.member("apiVersion", "v1");
  out.member("kind", kind_of(name.is_secret));
  out.key("metadata");
  out.open_object();
  out.member("name", name.name);
  out.member("namespace", name.ns);
  if (!of.version.empty()) out.member("resourceVersion", of.version);
  out.key("labels");
  out.open_object();
  out.member("app.kubernetes.io/part-of", "pinhook");
  out.close_object();
  out.close_object();
  const auto write = [&](const char* member, bool is_base64, bool takes_binary, bool takes_text) {
    out.key(member);
    out.open_object();
    for (const auto& [file, bytes] : of.files) {
      const bool is_text = !first_invalid_utf8(bytes);
      if (is_text ? takes_text : takes_binary) out.member(file, is_base64 ? encode_base64(bytes) : bytes);
    }
    out.close_object();
  };
  write("data", name.is_secret, name.is_secret, true);
  if (!name.is_secret) write("binaryData", true, true, false);
  out.close_object();
  return std::move(out).text();
}

awaitable<result<file_object>> read_file_object(kube::api_connection& to, file_object_name name, deadline d) {
  const kube::request_attributes reads = attributes_of("get", name);
  kube::api_call get{.attributes = reads};
  auto answer = co_await to.ask(std::move(get), d);
  if (!answer && answer.error().code == error_code::not_found) co_return file_object();
  auto* const parse = name.is_secret ? +[](std::string_view text) { return parse_file_object(true, text); }
                                     : +[](std::string_view text) { return parse_file_object(false, text); };
  co_return kube::read_answer(std::move(answer), reads, parse);
}

awaitable<result<void>> write_file_object(kube::api_connection& to, file_object_name name, file_object of, deadline d) {
  std::size_t size = 0;
  for (const auto& [file, bytes] : of.files) size += file.size() + bytes.size();
  if (size > max_file_object)
    co_return fail(error_code::invalid_input,
                   fmt::format("{} {}/{} cannot hold {} bytes: the limit is {}; use several objects, or a directory",
                               kind_of(name.is_secret), name.ns, name.name, size, max_file_object));
  const kube::request_attributes writes = attributes_of("patch", name);
  kube::api_call patch{.attributes = writes, .verb = http::method::patch};
  patch.query = fmt::format("fieldManager={}&force=true", name.manager);
  patch.content_type = "application/apply-patch+yaml";
  patch.body.emplace(applied_file_object(name, of));
  patch.takes_conflict = true;
  const auto answer = co_await to.ask(std::move(patch), d);
  if (!answer) co_return fail(answer.error());
  if (answer->is_conflict())
    co_return kube::refuse({error_code::unavailable, "it was changed meanwhile; run the command again", std::nullopt},
                           writes);
  co_return result<void>();
}

}  // namespace pinhook::access
