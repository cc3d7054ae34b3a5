#include <pinhook/registry/manifest.hpp>

#include <fmt/core.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace pinhook::registry {
namespace {

enum class manifest_kind : std::uint8_t { index, image, schema1, html, unknown };

struct type_row {
  std::string_view name;
  manifest_kind kind;
};
constexpr std::array types{
    type_row{"application/vnd.oci.image.index.v1+json", manifest_kind::index},
    type_row{"application/vnd.docker.distribution.manifest.list.v2+json", manifest_kind::index},
    type_row{"application/vnd.oci.image.manifest.v1+json", manifest_kind::image},
    type_row{"application/vnd.docker.distribution.manifest.v2+json", manifest_kind::image},
    type_row{"application/vnd.docker.distribution.manifest.v1+json", manifest_kind::schema1},
    type_row{"application/vnd.docker.distribution.manifest.v1+prettyjws", manifest_kind::schema1},
    type_row{"text/html", manifest_kind::html},
    type_row{"application/xhtml+xml", manifest_kind::html},
};

manifest_kind kind_of(std::string_view media_type) {
  const auto* const row =
      std::find_if(types.begin(), types.end(), [&](const type_row& t) { return t.name == media_type; });
  return row == types.end() ? manifest_kind::unknown : row->kind;
}

// Docker-Content-Digest: whether it is present, and its one well-formed sha256. Some registries leave the "sha256:" out
// (kaniko#298); then it only serves for a comparison with the computed hash.
struct digest_header {
  bool present = false;
  bool contradicts_itself = false;
  std::optional<digest> sha256;
  std::string bare_hex;
};

digest_header read_digest_header(const http::response& r) {
  digest_header out;
  for (const auto value : http::find_headers(r.headers, "Docker-Content-Digest")) {
    out.present = true;
    auto parsed = digest::parse(value);
    if (!parsed) {
      if (digest::parse("sha256:" + std::string(value))) out.bare_hex = value;
    } else if (parsed->algorithm() == "sha256") {
      if (out.sha256 && *out.sha256 != *parsed) out.contradicts_itself = true;
      out.sha256 = std::move(*parsed);
    }
  }
  return out;
}

std::unexpected<error> malformed_manifest(const manifest_query& q, std::string_view answer) {
  return fail(error_code::malformed, fmt::format("{} answered for {} with {}", q.about.peer, q.about.subject, answer));
}

error schema1_refused(const manifest_query& q) {
  return {error_code::unsupported,
          fmt::format("{} has {} only in the old image format (schema 1), whose digest cannot be checked", q.about.peer,
                      q.about.subject),
          std::nullopt};
}

error wrong_digest(const manifest_query& q, std::string_view named, std::string_view expected) {
  return malformed_manifest(
             q, fmt::format("the digest {}, but it is {}: the registry, or something on the way to it, is broken or "
                            "lies",
                            named, expected))
      .error();
}

// The top level of a manifest, read without building a tree: memory stays small for any body.
struct manifest_outline : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, manifest_outline> {
  bool is_object = false;
  std::optional<std::int64_t> schema_version;
  std::optional<std::string> media_type;
  bool has_manifests = false;
  bool has_layers = false;
  bool repeats_itself = false;

  bool Default() { return count(); }
  bool Int(int v) { return number(v); }
  bool Uint(unsigned v) { return number(v); }
  bool Int64(std::int64_t v) { return number(v); }
  bool Uint64(std::uint64_t v) { return number(v > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(v)); }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    if (at_top() && key_ == "mediaType") media_type.emplace(text, size);
    return count();
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    if (depth_ == 1) {
      key_.assign(text, std::min<std::size_t>(size, 32));
      for (auto& [name, seen] : seen_)
        if (name == key_) {
          repeats_itself = repeats_itself || seen;
          seen = true;
        }
    }
    return count();
  }
  bool StartObject() {
    if (depth_ == 0) is_object = true;
    return open();
  }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool StartArray() {
    if (at_top() && key_ == "manifests") has_manifests = true;
    if (at_top() && key_ == "layers") has_layers = true;
    return open();
  }
  bool EndArray(rapidjson::SizeType) { return close(); }

 private:
  [[nodiscard]] bool at_top() const { return depth_ == 1; }
  bool count() { return ++nodes_ <= max_manifest_nodes; }
  bool open() { return count() && ++depth_ <= max_manifest_depth; }
  bool close() {
    --depth_;
    return true;
  }
  bool number(std::int64_t v) {
    if (at_top() && key_ == "schemaVersion") schema_version = v;
    return count();
  }

  std::size_t depth_ = 0;
  std::size_t nodes_ = 0;
  std::string key_;
  std::array<std::pair<std::string_view, bool>, 4> seen_{
      {{"schemaVersion", false}, {"mediaType", false}, {"manifests", false}, {"layers", false}}};
};

