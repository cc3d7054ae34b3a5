// Kustomizations, values, Compose files and objects in which odd nodes are anywhere: nothing, lists, mappings,
// aliases, merge keys, digests, templates, numbers, long text. A made file need not be accepted; it must be refused in
// words then.
//
//   const odd_file f = make_odd_file(17);
//   files::image_file::read(f.text, f.path, {});
//
// The same seed makes the same file with every standard library.
#pragma once

#include <cstdint>
#include <string>

namespace pinhook::testing {

struct odd_file {
  std::string path;
  std::string text;
};

[[nodiscard]] odd_file make_odd_file(std::uint64_t seed);

}  // namespace pinhook::testing
