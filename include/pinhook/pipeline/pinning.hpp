// Pinning one file's images: the references whose digests are needed, and the file afterwards. Pure; shared by pin,
// unpin, fn and lock.
//
// Any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/image_file.hpp>
#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/pipeline/digest_map.hpp>
#include <pinhook/pipeline/renamed_image.hpp>
#include <pinhook/pipeline/slot_rules.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/image_proofs.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pipeline {

enum class pin_task : std::uint8_t {
  pin,     // an image without a digest gets one
  update,  // and an image with one gets the current digest of its tag
  unpin,   // an image with a digest goes back to its tag
};

/// The slots, with slot::problem and remedy of those to which no digest may be written by `renamed`; the reason of
/// those that are replaced is skip_reason::replaced. `into` holds the slots when there is one, and outlives the result.
[[nodiscard]] std::span<const files::slot> with_problems(std::span<const files::slot> slots,
                                                         const renamed_images& renamed, std::vector<files::slot>& into);

/// The choices for pinning the images of a file.
struct pin_choice {
  pin_task task = pin_task::pin;
  /// Used where `orders` have no other, and a comment can keep the tag (files::image_file::rewrite).
  pin::pin_format format = pin::pin_format::digest;
  /// The operator's. unpin removes every pin, whatever they order.
  slot_rules orders{};
  /// The `images` lists of kustomizations in the same run that hold a name with a tag or a suffix: an image that such
  /// an entry matches is pinned in a form that it still matches.
  std::vector<std::vector<files::kustomize_entry>> entries{};
  /// Images of the file that come out under another name: they are pinned when both names have the same digest.
  renamed_images renamed{};
  /// Canonical tag references whose pins stay as they are, since their cooldown is not over. An image without a digest
  /// is pinned nevertheless.
  std::set<std::string, std::less<>> waiting{};
  /// What verifiers say about the digests; null: nobody was asked, and what rules demand of signatures is unchecked.
  const rules::image_proofs* proofs = nullptr;
};

/// The outcome for one slot.
struct slot_result {
  enum class kind : std::uint8_t {
    changed,  // `after` differs
    current,  // it needs no change
    left,     // because of slot.reason, a rule, or a pin without a known tag (update, unpin): `message` has the reason
    failed,   // no digest was found, or not its signatures: `message` has the reason
    refused,  // a rule that denies refuses the digest, or the registry: `message` names it, and has the reason
  };
  std::size_t slot = 0;
  kind outcome = kind::current;
  /// The image afterwards, as a reference; empty unless changed.
  std::string after{};
  std::string message{};
  /// left: the rule that orders it; empty: none.
  std::string rule{};
  error_code code = error_code::internal;
  /// What rules that warn find about the signatures of the new digest.
  std::vector<std::string> warnings{};
  /// Rules demand signatures of the new digest, and nobody was asked.
  bool is_unchecked = false;
};

struct pinned_file {
  /// The file afterwards; as before when nothing changed.
  std::string text;
  std::vector<slot_result> results;
  /// The number of changed images whose tag is no longer in the file, since no comment is possible there and `orders`
  /// set the format.
  std::size_t lost_tags = 0;
  /// Doubts about the new digests: slot::doubt of the changed slots, each once.
  std::set<std::string> doubts;
  /// Sentences about images that are not written in the run's format because of another program's comment.
  std::vector<std::string> notes{};
  [[nodiscard]] bool has(slot_result::kind outcome) const;
  /// A sentence about `lost_tags`; empty when none is lost.
  [[nodiscard]] std::string lost_tags_note() const;
};

/// The reason why an image does not get the digest `own`, since it comes out under another name: left, or failed. None:
/// it may. `known` has the other name's digest.
[[nodiscard]] std::optional<slot_result> renamed_result(const renamed_image& one, const registry::digest& own,
                                                        const digest_map& known);

/// True when the registry does not know an image that is only a guess (slot::is_guess): it is left with a warning, and
/// fails no run.
[[nodiscard]] bool is_unknown_guess(const files::slot& s, const error& answer);
/// The same for an error of any image that may be a guess: its registry has no such image, or shows it to nobody.
[[nodiscard]] bool is_unknown_image(const error& answer);
/// The sentence about such an image, behind the registry's answer.
inline constexpr std::string_view guess_note = "it may not be an image";

/// References whose digests are needed, each canonical one once, in their order. None for unpin.
[[nodiscard]] std::vector<registry::reference> wanted(const files::image_file& file, const pin_choice& choice);

/// Adds what rules ask about the digests that `pinned` would write.
void add_questions(const files::image_file& file, const pin_choice& choice, const digest_map& known,
                   rules::proof_requests& to);

/// `known` holds an answer for each of `wanted`. internal: a rewrite that cannot be made.
[[nodiscard]] result<pinned_file> pinned(const files::image_file& file, const pin_choice& choice,
                                         const digest_map& known);

}  // namespace pinhook::pipeline
