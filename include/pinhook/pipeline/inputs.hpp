// The files of a run of pin, unpin, check or lock, read and understood.
//
// Blocks for as long as the disk does; one thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/image_file.hpp>

#include <functional>
#include <string>
#include <vector>

namespace pinhook::pipeline {

struct input {
  /// As the person would write it; "-" is standard input.
  std::string path;
  /// unsupported: a template that is not rendered, passed over. Other errors: the file is no good; the message does not
  /// name it.
  result<files::image_file> content;
  /// The person named it, rather than a directory or a glob it was found in.
  bool is_named = false;
};

/// Of all that are not standard input.
[[nodiscard]] std::vector<std::string> paths_of(const std::vector<input>& inputs);

/// No words, or "-": standard input, once. Errors: as files::find_files; denied, unavailable: standard input;
/// invalid_input: no words, and standard input is a terminal.
/// A file that cannot be read is an input with an error. A file found in a directory that cannot hold an image (neither
/// "image" nor "repository" stands in it), or that is JSON with comments, is passed over when it is no YAML.
[[nodiscard]] result<std::vector<input>> read_inputs(const std::vector<std::string>& words,
                                                     const files::file_rules& rules);

/// As `read_inputs`, one at a time: each can be forgotten before the next is read.
[[nodiscard]] result<void> each_input(const std::vector<std::string>& words, const files::file_rules& rules,
                                      const std::function<void(input)>& take);

}  // namespace pinhook::pipeline
