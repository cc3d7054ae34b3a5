#include <pinhook/kube/bearer_token.hpp>

#include <algorithm>

namespace pinhook::kube {

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace pinhook::kube
