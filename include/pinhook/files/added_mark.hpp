// The comment that marks what `pin` added to a kustomization's `images`, so that `unpin` knows it: an author's entry
// with the same tag, as `kustomize edit set image` writes it, looks the same without the mark.
//
//   images:
//   - name: nginx
//     digest: sha256:… # nginx:1.25 # entry added by pinhook pin for 1.25
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pinhook::files {

enum class added_part : std::uint8_t {
  entry,  // the whole entry
  tag,    // the tag of an entry that had none
};

/// The words that every mark holds.
inline constexpr std::string_view added_words = "added by pinhook pin for";

/// The comment to write behind `newTag: TAG`, with the blank before it. It holds the tag: an entry whose tag somebody
/// changed later is that person's.
[[nodiscard]] std::string added_mark(added_part part, std::string_view tag);

}  // namespace pinhook::files
