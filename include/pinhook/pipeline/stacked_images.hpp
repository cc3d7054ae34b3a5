// What the values of a stack (value_stacks.hpp) make of images in the weaker and stronger ones of it.
//
// Blocks for as long as the disk does; one thread.
#pragma once

#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/pinning.hpp>

#include <vector>

namespace pinhook::pipeline {

/// For the inputs of a run, one for each, in their order. Only files of the run name stacks.
[[nodiscard]] std::vector<renamed_images> renamed_in_stacks(const std::vector<const input*>& inputs);

}  // namespace pinhook::pipeline
