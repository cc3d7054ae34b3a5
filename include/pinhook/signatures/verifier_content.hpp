// A name for a verifier as it is now, with the files behind it.
//
// Pure; any thread.
#pragma once

#include <pinhook/signatures/verifier_setting.hpp>

#include <map>
#include <string>

namespace pinhook::signatures {

/// Differs whenever the setting or the text of one of its files (by path) does; 64 hexadecimal digits.
[[nodiscard]] std::string content_of(const verifier_setting& setting, const std::map<std::string, std::string>& files);

}  // namespace pinhook::signatures
