#include <pinhook/signatures/verify_image.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/registry/manifest.hpp>
#include <pinhook/trust/wire_json.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace pinhook::signatures {
namespace {

// The media type that the manifest names itself, else the registry's.
std::string media_type_of(const registry::document& manifest) {
  const auto parsed =
      json::parse(manifest.bytes, {.depth = registry::max_manifest_depth, .size = registry::max_manifest_size});
  std::string out(parsed ? trust::text_in(*parsed, "mediaType") : std::string_view());
  return out.empty() ? manifest.media_type : out;
}

// The manifests of an index for the platforms; a platform that it does not have cannot run it either.
result<std::vector<image_evidence::manifest>> parts_of(const registry::document& index, const image_subject& of,
                                                       const std::vector<registry::platform>& platforms) {
  std::vector<image_evidence::manifest> out;
  const registry::refused_request about{"the registry", of.repository, {}};
  for (const registry::platform& wanted : platforms) {
    auto part = registry::part_for(about, index.bytes, wanted);
    if (std::holds_alternative<registry::ask_configuration>(part)) break;  // not an index
    if (auto* failed = std::get_if<error>(&part)) {
      if (failed->code == error_code::not_found) continue;
      return fail(std::move(*failed));
    }
    auto& entry = std::get<registry::index_entry>(part);
    const auto known = std::ranges::find(out, entry.digest, &image_evidence::manifest::digest);
    if (known == out.end())
      out.push_back({std::move(entry.digest), {wanted}, {}, 0, {}});
    else
      known->platforms.push_back(wanted);
  }
  return out;
}

bool is_empty(const found_signatures& found) {
  return found.cosign.empty() && found.notation.empty() && found.unreadable.empty();
}

}  // namespace

evidence_demand demand_of(const std::vector<const verifier*>& verifiers) {
  evidence_demand out;
  for (const verifier* one : verifiers) {
    if (one->is_content_trust()) continue;
    out.describes_manifests = out.describes_manifests || std::holds_alternative<notation_verifier>(one->by);
    for (const registry::platform& wanted : one->platforms)
      if (std::ranges::find(out.platforms, wanted) == out.platforms.end()) out.platforms.push_back(wanted);
  }
  return out;
}

awaitable<result<image_evidence>> gather_evidence(document_reader read, image_subject of, evidence_demand wanted,
                                                  deadline d) {
  image_evidence out;
  out.repository = of.repository;
  out.manifests.push_back({of.digest, {}, {}, 0, {}});
  for (std::size_t i = 0; i < out.manifests.size(); ++i) {
    registry::digest digest = out.manifests[i].digest;
    auto found = co_await find_signatures(read, std::move(digest), wanted.reads_attestations, d);
    if (!found) co_return fail(std::move(found.error()));
    out.manifests[i].found = std::move(*found);
    const bool is_described = wanted.describes_manifests && !out.manifests[i].found.notation.empty();
    const bool is_opened = i == 0 && !wanted.platforms.empty();
    // Registries hide what a credential may not see: where nothing was found, the image itself must be there to see.
    const bool is_proven = i != 0 || !is_empty(out.manifests[i].found) || out.manifests[i].found.unread;
    if (!is_described && !is_opened && is_proven) continue;
    registry::document_name name{registry::document_name::kind::manifest, out.manifests[i].digest.to_string(),
                                 registry::max_manifest_size};
    auto manifest = co_await read(std::move(name), d);
    if (!manifest) co_return fail(std::move(manifest.error()));
    if (!is_described && !is_opened) continue;
    out.manifests[i].media_type = media_type_of(*manifest);
    out.manifests[i].size = std::ssize(manifest->bytes);
    if (!is_opened) continue;
    auto parts = parts_of(*manifest, of, wanted.platforms);
    if (!parts) co_return fail(std::move(parts.error()));
    for (auto& part : *parts) out.manifests.push_back(std::move(part));
  }
  co_return out;
}

awaitable<result<image_verdict>> verify_image(document_reader read, image_subject of, const verifier& by,
                                              verify_options options, deadline d) {
  if (by.is_content_trust())
    co_return fail(error_code::unsupported, fmt::format("verifier {} follows tags, not digests", by.name));
  if (options.attested && !by.reads_attestations())
    co_return fail(error_code::unsupported, fmt::format("verifier {} does not read attestations", by.name));
  evidence_demand wanted = demand_of({&by});
  wanted.reads_attestations = options.attested.has_value();
  auto evidence = co_await gather_evidence(std::move(read), std::move(of), std::move(wanted), d);
  if (!evidence) co_return fail(std::move(evidence.error()));
  co_return judge(*evidence, by, options.now, options.attested ? &*options.attested : nullptr);
}

}  // namespace pinhook::signatures
