#include <pinhook/files/chart_value.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::files {
namespace {

using enum function_effect;

// The functions of Go's text/template, of sprig and of Helm.
constexpr auto effects = std::to_array<std::pair<std::string_view, function_effect>>({
    {"default", passes},
    {"coalesce", passes},
    {"quote", passes},
    {"squote", passes},
    {"toString", passes},
    {"print", passes},
    {"printf", passes},
    {"println", passes},
    {"cat", passes},
    {"trim", passes},
    {"tpl", passes},
    {"indent", passes},
    {"nindent", passes},
    {"and", passes},
    {"or", passes},
    {"html", passes},
    {"deepCopy", passes},
    {"mustDeepCopy", passes},
    {"merge", passes},
    {"mustMerge", passes},
    {"mergeOverwrite", passes},
    {"mustMergeOverwrite", passes},
    {"omit", passes},
    {"pick", passes},
    {"fromYaml", passes},
    {"fromJson", passes},
    {"first", passes},
    {"last", passes},
    {"append", passes},
    {"concat", passes},
    {"uniq", passes},
    {"compact", passes},
    {"eq", tests},
    {"ne", tests},
    {"lt", tests},
    {"le", tests},
    {"gt", tests},
    {"ge", tests},
    {"semver", tests},
    {"semverCompare", tests},
    {"contains", tests},
    {"hasPrefix", tests},
    {"hasSuffix", tests},
    {"regexMatch", tests},
    {"mustRegexMatch", tests},
    {"has", tests},
    {"mustHas", tests},
    {"deepEqual", tests},
    {"split", cuts},
    {"splitn", cuts},
    {"splitList", cuts},
    {"regexSplit", cuts},
    {"mustRegexSplit", cuts},
    {"regexFindAll", cuts},
    {"mustRegexFindAll", cuts},
    {"not", forgets},
    {"empty", forgets},
    {"hasKey", forgets},
    {"kindIs", forgets},
    {"kindOf", forgets},
    {"typeIs", forgets},
    {"typeOf", forgets},
    {"len", forgets},
    {"sha1sum", hashes},
    {"sha256sum", hashes},
    {"sha512sum", hashes},
    {"adler32sum", hashes},
    {"md5sum", hashes},
    {"fail", forgets},
    {"lookup", forgets},
    {"keys", forgets},
    {"dict", builds},
    {"list", builds},
    {"tuple", builds},
    {"index", builds},
    {"get", builds},
    {"dig", builds},
    {"ternary", builds},
    {"required", builds},
    {"values", builds},
});

chart_value together(std::span<const chart_value> all) {
  chart_value out;
  for (const chart_value& one : all) out.add(one);
  return out;
}

chart_value member(const chart_value& of, const chart_value& key) {
  return of.field(key.literal.empty() ? "*" : std::string_view(key.literal));
}

chart_value dict_of(std::span<const chart_value> arguments) {
  chart_value out;
  for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) out.set(arguments[i].literal, arguments[i + 1]);
  return out;
}

// "dig "a" "b" DEFAULT MAP"
chart_value dug(std::span<const chart_value> arguments) {
  if (arguments.size() < 3) return {};
  chart_value out = arguments.back();
  for (const chart_value& key : arguments.first(arguments.size() - 2)) out = member(out, key);
  out.add(arguments[arguments.size() - 2]);
  return out;
}

}  // namespace

void chart_value::add(const chart_value& other) {
  is_root = is_root || other.is_root;
  is_changed = is_changed || other.is_changed;
  is_cut = is_cut || other.is_cut;
  for (const values_path& path : other.paths)
    if (paths.size() < max_chart_paths && std::ranges::find(paths, path) == paths.end()) paths.push_back(path);
  for (const auto& [key, value] : other.members)
    if (!members.contains(key)) set(key, value);
}

void chart_value::set(std::string key, const chart_value& value) {
  if (size + value.size > max_chart_members) return;
  size += value.size;
  members.insert_or_assign(std::move(key), value);
}

chart_value chart_value::field(std::string_view name) const {
  chart_value out;
  // `$` and dicts that are passed on lead to the values of the chart in the end.
  if (name == "Values" && paths.empty() && members.find(name) == members.end()) {
    out.paths.emplace_back();
    return out;
  }
  if (const auto found = members.find(name); found != members.end()) return found->second;
  if (name == "*")
    for (const auto& [key, value] : members) out.add(value);
  if (is_cut) return *this;
  out.is_changed = is_changed;
  for (const values_path& path : paths) {
    out.paths.push_back(path);
    out.paths.back().emplace_back(name);
  }
  return out;
}

chart_value chart_value::element() const {
  if (!is_list) return field("*");
  chart_value out = *this;
  out.is_list = false;
  return out;
}

std::vector<values_path> chart_value::all_paths() const {
  chart_value out;
  out.paths = paths;
  for (const auto& [key, value] : members) out.add({.paths = value.all_paths()});
  return out.paths;
}

function_effect effect_of(std::string_view function) {
  const auto found = std::ranges::find(effects, function, &std::pair<std::string_view, function_effect>::first);
  return found == effects.end() ? changes : found->second;
}

chart_value apply_function(std::string_view function, std::span<const chart_value> arguments) {
  const auto effect = effect_of(function);
  if (effect == forgets || effect == hashes || effect == tests || arguments.empty()) return {};
  if (effect == builds) {
    if (function == "dict") return dict_of(arguments);
    if (function == "dig") return dug(arguments);
    if (function == "ternary") return together(arguments.first(std::min<std::size_t>(arguments.size(), 2)));
    if (function == "required") return arguments.back();
    if (function == "values") {
      chart_value out = arguments[0].element();
      out.is_list = true;
      return out;
    }
    if (function == "index" || function == "get") {
      chart_value out = arguments[0];
      for (const chart_value& key : arguments.subspan(1)) out = member(out, key);
      return out;
    }
  }
  chart_value out = together(arguments);
  out.is_list = function == "list" || function == "tuple";
  // The result is a text of these parts, no longer a dict.
  if (effect == changes || effect == cuts) {
    out.paths = out.all_paths();
    out.members.clear();
    out.size = 1;
    out.is_root = false;
    out.is_changed = true;
    out.is_cut = effect == cuts;
  }
  return out;
}

}  // namespace pinhook::files
