// How files and the places in them are called in messages.
//
// Pure; any thread.
#pragma once

#include <pinhook/files/site.hpp>

#include <string>

namespace pinhook::pipeline {

/// The path; of "-" "standard input".
[[nodiscard]] std::string shown_path(const std::string& path);

/// "container web", "init container setup", "volume models"; where nothing is a container the name alone: "spec.image".
[[nodiscard]] std::string shown_name(const files::site& s);

/// "deploy/web.yaml:12:16: container web"
[[nodiscard]] std::string site_label(const std::string& path, const files::site& s);

}  // namespace pinhook::pipeline
