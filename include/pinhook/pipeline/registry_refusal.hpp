// Whether a rule that denies refuses an image for its registry, before anything is looked up: such an image gets no
// digest from pin, lock and fn, and its registry gets no request, as at admission. What such a rule demands besides is
// mended by a digest, or not to be seen in files.
//
// Pure; any thread.
#pragma once

#include <pinhook/files/slot.hpp>
#include <pinhook/pipeline/renamed_image.hpp>
#include <pinhook/pipeline/slot_rules.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/rule_set.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace pinhook::pipeline {

/// "rule registries: have it copied to ghcr.io/acme; take it from docker.io or ghcr.io/acme/**". Empty: no rule refuses
/// it.
[[nodiscard]] std::string registry_refusal(const rules::rule_set& set, const rules::effects& e,
                                           const registry::reference& ref);

/// The same for a slot with a reference. One that kustomizations rename (`renamed`, by its index) is judged by the
/// names under which it comes out.
[[nodiscard]] std::string registry_refusal(const slot_rules& orders, const files::slot& s, std::size_t index,
                                           const renamed_images& renamed);

/// The same for an image that a kustomization takes from several places, each with its rules. One that is renamed
/// further out is not judged by the name that it has here.
[[nodiscard]] std::string registry_refusal(const rules::rule_set& set, std::span<const rules::effects> places,
                                           const registry::reference& ref, std::span<const renamed_image> renamed);

/// True when the image comes out under another name, as far as that is known.
[[nodiscard]] bool is_renamed(const renamed_images& renamed, std::size_t index);

}  // namespace pinhook::pipeline
