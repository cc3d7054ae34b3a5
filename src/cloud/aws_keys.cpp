#include <pinhook/cloud/aws_keys.hpp>

#include <algorithm>

namespace pinhook::cloud {
bool is_aws_token(std::string_view text) {
  return !text.empty() && text.size() <= max_aws_key_size &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace pinhook::cloud
