// The bytes of a git index (gitformat-index(5)) with files of these names, which are sorted.
//
//   write(".git/index", git_index_text({"a.yaml", "deploy/web.yaml"}));
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pinhook::testing {

struct git_index_shape {
  std::uint32_t version = 2;
  /// 20: SHA-1; 32: SHA-256.
  std::size_t hash_size = 20;
};

namespace git_index_parts {

inline std::string big_endian(std::size_t value, std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = size; i-- > 0; value >>= 8U) out[i] = static_cast<char>(value & 0xFFU);
  return out;
}

// The offset of packs: seven bits a byte, the last one first.
inline std::string offset(std::size_t value) {
  std::string out(1, static_cast<char>(value & 0x7FU));
  while ((value >>= 7U) != 0) out.insert(out.begin(), static_cast<char>(0x80U | (--value & 0x7FU)));
  return out;
}

}  // namespace git_index_parts

inline std::string git_index_text(const std::vector<std::string>& names, git_index_shape shape = {}) {
  using git_index_parts::big_endian;
  std::string out = "DIRC" + big_endian(shape.version, 4) + big_endian(names.size(), 4);
  std::string before;
  for (const std::string& name : names) {
    std::string entry(24, '\1');
    entry += big_endian(0100644, 4);
    entry += std::string(12, '\2') + std::string(shape.hash_size, '\3');
    const std::size_t length = std::min<std::size_t>(name.size(), 0xFFF);
    entry += big_endian(length | (shape.version == 3 ? 0x4000U : 0U), 2);
    if (shape.version == 3) entry += big_endian(0x2000, 2);
    if (shape.version == 4) {
      std::size_t same = 0;
      while (same < std::min(before.size(), name.size()) && before[same] == name[same]) ++same;
      out += entry + git_index_parts::offset(before.size() - same) + name.substr(same) + '\0';
    } else {
      entry += name;
      entry.resize((entry.size() / 8 + 1) * 8, '\0');
      out += entry;
    }
    before = name;
  }
  // The hash of all that is not read.
  return out + std::string(shape.hash_size, '\4');
}

}  // namespace pinhook::testing
