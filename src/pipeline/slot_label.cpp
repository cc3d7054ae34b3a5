#include <pinhook/pipeline/slot_label.hpp>

#include <fmt/core.h>

#include <string_view>

namespace pinhook::pipeline {
namespace {

std::string_view prefix_of(pin::container_type type) {
  switch (type) {
    case pin::container_type::container:
      return "container ";
    case pin::container_type::init_container:
      return "init container ";
    case pin::container_type::ephemeral_container:
      return "ephemeral container ";
    case pin::container_type::image_volume:
      return "volume ";
    case pin::container_type::other:
      break;
  }
  return "";
}

}  // namespace

std::string shown_path(const std::string& path) { return path.empty() || path == "-" ? "standard input" : path; }

std::string shown_name(const files::slot& s) { return std::string(prefix_of(s.type)) + s.name; }

std::string slot_label(const std::string& path, const files::slot& s) {
  auto out = fmt::format("{}:{}:{}", shown_path(path), s.line, s.column);
  if (!s.name.empty()) out += ": " + shown_name(s);
  return out;
}

}  // namespace pinhook::pipeline
