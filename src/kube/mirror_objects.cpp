#include <pinhook/kube/mirror_objects.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/kube/object_list.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

namespace pinhook::kube {
namespace {

std::unexpected<error> not_as_the_schema(const std::string& object, std::string_view problem) {
  return fail(error_code::malformed, fmt::format("{}: {}", object, problem));
}

result<registry::mirror_set> read_set(const json::value& from, const std::string& object) {
  registry::mirror_set out;
  out.object = object;
  const auto source = json::find_string(from, "source");
  if (!source) return not_as_the_schema(object, "a set has no source");
  out.source = *source;
  out.never_contacts_source = json::find_string(from, "mirrorSourcePolicy") == "NeverContactSource";
  const json::value* const mirrors = json::find(from, "mirrors");
  if (mirrors == nullptr || mirrors->IsNull()) return out;
  if (!mirrors->IsArray()) return not_as_the_schema(object, "mirrors is not a list");
  for (const json::value& one : mirrors->GetArray()) {
    if (!one.IsString()) return not_as_the_schema(object, "a mirror is not a string");
    out.mirrors.emplace_back(json::text_of(one));
  }
  return out;
}

listed_resource resource_of(const mirror_kind& kind) {
  listed_resource out;
  out.group = kind.group;
  out.version = kind.version;
  out.resource = kind.resource;
  return out;
}

constexpr std::string_view credential_provider = "CRIOCredentialProviderConfig";

// The newest first.
constexpr std::array<std::string_view, 2> credential_provider_versions{"v1", "v1alpha1"};

}  // namespace

result<std::vector<registry::image_pattern>> read_granted_images(std::string_view object) {
  const auto document = json::parse(object);
  if (!document) return fail(document.error());
  const std::string named(credential_provider);
  std::vector<registry::image_pattern> out;
  const json::value* const spec = json::find(*document, "spec");
  const json::value* const images = spec == nullptr ? nullptr : json::find(*spec, "matchImages");
  if (images == nullptr || images->IsNull()) return out;
  if (!images->IsArray()) return not_as_the_schema(named, "matchImages is not a list");
  for (const json::value& one : images->GetArray()) {
    if (!one.IsString()) return not_as_the_schema(named, "an item of matchImages is not a string");
    auto pattern = registry::parse_image_pattern(json::text_of(one));
    if (!pattern) return not_as_the_schema(named, pattern.error().message);
    out.push_back(*std::move(pattern));
  }
  return out;
}

awaitable<result<std::vector<registry::image_pattern>>> read_mirror_grants(api_connection& to, deadline d) {
  std::vector<registry::image_pattern> out;
  for (const std::string_view version : credential_provider_versions) {
    bool exists = false;
    object_sink sink{[&](std::string_view object) -> result<void> {
                       auto some = read_granted_images(object);
                       if (!some) return fail(std::move(some.error()));
                       exists = true;
                       out = *std::move(some);
                       return {};
                     },
                     [&] { out.clear(); }};
    list_options options;
    options.takes_missing = true;
    listed_resource which;
    which.group = "config.openshift.io";
    which.version = version;
    which.resource = "criocredentialproviderconfigs";
    auto done = co_await list_objects(to, std::move(which), std::move(sink), options, d);
    if (!done) co_return fail(std::move(done.error()));
    if (exists) break;
  }
  co_return out;
}

result<void> read_mirror_object(std::string_view object, const mirror_kind& kind, registry::mirror_sets& to) {
  const auto document = json::parse(object);
  if (!document) return fail(document.error());
  const json::value* const metadata = json::find(*document, "metadata");
  const auto name = metadata == nullptr ? std::nullopt : json::find_string(*metadata, "name");
  const std::string named = fmt::format("{} {}", kind.kind, name.value_or("without a name"));
  const json::value* const spec = json::find(*document, "spec");
  const json::value* const sets = spec == nullptr ? nullptr : json::find(*spec, kind.member);
  if (sets == nullptr || sets->IsNull()) return {};
  if (!sets->IsArray()) return not_as_the_schema(named, fmt::format("{} is not a list", kind.member));
  for (const json::value& one : sets->GetArray()) {
    if (to.for_digests.size() + to.for_tags.size() == registry::max_mirror_sets)
      return not_as_the_schema(named,
                               fmt::format("the cluster has more than {} sets of mirrors", registry::max_mirror_sets));
    auto made = read_set(one, named);
    if (!made) return fail(std::move(made.error()));
    (to.*kind.sets).push_back(std::move(*made));
  }
  return {};
}

awaitable<result<registry::mirror_sets>> read_mirror_objects(api_connection& to, deadline d) {
  // An address that is not an API server's must not look like a cluster without these kinds.
  const auto groups = co_await find_groups(to, d);
  if (!groups) co_return fail(groups.error());
  registry::mirror_sets out;
  for (const mirror_kind& kind : mirror_kinds) {
    if (!groups->contains(kind.group)) continue;
    registry::mirror_sets found;
    object_sink sink{[&](std::string_view object) { return read_mirror_object(object, kind, found); },
                     [&] { found = {}; }};
    list_options options;
    options.takes_missing = true;
    listed_resource which = resource_of(kind);
    auto done = co_await list_objects(to, std::move(which), std::move(sink), options, d);
    if (!done) co_return fail(std::move(done.error()));
    std::ranges::move(found.*kind.sets, std::back_inserter(out.*kind.sets));
  }
  co_return out;
}

}  // namespace pinhook::kube
