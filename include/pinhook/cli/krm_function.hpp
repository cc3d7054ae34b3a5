// `pinhook fn` between its input and its output: a ResourceList comes in, the same with pinned images and results goes
// out.
//
// Thread rule: one thread; blocks while the source of `open` looks up.
#pragma once

#include <pinhook/access/command_digests.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/files/image_file.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/pipeline/site_rules.hpp>

#include <functional>
#include <memory>
#include <string>

namespace pinhook::cli {

struct function_outcome {
  /// For standard output; empty when the input is not a ResourceList.
  std::string out;
  /// For standard error: whole lines.
  std::string messages;
  int exit_code = 0;
};

struct function_surroundings {
  const files::file_rules& rules;
  /// Used when functionConfig has no format.
  pin::pin_format format = pin::pin_format::digest;
  /// The operator's rules for single images; a format in functionConfig wins over theirs.
  pipeline::site_rules orders{};
  /// Called when references have to be looked up.
  std::function<result<std::unique_ptr<access::digest_source>>(const access::digest_choice&)> open;
};

/// When an image cannot be resolved, the items stay as they are (unless keep-going), and `results` and standard error
/// give the reason.
[[nodiscard]] function_outcome run_function(const std::string& text, const function_surroundings& around);

}  // namespace pinhook::cli
