// The files of a run of pin, unpin, check or lock, read and parsed.
//
// Blocks for as long as the disk does. Called by one thread, it reads many files on all cores.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/image_file.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace pinhook::pipeline {

struct input {
  /// As a person would write it; "-" is standard input.
  std::string path;
  /// unsupported: a template that is not rendered, which is skipped. Other errors: the file is invalid or cannot be
  /// read. The message does not name the file.
  result<files::image_file> content;
  /// An argument names the file itself, not a directory or glob in which it was found.
  bool is_named = false;
  /// image_places::excluded leaves it out: it was not read, and `content` is unsupported.
  bool is_excluded = false;
  /// Indices of the arguments that name or find it; 0 for standard input without arguments.
  std::vector<std::size_t> arguments{};
};

/// "12 files are left out by files.exclude"; empty for none.
[[nodiscard]] std::string excluded_note(std::size_t count);

/// The paths of all inputs but standard input.
[[nodiscard]] std::vector<std::string> paths_of(const std::vector<input>& inputs);

/// Without arguments, or for "-": standard input, once. Errors: as files::find_files; denied, unavailable: standard
/// input cannot be read; invalid_input: no arguments, and standard input is a terminal.
/// A file that cannot be read is an input with an error. A file that is not YAML is skipped when it was found in a
/// directory and cannot hold an image (its text has neither "image" nor "repository") or is JSON with comments.
/// The files are held without their nodes (image_file::without_nodes).
[[nodiscard]] result<std::vector<input>> read_inputs(const std::vector<std::string>& arguments,
                                                     const files::image_places& places);

/// What is left to do with an input when its turn comes.
using input_turn = std::move_only_function<void()>;

/// As `read_inputs`, but each input goes to `begin` as soon as it is read: there all cores work at once, on one input
/// each, and what an input takes in memory can be given back. The turns that `begin` returns are called one after the
/// other in the order of the inputs, on the caller's thread. `on_listed`, if any, is called when files are found and
/// before there are threads that read them.
[[nodiscard]] result<void> each_input(const std::vector<std::string>& arguments, const files::image_places& places,
                                      const std::function<input_turn(input)>& begin,
                                      const std::function<void()>& on_listed = {});

}  // namespace pinhook::pipeline
