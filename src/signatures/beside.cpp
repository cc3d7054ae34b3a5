#include <pinhook/signatures/beside.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/registry/manifest.hpp>
#include <pinhook/trust/wire_json.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::signatures {
namespace {

using trust::list_in;
using trust::text_in;

constexpr std::string_view bundle_type = "application/vnd.dev.sigstore.bundle";
constexpr std::string_view notation_type = "application/vnd.cncf.notary.signature";

struct layer_row {
  std::string_view media_type;
  stored_signature::form as;
};
// Media types begin so.
constexpr std::array<layer_row, 5> layer_forms{{
    {bundle_type, stored_signature::form::bundle},
    {"application/vnd.dev.cosign.simplesigning", stored_signature::form::simple_signing},
    {"application/vnd.dsse.envelope", stored_signature::form::envelope},
    {"application/jose+json", stored_signature::form::jws},
    {"application/cose", stored_signature::form::cose},
}};

// Lists often say the type of the empty configuration, or nothing.
bool may_be_signature(std::string_view listed_type) {
  constexpr std::array<std::string_view, 4> beginnings{bundle_type, notation_type, "application/vnd.oci.empty",
                                                       "application/vnd.oci.image.config"};
  return listed_type.empty() ||
         std::ranges::any_of(beginnings, [&](std::string_view one) { return listed_type.starts_with(one); });
}

result<json::document> read(std::string_view text) {
  auto out = json::parse(text, {.depth = registry::max_manifest_depth, .size = registry::max_manifest_size});
  if (!out || !out->IsObject()) return fail(error_code::malformed, "is not a manifest");
  return out;
}

std::map<std::string, std::string> annotations_of(const json::value& layer) {
  std::map<std::string, std::string> out;
  const json::value* all = json::find(layer, "annotations");
  if (all == nullptr || !all->IsObject()) return out;
  for (const auto& [name, value] : all->GetObject())
    if (value.IsString()) out.emplace(json::text_of(name), json::text_of(value));
  return out;
}

}  // namespace

std::string tag_for(const registry::digest& of, std::string_view suffix) {
  return fmt::format("{}-{}{}", of.algorithm(), of.hex(), suffix);
}

std::vector<registry::digest> signatures_listed(std::string_view index) {
  std::vector<registry::digest> out;
  const auto parsed = read(index);
  if (!parsed) return out;
  for (const json::value* one : list_in(*parsed, "manifests")) {
    if (!may_be_signature(text_in(*one, "artifactType"))) continue;
    auto digest = registry::digest::parse(text_in(*one, "digest"));
    if (digest && std::ranges::find(out, *digest) == out.end()) out.push_back(std::move(*digest));
  }
  return out;
}

result<std::vector<stored_signature>> signatures_in(std::string_view manifest) {
  const auto parsed = read(manifest);
  if (!parsed) return fail(parsed.error());
  std::vector<stored_signature> out;
  for (const json::value* layer : list_in(*parsed, "layers")) {
    const std::string_view type = text_in(*layer, "mediaType");
    const auto* const row =
        std::ranges::find_if(layer_forms, [&](const layer_row& one) { return type.starts_with(one.media_type); });
    if (row == layer_forms.end()) continue;
    auto blob = registry::digest::parse(text_in(*layer, "digest"));
    const auto size = json::find_integer(*layer, "size");
    if (!blob || !size || *size < 0) return fail(error_code::malformed, "has a layer without digest or size");
    if (out.size() >= most_layers) break;
    out.push_back({row->as, std::move(*blob), static_cast<std::size_t>(*size), annotations_of(*layer)});
  }
  return out;
}

}  // namespace pinhook::signatures
