// Sets and maps of paths by their text. std::filesystem::path compares part by part, which takes ten times as long.
//
// "a//b" and "a/b" differ here, so keys are canonical or as one walk makes them. Pure; any thread.
#pragma once

#include <filesystem>
#include <map>
#include <set>

namespace pinhook::pipeline {

struct path_text_less {
  bool operator()(const std::filesystem::path& left, const std::filesystem::path& right) const noexcept {
    return left.native() < right.native();
  }
};

using path_set = std::set<std::filesystem::path, path_text_less>;

template <class Value>
using path_map = std::map<std::filesystem::path, Value, path_text_less>;

}  // namespace pinhook::pipeline
