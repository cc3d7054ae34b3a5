// Any bytes as git's index: what is read has its names in order, and finds each of them and its directories.
#include "fuzz/require.hpp"

#include <pinhook/files/git_index.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using pinhook::fuzz::require;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto index = pinhook::files::git_index::parse(bytes);
  // Every name up to version 3 is in the bytes as it is.
  for (std::size_t at = bytes.find("a"); at != std::string_view::npos; at = bytes.find("a", at + 1)) {
    const std::string_view name = bytes.substr(at, bytes.find('\0', at) - at);
    const std::size_t slash = name.rfind('/');
    if (index.has_file(name) && slash != std::string_view::npos && slash != 0)
      require(index.has_below(name.substr(0, slash)));
  }
  return 0;
}
