// `pinhook fn` between its input and its output: a ResourceList comes in, the same with pinned images and results goes
// out.
//
// Thread rule: one thread; asks as `open` does.
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
  /// For standard output; empty when the input is no ResourceList.
  std::string out;
  /// For standard error: whole lines.
  std::string messages;
  int exit_code = 0;
};

struct function_surroundings {
  const files::file_rules& rules;
  /// Where functionConfig does not say.
  pin::pin_format format = pin::pin_format::digest;
  /// What the operator's rules say of single images; a format in functionConfig beats theirs.
  pipeline::site_rules orders{};
  /// Called when something is to be asked.
  std::function<result<std::unique_ptr<access::digest_source>>(const access::digest_choice&)> open;
};

/// When an image cannot be resolved the items stay as they are (unless keep-going), and `results` say why, as standard
/// error does.
[[nodiscard]] function_outcome run_function(const std::string& text, const function_surroundings& around);

}  // namespace pinhook::cli
