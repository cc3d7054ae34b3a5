// Pinning one file's images: which references must be known, and what becomes of the file. Pure; what pin, unpin, fn
// and lock have in common.
//
// Any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/image_file.hpp>
#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/pipeline/digest_map.hpp>
#include <pinhook/pipeline/site_rules.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace pinhook::pipeline {

enum class pin_task : std::uint8_t {
  pin,     // what has no digest gets one
  update,  // and what has one gets what its tag means now
  unpin,   // what has one goes back to its tag
};

/// What a kustomization makes of an image that stands somewhere else: another name; or to which other image it gives
/// the digest of an entry.
struct renamed_image {
  /// As it comes out; none: what comes out is no reference, or has a digest.
  std::optional<registry::reference> ref;
  std::string text;
  /// Path of the kustomization.
  std::string by;
  /// Why no digest may be written, whatever the other image's is; empty: one of both may.
  std::string problem{};
};
/// By the index of the site; one for each name.
using renamed_images = std::multimap<std::size_t, renamed_image>;

/// The sites, with site::problem and remedy of those that `renamed` says may get no digest. `into` holds them where
/// there is one, and outlives the result.
[[nodiscard]] std::span<const files::site> with_problems(std::span<const files::site> sites,
                                                         const renamed_images& renamed, std::vector<files::site>& into);

/// What is done with the images of a file.
struct pin_choice {
  pin_task task = pin_task::pin;
  /// Where `orders` have no other, and a comment can keep the tag (files::image_file::rewrite).
  pin::pin_format format = pin::pin_format::digest;
  /// Of the operator. unpin takes every pin back, whatever they say.
  site_rules orders{};
  /// Of kustomizations in the same run, those lists that hold a name with a tag or a suffix: an image that such an
  /// entry matches is pinned in the form that it goes on to match.
  std::vector<std::vector<files::kustomize_entry>> entries{};
  /// Images of the file that come out under another name: they are pinned when both names have the same digest.
  renamed_images renamed{};
};

/// What becomes of one site.
struct site_result {
  enum class kind : std::uint8_t {
    changed,  // `after` differs
    current,  // it is as it should be already
    left,     // site.reason, a rule, or a pin whose tag nobody knows (update, unpin): `message` says why
    failed,   // no digest to be had: `message`
  };
  std::size_t site = 0;
  kind outcome = kind::current;
  /// The image afterwards, as a reference; empty unless changed.
  std::string after{};
  std::string message{};
  /// left: the rule that says so; empty: none does.
  std::string rule{};
  error_code code = error_code::internal;
};

struct pinned_file {
  /// The file as it shall be; as it was when nothing changed.
  std::string text;
  std::vector<site_result> results;
  /// Changed images whose tag is no longer to be read from the file: no comment could stand there, and `orders` say the
  /// format.
  std::size_t lost_tags = 0;
  /// What the new digests may break: site::doubt of those that changed, each once.
  std::set<std::string> doubts;
  /// Sentences: images that are written otherwise than the run's format, for a comment of another program.
  std::vector<std::string> notes{};
  [[nodiscard]] bool has(site_result::kind outcome) const;
  /// A sentence about `lost_tags`; empty when none is lost.
  [[nodiscard]] std::string lost_tags_note() const;
};

/// References whose digests are needed, each canonical one once, in their order. None for unpin.
[[nodiscard]] std::vector<registry::reference> wanted(const files::image_file& file, const pin_choice& choice);

/// `known` holds an answer for each of `wanted`. internal: a rewrite that cannot be made.
[[nodiscard]] result<pinned_file> pinned(const files::image_file& file, const pin_choice& choice,
                                         const digest_map& known);

}  // namespace pinhook::pipeline
