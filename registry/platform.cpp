#include <pinhook/registry/platform.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/registry/manifest.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

namespace pinhook::registry {
namespace {

struct architecture_row {
  std::string_view spelling;
  std::string_view name;
  std::string_view variant;  // that the spelling implies; empty: none
};
constexpr std::array architectures{
    architecture_row{"x86_64", "amd64", ""},  architecture_row{"x86-64", "amd64", ""},
    architecture_row{"aarch64", "arm64", ""}, architecture_row{"armhf", "arm", "v7"},
    architecture_row{"armel", "arm", "v6"},   architecture_row{"i386", "386", ""},
    architecture_row{"i686", "386", ""},
};

// The variant that an architecture without one means.
struct usual_row {
  std::string_view architecture;
  std::string_view variant;
};
constexpr std::array usual{usual_row{"amd64", "v1"}, usual_row{"arm", "v7"}, usual_row{"arm64", "v8"}};

std::string_view usual_variant(std::string_view architecture) {
  const auto* const row = std::ranges::find(usual, architecture, &usual_row::architecture);
  return row == usual.end() ? std::string_view() : row->variant;
}

// "v8" → 800, "v8.2" → 802: variants of an architecture with a usual one are in this order.
std::optional<int> level_of(std::string_view variant) {
  if (!variant.starts_with('v')) return std::nullopt;
  variant.remove_prefix(1);
  int major = 0;
  int minor = 0;
  const char* const end = variant.data() + variant.size();
  auto [at, bad] = std::from_chars(variant.data(), end, major);
  if (bad != std::errc() || major < 0 || major > 1000) return std::nullopt;
  if (at != end && *at == '.') {
    const auto then = std::from_chars(at + 1, end, minor);
    if (then.ec != std::errc() || minor < 0 || minor > 99) return std::nullopt;
    at = then.ptr;
  }
  if (at != end) return std::nullopt;
  return major * 100 + minor;
}

// The fitness of `offered` for `wanted`: greater is better, no value when it does not run there.
std::optional<int> fit(const platform& offered, const platform& wanted) {
  if (offered.os != wanted.os || offered.architecture != wanted.architecture) return std::nullopt;
  const std::string_view least = usual_variant(wanted.architecture);
  const auto runs = level_of(wanted.variant.empty() ? least : wanted.variant);
  const auto needs = level_of(offered.variant.empty() ? least : offered.variant);
  if (least.empty() || !runs || !needs) return offered.variant == wanted.variant ? std::optional(0) : std::nullopt;
  return *needs <= *runs ? needs : std::nullopt;
}

platform platform_in(const json::value& from) {
  return platform::of(json::find_string(from, "os").value_or(""), json::find_string(from, "architecture").value_or(""),
                      json::find_string(from, "variant").value_or(""));
}

// An attestation beside the images (BuildKit) has the platform unknown/unknown.
bool is_named(const platform& p) {
  return !p.os.empty() && !p.architecture.empty() && p.os != "unknown" && p.architecture != "unknown";
}

std::string shown(const platform& p) { return quoted(p.to_string(), max_platform_size); }

std::string list_of(const std::vector<platform>& all) {
  std::vector<std::string> names;
  for (const platform& p : all) {
    auto name = shown(p);
    name = name.substr(1, name.size() - 2);
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  const std::size_t count = names.size();
  if (count > max_listed_platforms) names.resize(max_listed_platforms);
  return fmt::format("{}{}", fmt::join(names, ", "),
                     count > names.size() ? fmt::format(" and {} more", count - names.size()) : "");
}

error malformed_answer(const refused_request& about, std::string_view answer) {
  return {error_code::malformed, fmt::format("{} answered for {} with {}", about.peer, about.subject, answer),
          std::nullopt};
}

std::variant<index_entry, ask_configuration, error> entry_for(const refused_request& about, const json::value& entries,
                                                              const platform& wanted) {
  const json::value* best = nullptr;
  const json::value* unnamed = nullptr;
  int best_fit = -1;
  std::vector<platform> offered;
  for (const json::value& entry : entries.GetArray()) {
    const json::value* const named = json::find(entry, "platform");
    const auto type = json::find_string(entry, "mediaType").value_or("");
    if (named == nullptr || named->IsNull()) {
      if (unnamed == nullptr && (is_index_type(type) || is_image_type(type))) unnamed = &entry;
      continue;
    }
    platform p = platform_in(*named);
    if (!is_named(p)) continue;
    if (const auto fitness = fit(p, wanted); fitness && *fitness > best_fit) {
      best = &entry;
      best_fit = *fitness;
    }
    offered.push_back(std::move(p));
  }
  const bool has_platform = best != nullptr;
  if (!has_platform) best = unnamed;
  if (best == nullptr)
    return error{error_code::not_found,
                 offered.empty()
                     ? fmt::format("{} has {} as an index that names no platform", about.peer, about.subject)
                     : fmt::format("{} has {} for {}, not for {}", about.peer, about.subject, list_of(offered),
                                   wanted.to_string()),
                 std::nullopt};
  auto named = digest::parse(json::find_string(*best, "digest").value_or(""));
  if (!named)
    return malformed_answer(about, fmt::format("an index whose entry for {} has no valid digest", wanted.to_string()));
  const bool is_index = is_index_type(json::find_string(*best, "mediaType").value_or(""));
  return index_entry{std::move(*named), is_index, has_platform};
}

}  // namespace

result<platform> platform::parse(std::string_view text) {
  const auto refuse = [&] {
    return fail(error_code::invalid_input,
                fmt::format("{} is not a valid platform: write os/architecture or os/architecture/variant, for example "
                            "linux/arm64 or linux/arm/v7",
                            quoted(text, max_platform_size)));
  };
  if (text.size() > max_platform_size) return refuse();
  std::array<std::string_view, 3> parts;
  std::size_t count = 0;
  for (std::string_view rest = text;;) {
    if (count == parts.size()) return refuse();
    const auto slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    const bool is_word = !part.empty() && std::ranges::all_of(part, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
             c == '.';
    });
    if (!is_word) return refuse();
    parts[count++] = part;
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (count < 2) return refuse();
  return of(parts[0], parts[1], parts[2]);
}

platform platform::of(std::string_view os, std::string_view architecture, std::string_view variant) {
  platform out{lowered(os), lowered(architecture), lowered(variant)};
  if (out.os == "macos") out.os = "darwin";
  const auto* const row = std::ranges::find(architectures, out.architecture, &architecture_row::spelling);
  if (row != architectures.end()) {
    out.architecture = row->name;
    if (out.variant.empty()) out.variant = row->variant;
  }
  const std::string_view least = usual_variant(out.architecture);
  if (!least.empty() && !out.variant.empty() && out.variant.front() >= '0' && out.variant.front() <= '9')
    out.variant.insert(0, "v");
  if (out.variant == least) out.variant.clear();
  return out;
}

std::string platform::to_string() const {
  return variant.empty() ? fmt::format("{}/{}", os, architecture) : fmt::format("{}/{}/{}", os, architecture, variant);
}

std::variant<index_entry, ask_configuration, error> part_for(const refused_request& about, std::string_view text,
                                                             const platform& wanted) {
  const auto root = json::parse(text, {.depth = max_manifest_depth, .size = max_manifest_size});
  if (!root) return malformed_answer(about, fmt::format("a body that is not a manifest: {}", root.error().message));
  if (const json::value* const entries = json::find(*root, "manifests"); entries != nullptr && entries->IsArray())
    return entry_for(about, *entries, wanted);
  const json::value* const config = json::find(*root, "config");
  auto config_digest = digest::parse(config == nullptr ? "" : json::find_string(*config, "digest").value_or(""));
  if (!config_digest) return malformed_answer(about, "a manifest that names no configuration");
  return ask_configuration{std::move(*config_digest)};
}

result<void> check_configuration(const refused_request& about, std::string_view text, const digest& named,
                                 const platform& wanted) {
  if (named.algorithm() == "sha256" && digest::of(text) != named)
    return fail(
        malformed_answer(about, fmt::format("a configuration whose digest is {}, but it is {}: the registry, or "
                                            "something on the way to it, is broken or lies",
                                            digest::of(text).to_string(), named.to_string())));
  const auto root = json::parse(text, {.depth = max_manifest_depth, .size = max_manifest_size});
  if (!root) return fail(malformed_answer(about, "a configuration that is not JSON"));
  const platform own = platform_in(*root);
  if (!is_named(own))
    return fail(error_code::not_found,
                fmt::format("{} has {} as one image that names no platform", about.peer, about.subject));
  if (!fit(own, wanted))
    return fail(error_code::not_found, fmt::format("{} has {} as one image for {}, not for {}", about.peer,
                                                   about.subject, list_of({own}), wanted.to_string()));
  return {};
}

}  // namespace pinhook::registry
