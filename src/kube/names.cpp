#include <pinhook/kube/names.hpp>

#include <algorithm>

namespace pinhook::kube {
namespace {

bool is_edge(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_label(std::string_view text) {
  return !text.empty() && is_edge(text.front()) && is_edge(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_edge(c) || c == '-'; });
}

}  // namespace

bool is_namespace_name(std::string_view text) { return text.size() <= 63 && is_label(text); }

bool is_object_name(std::string_view text) {
  if (text.size() > 253) return false;
  for (;;) {
    const auto dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace pinhook::kube
