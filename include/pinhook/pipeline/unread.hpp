// The parts of its files that a run does not read, as notes for people.
//
// Pure; any thread.
#pragma once

#include <pinhook/files/image_file.hpp>
#include <pinhook/pipeline/findings.hpp>
#include <pinhook/pipeline/inputs.hpp>

#include <string>
#include <string_view>

namespace pinhook::pipeline {

/// The reason why a file is not read, when a person should know: an argument names it, or its form is known to hold
/// images and it has that word. Empty otherwise.
[[nodiscard]] std::string unread_reason(const files::image_file& file, bool is_named);

/// "web.nomad: left unread: HCL is not read"; empty for an input that is read.
[[nodiscard]] std::string unread_note(const input& in);

/// "\"nginx:1.25\" looks like an image, in a place that is not read".
[[nodiscard]] std::string unread_text(const std::string& written);

/// Adds the finding about a file that is not read, and fills checked_file::unread. `lists_images`: as in
/// check_question.
void add_unread(const files::image_file& file, bool is_named, bool lists_images, checked_file& to);

/// True for an input that a directory gave, in a language that is not read (files/foreign_files.hpp).
[[nodiscard]] bool is_of_foreign_language(const input& in);
/// The finding about it.
[[nodiscard]] checked_file foreign_file(std::string path, bool lists_images);

}  // namespace pinhook::pipeline
