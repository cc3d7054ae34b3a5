// pin and unpin over files in memory.
//
// One thread.
#pragma once

#include "unit/pipeline/run_fixture.hpp"

#include <pinhook/pipeline/pin_run.hpp>

#include <utility>

namespace pinhook::pipeline {

class PinRun : public FilesRun {
 protected:
  testing::shown_outcome run() {
    pin_run r(options, std::move(inputs), places);
    return testing::shown(r.finish(digests.answers(r.wanted())));
  }

  pin_run_options options;
};

}  // namespace pinhook::pipeline
