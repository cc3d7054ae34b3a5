// Makes verifiers from their settings and the files that these name.
//
//   auto contents = read_verifier_files(settings);         // blocks; for file_watch: look_at_verifiers
//   (verifier_files) auto verifiers = load_verifiers(settings, contents);   // pure
//
// Any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/file_watch.hpp>
#include <pinhook/signatures/verifier.hpp>
#include <pinhook/signatures/verifier_setting.hpp>

#include <vector>

namespace pinhook::signatures {

/// In the order of the settings. invalid_input: the problem of a file; a key, root, policy or certificate that cannot
/// be read; a trusted root without what the verifier needs of it. The message names the verifier, the key of the
/// configuration and the file.
[[nodiscard]] result<std::vector<verifier>> load_verifiers(const std::vector<verifier_setting>& settings,
                                                           const file_contents& files);

/// Both in turn. Blocks.
[[nodiscard]] result<std::vector<verifier>> load_verifiers(const std::vector<verifier_setting>& settings);

}  // namespace pinhook::signatures
