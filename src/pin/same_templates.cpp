#include <pinhook/pin/same_templates.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/json_cursor.hpp>
#include <pinhook/base/json_skip.hpp>

#include <algorithm>

namespace pinhook::pin {
namespace {

using member = const json::value::Member*;

// Sorted by name, one of each: RapidJSON's own comparison searches every name in the other object, which takes the
// square of their number.
std::vector<member> sorted_members(const json::value& v) {
  std::vector<member> out;
  out.reserve(v.MemberCount());
  for (const auto& m : v.GetObject()) out.push_back(&m);
  const auto name = [](member m) { return json::text_of(m->name); };
  // Members of one object are in one array, so their addresses are their order. (std::stable_sort would do without,
  // but calls a function that libstdc++ 12 marks as deprecated.)
  std::ranges::sort(out, [&](member a, member b) { return name(a) != name(b) ? name(a) < name(b) : a < b; });
  std::vector<member> last;
  last.reserve(out.size());
  for (member m : out) {
    if (!last.empty() && name(last.back()) == name(m))
      last.back() = m;
    else
      last.push_back(m);
  }
  return last;
}

// Recursion ends at the depth that json::parse allows.
bool equal(const json::value& a, const json::value& b) {
  if (a.IsObject() && b.IsObject()) {
    return std::ranges::equal(sorted_members(a), sorted_members(b), [](member x, member y) {
      return json::text_of(x->name) == json::text_of(y->name) && equal(x->value, y->value);
    });
  }
  if (a.IsArray() && b.IsArray())
    return std::equal(a.Begin(), a.End(), b.Begin(), b.End(),
                      [](const json::value& x, const json::value& y) { return equal(x, y); });
  return a == b;
}

// Bytes of the longest common prefix.
std::size_t common_size(std::string_view a, std::string_view b) {
  constexpr std::size_t step = 256;
  const std::size_t size = std::min(a.size(), b.size());
  std::size_t at = 0;
  while (size - at >= step && a.substr(at, step) == b.substr(at, step)) at += step;
  while (at < size && a[at] == b[at]) ++at;
  return at;
}

// The common cause, found without a tree of either: the first difference is inside a member's string, and neither
// string has escapes. (Of a duplicate member the first is looked at; no encoder writes that.)
bool differ_in_a_string(std::string_view a, std::string_view b) {
  const std::size_t quote = json::open_string(a.substr(0, common_size(a, b)));
  if (quote == std::string_view::npos || quote == 0 || a[quote - 1] != ':') return false;
  const json::string x = json::cursor(a.substr(quote)).read_string();
  const json::string y = json::cursor(b.substr(quote)).read_string();
  return !x.has_escapes && !y.has_escapes && x.raw != y.raw;
}

}  // namespace

result<bool> same_value(std::string_view a, std::string_view b) {
  if (a == b) return true;
  if (differ_in_a_string(a, b)) return false;
  const auto left = json::parse(a);
  if (!left) return fail(left.error());
  const auto right = json::parse(b);
  if (!right) return fail(right.error());
  return equal(*left, *right);
}

result<bool> same_templates(const std::vector<pod_template>& a, const std::vector<pod_template>& b) {
  const auto same_place = [](const pod_template& x, const pod_template& y) { return x.pointer == y.pointer; };
  if (!std::ranges::equal(a, b, same_place)) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto same = same_value(a[i].text, b[i].text);
    if (!same || !*same) return same;
  }
  return true;
}

}  // namespace pinhook::pin
