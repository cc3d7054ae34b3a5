#include <pinhook/trust/claim.hpp>

#include <pinhook/base/json_writer.hpp>
#include <pinhook/trust/wire_json.hpp>

#include <fmt/core.h>
#include <rapidjson/pointer.h>

#include <utility>

namespace pinhook::trust {
namespace {

constexpr std::string_view statement_types = "https://in-toto.io/Statement/v";
constexpr std::string_view simple_type = "cosign container image signature";

std::map<std::string, std::string> texts_of(const json::value* v) {
  std::map<std::string, std::string> out;
  if (v == nullptr || !v->IsObject()) return out;
  for (const auto& [name, value] : v->GetObject())
    if (value.IsString()) out.emplace(json::text_of(name), json::text_of(value));
  return out;
}

std::unexpected<error> another_digest(std::string_view found) {
  return fail(error_code::denied, fmt::format("it is about another image: {}", quoted(found, 80)));
}

result<claim> read_statement(json::document document, std::string_view digest) {
  if (!text_in(document, "_type").starts_with(statement_types))
    return fail(error_code::malformed, "its payload is not an in-toto statement");
  std::string_view other = "no subject";
  for (const json::value* subject : list_in(document, "subject")) {
    const json::value* digests = json::find(*subject, "digest");
    if (digests == nullptr) continue;
    const std::string_view hex = text_in(*digests, "sha256");
    if (fmt::format("sha256:{}", hex) != digest) {
      other = hex;
      continue;
    }
    claim out;
    out.predicate_type = std::string(text_in(document, "predicateType"));
    out.annotations = texts_of(json::find(*subject, "annotations"));
    out.document = std::move(document);
    return out;
  }
  return another_digest(other);
}

result<claim> read_simple(json::document document, std::string_view digest) {
  const json::value* critical = json::find(document, "critical");
  if (critical == nullptr || text_in(*critical, "type") != simple_type)
    return fail(error_code::malformed, fmt::format("its payload is not a \"{}\"", simple_type));
  const json::value* image = json::find(*critical, "image");
  const std::string_view named = image == nullptr ? std::string_view() : text_in(*image, "docker-manifest-digest");
  if (named != digest) return another_digest(named);
  claim out;
  out.predicate_type = std::string(sign_predicate);
  out.annotations = texts_of(json::find(document, "optional"));
  out.document = std::move(document);
  return out;
}

}  // namespace

result<claim> read_claim(const signature& of, std::string_view digest) {
  auto document = json::parse(of.payload, {.depth = 100, .size = max_bundle_bytes});
  if (!document)
    return fail(error_code::malformed, fmt::format("its payload is not JSON: {}", document.error().message));
  if (of.as == signature::form::dsse) return read_statement(std::move(*document), digest);
  return read_simple(std::move(*document), digest);
}

std::string predicate_type_of(const signature& of) {
  if (of.as == signature::form::simple_signing) return std::string(sign_predicate);
  const auto document = json::parse(of.payload, {.depth = 100, .size = max_bundle_bytes});
  return document ? std::string(text_in(*document, "predicateType")) : std::string();
}

std::optional<std::string> text_at(const json::value& document, std::string_view pointer) {
  const rapidjson::Pointer at(pointer.data(), pointer.size());
  const json::value* found = at.IsValid() ? at.Get(document) : nullptr;
  if (found == nullptr || found->IsObject() || found->IsArray()) return std::nullopt;
  if (found->IsString()) return std::string(json::text_of(*found));
  json::writer out;
  out.tree(*found);
  return std::move(out).text();
}

bool is_json_pointer(std::string_view text) {
  return text.starts_with('/') && rapidjson::Pointer(text.data(), text.size()).IsValid();
}

}  // namespace pinhook::trust
