// Images inside of other texts: in scripts, in arguments, in lists that are one text. Only a reference that leaves no
// doubt counts: with a registry, a path, and a tag or a digest.
//
//   full_references("docker run --rm quay.io/acme/tool:1.0 lint")   // quay.io/acme/tool:1.0
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace pinhook::files {

struct full_reference {
  /// In bytes from the begin of the text.
  std::size_t offset = 0;
  std::string_view written;
};

/// In the order of the text. Lines that begin with '#', targets of builds ("docker push IMAGE", "-t IMAGE") and what a
/// variable continues are passed over.
[[nodiscard]] std::vector<full_reference> full_references(std::string_view text);

}  // namespace pinhook::files
