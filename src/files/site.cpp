#include <pinhook/files/site.hpp>

namespace pinhook::files {

std::string_view to_string(untouched why) noexcept {
  switch (why) {
    case untouched::no:
      return "no";
    case untouched::variable:
      return "variable";
    case untouched::no_tag_here:
      return "no-tag-here";
    case untouched::built:
      return "built";
    case untouched::overridden:
      return "overridden";
    case untouched::skip_label:
      return "skip-label";
    case untouched::split:
      return "split";
    case untouched::number_tag:
      return "number-tag";
    case untouched::invalid:
      return "invalid";
  }
  return "no";
}

}  // namespace pinhook::files