// The body's media type; an error when it is not a manifest or contradicts its Content-Type.
result<std::string> check_body(const manifest_query& q, const http::response& r) {
  const std::string content_type = media_type_of(r);
  const manifest_kind named = kind_of(content_type);
  if (named == manifest_kind::schema1) return fail(schema1_refused(q));
  if (named == manifest_kind::html)
    return malformed_manifest(q, fmt::format("{}: is this a registry, or a proxy or login page in front of it?",
                                             read_error_body(r.body).text));
  if (const auto coding = http::find_header(r.headers, "Content-Encoding"); coding && *coding != "identity")
    return malformed_manifest(q, fmt::format("a body compressed as {}, which was not requested", quoted(*coding, 40)));

  manifest_outline outline;
  rapidjson::MemoryStream stream(r.body.data(), r.body.size());
  rapidjson::Reader reader;
  constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  if (const auto parsed = reader.Parse<flags>(stream, outline); parsed.IsError())
    return malformed_manifest(q, fmt::format("a body that is not a manifest: at byte {}: {}", parsed.Offset(),
                                             rapidjson::GetParseError_En(parsed.Code())));
  if (!outline.is_object || outline.repeats_itself || (outline.has_manifests && outline.has_layers))
    return malformed_manifest(q, "JSON that is not a manifest, or two at once");
  const manifest_kind inside = outline.media_type ? kind_of(*outline.media_type) : manifest_kind::unknown;
  if (outline.schema_version == 1 || inside == manifest_kind::schema1) return fail(schema1_refused(q));
  if (named == manifest_kind::index || named == manifest_kind::image) {
    if (outline.media_type && *outline.media_type != content_type)
      return malformed_manifest(q, fmt::format("Content-Type {} for a manifest that calls itself {}", content_type,
                                               quoted(*outline.media_type, 100)));
    if (outline.schema_version.value_or(2) != 2 ||
        (named == manifest_kind::index ? outline.has_layers : outline.has_manifests))
      return malformed_manifest(q, fmt::format("Content-Type {} for a body of another type", content_type));
    return content_type;
  }
  // No type, octet-stream, text/plain (Red Hat), application/json: the body's form decides.
  const bool fits = outline.media_type ? (inside == manifest_kind::index && !outline.has_layers) ||
                                             (inside == manifest_kind::image && !outline.has_manifests)
                                       : outline.has_manifests || outline.has_layers;
  if (outline.schema_version != 2 || !fits)
    return malformed_manifest(q, "JSON that is neither an image manifest nor an index");
  return outline.media_type.value_or("");
}

}  // namespace

std::string media_type_of(const http::response& r) {
  std::string_view text = http::find_header(r.headers, "Content-Type").value_or("");
  text = text.substr(0, text.find(';'));
  std::string out;
  for (const char c : text)
    if (c != ' ' && c != '\t') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

bool is_index_type(std::string_view media_type) { return kind_of(media_type) == manifest_kind::index; }

bool is_image_type(std::string_view media_type) { return kind_of(media_type) == manifest_kind::image; }

head_decision decide_head(const manifest_query& q, const http::response& r, wall_time now) {
  if (r.status != 200) {
    // Proxies and old registries get HEAD wrong, and its error has no body. 404: old Nexus.
    const bool may_differ = r.status == 400 || r.status == 403 || r.status == 405 || r.status == 406 ||
                            (r.status == 404 && !q.get_is_costly) || r.status >= 500 ||
                            (r.status > 200 && r.status < 300);
    if (may_differ) return ask_by_get{fmt::format("HEAD was answered {}", r.status)};
    return from_status(q.about, r, now);
  }
  const std::string content_type = media_type_of(r);
  const manifest_kind named = kind_of(content_type);
  if (named == manifest_kind::schema1) return schema1_refused(q);
  const digest_header header = read_digest_header(r);
  if (q.expected) {
    if (header.sha256 && q.expected->algorithm() == "sha256" && *header.sha256 != *q.expected)
      return wrong_digest(q, header.sha256->to_string(), q.expected->to_string());
    // Only its existence matters, and 200 confirms it.
    if (named == manifest_kind::index || named == manifest_kind::image) return descriptor{*q.expected, content_type};
  }
  if (named != manifest_kind::index && named != manifest_kind::image)
    return ask_by_get{fmt::format("HEAD named the type {}", quoted(content_type, 100))};
  if (header.contradicts_itself || !header.sha256)
    return ask_by_get{header.present ? "HEAD named an invalid digest" : "HEAD named no digest"};
  return descriptor{*header.sha256, content_type};
}

result<descriptor> decide_get(const manifest_query& q, const http::response& r, wall_time now) {
  if (r.status != 200) return fail(from_status(q.about, r, now));
  auto media_type = check_body(q, r);
  if (!media_type) return fail(std::move(media_type).error());
  const digest own = digest::of(r.body);
  const digest_header header = read_digest_header(r);
  if (header.contradicts_itself) return malformed_manifest(q, "two digests that differ");
  if (header.sha256 && *header.sha256 != own) return fail(wrong_digest(q, header.sha256->to_string(), own.to_string()));
  if (!header.bare_hex.empty() && header.bare_hex != own.hex())
    return fail(wrong_digest(q, header.bare_hex, own.to_string()));
  if (q.expected && q.expected->algorithm() == "sha256" && *q.expected != own)
    return fail(wrong_digest(q, own.to_string(), q.expected->to_string()));
  return descriptor{q.expected.value_or(own), std::move(*media_type)};
}

}  // namespace pinhook::registry
