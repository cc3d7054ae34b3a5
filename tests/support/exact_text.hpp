// A copy of a text that ends where its memory ends, so that a sanitizer sees any read behind it.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace pinhook::testing {

class exact_text {
 public:
  explicit exact_text(std::string_view text) : bytes_(new char[text.size()]), size_(text.size()) {
    std::memcpy(bytes_.get(), text.data(), text.size());
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

}  // namespace pinhook::testing
