// The names of files and of the places in them in messages.
//
// Pure; any thread.
#pragma once

#include <pinhook/files/slot.hpp>

#include <string>

namespace pinhook::pipeline {

/// The path; "standard input" for "-".
[[nodiscard]] std::string shown_path(const std::string& path);

/// "container web", "init container setup", "volume models"; the name alone where there is no
/// container: "spec.image".
[[nodiscard]] std::string shown_name(const files::slot& s);

/// "deploy/web.yaml:12:16: container web"
[[nodiscard]] std::string slot_label(const std::string& path, const files::slot& s);

}  // namespace pinhook::pipeline
