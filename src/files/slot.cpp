#include <pinhook/files/slot.hpp>

namespace pinhook::files {

std::string_view to_string(skip_reason reason) noexcept {
  switch (reason) {
    case skip_reason::none:
      return "no";
    case skip_reason::variable:
      return "variable";
    case skip_reason::no_tag_here:
      return "no-tag-here";
    case skip_reason::built:
      return "built";
    case skip_reason::overridden:
      return "overridden";
    case skip_reason::skip_label:
      return "skip-label";
    case skip_reason::skip_comment:
      return "skip-comment";
    case skip_reason::pattern:
      return "pattern";
    case skip_reason::replaced:
      return "replaced";
    case skip_reason::split:
      return "split";
    case skip_reason::number_tag:
      return "number-tag";
    case skip_reason::invalid:
      return "invalid";
  }
  return "no";
}

}  // namespace pinhook::files
