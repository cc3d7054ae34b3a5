// What mutators share: chance, and a text that becomes an input. A target includes one of json_mutator.hpp and
// line_mutator.hpp, which define libFuzzer's functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace pinhook::fuzz {

class chance {
 public:
  explicit chance(unsigned seed) : bits_(seed) {}
  /// Less than `end`, which is not 0.
  std::size_t below(std::size_t end) { return bits_() % end; }
  bool is_one_in(std::size_t n) { return below(n) == 0; }
  template <class List>
  const auto& one_of(const List& list) {
    return list[below(std::size(list))];
  }

 private:
  std::minstd_rand bits_;
};

/// As libFuzzer changes bytes that it knows nothing about; it may grow by 16.
inline std::string mutate_bytes(std::string_view text) {
  std::vector<std::uint8_t> bytes(text.begin(), text.end());
  bytes.resize(text.size() + 16);
  bytes.resize(LLVMFuzzerMutate(bytes.data(), text.size(), bytes.size()));
  return {bytes.begin(), bytes.end()};
}

/// The new size; 0, which libFuzzer takes for "none", where it does not fit.
inline std::size_t put(std::string_view text, std::uint8_t* data, std::size_t max_size) {
  if (text.size() > max_size) return 0;
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

}  // namespace pinhook::fuzz
