// What the shards of a cache hold together.
//
// Any thread.
#pragma once

#include <atomic>
#include <cstddef>

namespace pinhook::resolve {

struct shard_totals {
  std::atomic<std::size_t> entries{0};
  std::atomic<std::size_t> bytes{0};
};

}  // namespace pinhook::resolve
