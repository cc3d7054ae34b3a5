#include <pinhook/yaml/source.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace pinhook::yaml {

result<std::string> splice(std::string_view text, std::vector<edit> edits) {
  // Not stable_sort: libstdc++ 12's uses a function that Clang reports as deprecated.
  std::vector<std::size_t> order(edits.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::tuple(edits[i].span.begin, edits[i].span.end, i); });
  std::string out;
  std::size_t at = 0;
  const edit* last = nullptr;
  for (const std::size_t i : order) {
    const edit& e = edits[i];
    if (last != nullptr && e.span.size() > 0 && e == *last) continue;
    if (e.span.begin < at || e.span.end < e.span.begin || e.span.end > text.size())
      return fail(error_code::internal, fmt::format("an edit of the bytes {} to {} overlaps another or is out of range",
                                                    e.span.begin, e.span.end));
    out.append(text, at, e.span.begin - at);
    out += e.text;
    at = e.span.end;
    last = &e;
  }
  out.append(text, at);
  return out;
}

}  // namespace pinhook::yaml
