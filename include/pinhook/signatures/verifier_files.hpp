// The files behind verifiers: which they are, and what they hold at one moment.
//
// Any thread; reading blocks.
#pragma once

#include <pinhook/base/file_watch.hpp>
#include <pinhook/signatures/verifier_setting.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace pinhook::signatures {

/// The files of these verifiers now: their paths and contents in turns, with a mark as file_watch compares it. Files of
/// a trust store that come and go count, too. The problem of a file that cannot be read names verifier and key.
[[nodiscard]] file_contents read_verifier_files(const std::vector<verifier_setting>& settings);

/// A function that does so, for file_watch.
[[nodiscard]] std::function<file_contents()> look_at_verifiers(std::vector<verifier_setting> settings);

/// Path to text, of what read_verifier_files gave.
[[nodiscard]] std::map<std::string, std::string> texts_in(const file_contents& files);

/// Those of `all` that the setting names, its trust store's included.
[[nodiscard]] std::map<std::string, std::string> own_files(const verifier_setting& setting,
                                                           const std::map<std::string, std::string>& all);

/// "ca:acme" for a file of that store of the setting's trust store; empty for any other file.
[[nodiscard]] std::string store_of(const notation_setting& s, const std::string& path);
/// The directory where the certificates of such a store are.
[[nodiscard]] std::string directory_of(const notation_setting& s, std::string store);

}  // namespace pinhook::signatures
