#include <pinhook/registry/registries_conf.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/registry/toml_text.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::registry {
namespace {

constexpr std::string_view wildcard = "*.";

template <class T>
using word_table = std::array<std::pair<std::string_view, T>, 3>;

constexpr word_table<mirror_use> uses{
    {{"all", mirror_use::all}, {"digest-only", mirror_use::digests}, {"tag-only", mirror_use::tags}}};
constexpr word_table<short_name_mode> modes{{{"permissive", short_name_mode::permissive},
                                             {"enforcing", short_name_mode::enforcing},
                                             {"disabled", short_name_mode::disabled}}};

// Reads one of the words where the table has one of that name.
template <class T>
maybe_fault read_word(const toml::table& from, std::string_view name, const word_table<T>& words,
                      std::optional<T>& into) {
  std::string text;
  if (auto bad = read_text(from, name, text)) return bad;
  if (text.empty()) return std::nullopt;
  const auto found = std::ranges::find(words, std::string_view(text), &std::pair<std::string_view, T>::first);
  if (found == words.end())
    return toml_fault_at(*from.get(name), fmt::format("{} is {}, which is none of {}, {} and {}", name, quoted(text),
                                                      words[0].first, words[1].first, words[2].first));
  into = found->second;
  return std::nullopt;
}

// A location or a prefix: "registry.example.com:5000/path", without a scheme and without slashes at its end.
maybe_fault read_location(const toml::table& from, std::string_view name, std::string& into) {
  if (auto bad = read_text(from, name, into)) return bad;
  if (into.starts_with("http://") || into.starts_with("https://"))
    return toml_fault_at(*from.get(name),
                         fmt::format("{} {} has a scheme; write host and path alone", name, quoted(into)));
  while (into.ends_with('/')) into.pop_back();
  return std::nullopt;
}

bool is_domain(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '-'; });
}

bool is_search_registry(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return is_domain(text);
  const auto port = text.substr(colon + 1);
  return is_domain(text.substr(0, colon)) && !port.empty() && std::ranges::all_of(port, is_digit);
}

class conf_reader {
 public:
  conf_reader(const toml::table& root, const std::string& file, registries_conf& to)
      : root_(root), file_(file), to_(to) {}

  maybe_fault read() {
    for (const auto step : {&conf_reader::refuse_version_1, &conf_reader::search, &conf_reader::mode,
                            &conf_reader::aliases, &conf_reader::registries})
      if (auto bad = (this->*step)()) return bad;
    return std::nullopt;
  }

 private:
  maybe_fault refuse_version_1() {
    const toml::node* const old = root_.get("registries");
    if (old == nullptr) return std::nullopt;
    return toml_fault_at(*old,
                         "[registries.…] is version 1 of the format, which is not read: write "
                         "unqualified-search-registries and [[registry]]");
  }

  maybe_fault search() {
    constexpr std::string_view name = "unqualified-search-registries";
    const toml::node* const node = root_.get(name);
    if (node == nullptr) return std::nullopt;
    const toml::array* const list = node->as_array();
    if (list == nullptr) return toml_fault_at(*node, fmt::format("{} is not a list", name));
    auto& into = to_.search_registries.emplace();
    for (const auto& one : *list) {
      std::string text = one.value<std::string>().value_or(std::string());
      while (text.ends_with('/')) text.pop_back();
      if (!is_search_registry(text))
        return toml_fault_at(one, fmt::format("{} has an entry that is not a registry's name", name));
      into.push_back(std::move(text));
    }
    return std::nullopt;
  }

  maybe_fault mode() { return read_word(root_, "short-name-mode", modes, to_.mode); }

  maybe_fault aliases() {
    const toml::node* const node = root_.get("aliases");
    if (node == nullptr) return std::nullopt;
    const toml::table* const table = node->as_table();
    if (table == nullptr) return toml_fault_at(*node, "aliases is not a table");
    for (const auto& [key, value] : *table) {
      const std::string name(key.str());
      const auto* const text = value.as_string();
      if (text == nullptr) return toml_fault_at(value, fmt::format("the alias {} is not a string", quoted(name)));
      if (auto reason = alias_problem(name, text->get())) return toml_fault_at(value, std::move(*reason));
      to_.aliases.insert_or_assign(name, text->get());
    }
    return std::nullopt;
  }

  static std::optional<std::string> alias_problem(const std::string& name, const std::string& text) {
    const auto key = reference::parse(name);
    if (!key || !is_short_name(*key) || key->written_name() != name)
      return fmt::format("the alias {} is not a name without registry, tag and digest", quoted(name));
    if (text.empty()) return std::nullopt;
    const auto value = reference::parse(text);
    if (!value || is_short_name(*value) || value->written_name() != text)
      return fmt::format("the alias {} means {}, which is not a name with a registry and without tag and digest",
                         quoted(name), quoted(text));
    return std::nullopt;
  }

  maybe_fault registries() {
    const toml::node* const node = root_.get("registry");
    if (node == nullptr) return std::nullopt;
    const toml::array* const list = node->as_array();
    if (list == nullptr) return toml_fault_at(*node, "registry is not a list of tables: write [[registry]]");
    for (const auto& one : *list) {
      const toml::table* const fields = one.as_table();
      if (fields == nullptr) return toml_fault_at(one, "registry has an entry that is not a table");
      if (auto bad = registry_entry(*fields)) return bad;
    }
    return conflicts();
  }

  maybe_fault registry_entry(const toml::table& from) {
    conf_registry out;
    out.file = file_;
    bool is_for_digests = false;
    for (const auto& bad : {read_location(from, "prefix", out.prefix), read_location(from, "location", out.location),
                            read_flag(from, "insecure", out.is_insecure), read_flag(from, "blocked", out.is_blocked),
                            read_flag(from, "mirror-by-digest-only", is_for_digests)})
      if (bad) return bad;
    if (auto reason = entry_problem(from, out)) return toml_fault_at(from, std::move(*reason));
    if (out.prefix.empty()) out.prefix = out.location;
    if (auto bad = mirrors(from, is_for_digests, out)) return bad;
    lines_.push_back(static_cast<std::size_t>(from.source().begin.line));
    to_.registries.push_back(std::move(out));
    return std::nullopt;
  }

  static std::optional<std::string> entry_problem(const toml::table& from, const conf_registry& one) {
    if (one.prefix.empty() && one.location.empty()) return "a registry has neither prefix nor location";
    const bool is_wild = one.prefix.starts_with(wildcard);
    if (is_wild && !is_domain(std::string_view(one.prefix).substr(wildcard.size())))
      return fmt::format("the prefix {} is not of the form *.example.com", quoted(one.prefix));
    if (!is_wild && one.location.empty())
      return fmt::format("the registry {} has no location, which only a prefix *.… may lack", quoted(one.prefix));
    if (from.get("pull-from-mirror") != nullptr)
      return "pull-from-mirror is for [[registry.mirror]]; for all mirrors of a registry: mirror-by-digest-only";
    return std::nullopt;
  }

  static maybe_fault mirrors(const toml::table& from, bool is_for_digests, conf_registry& to) {
    const toml::node* const node = from.get("mirror");
    if (node == nullptr) return std::nullopt;
    const toml::array* const list = node->as_array();
    if (list == nullptr) return toml_fault_at(*node, "mirror is not a list of tables: write [[registry.mirror]]");
    for (const auto& one : *list) {
      const toml::table* const fields = one.as_table();
      if (fields == nullptr) return toml_fault_at(one, "mirror has an entry that is not a table");
      conf_mirror made;
      std::optional<mirror_use> use;
      for (auto bad :
           {read_location(*fields, "location", made.location), read_flag(*fields, "insecure", made.is_insecure),
            read_word(*fields, "pull-from-mirror", uses, use)})
        if (bad) return bad;
      if (made.location.empty())
        return toml_fault_at(one, fmt::format("a mirror of {} has no location", quoted(to.prefix)));
      if (is_for_digests && use)
        return toml_fault_at(one,
                             fmt::format("mirror-by-digest-only of {} and pull-from-mirror of its mirror {} exclude "
                                         "each other",
                                         quoted(to.prefix), quoted(made.location)));
      made.use = use.value_or(is_for_digests ? mirror_use::digests : mirror_use::all);
      to.mirrors.push_back(std::move(made));
    }
    return std::nullopt;
  }

  // Within one file alone, as the node looks for them.
  maybe_fault conflicts() const {
    const auto key = [](const conf_registry& one) { return one.location.empty() ? one.prefix : one.location; };
    std::map<std::string, const conf_registry*> first;
    for (std::size_t i = 0; i < to_.registries.size(); ++i) {
      const conf_registry& one = to_.registries[i];
      const conf_registry& other = *first.try_emplace(key(one), &one).first->second;
      if (one.is_insecure == other.is_insecure && one.is_blocked == other.is_blocked) continue;
      return toml_fault{lines_[i],
                        fmt::format("{} occurs several times, and not always with the same {}", quoted(key(one)),
                                    one.is_insecure != other.is_insecure ? "insecure" : "blocked")};
    }
    return std::nullopt;
  }

  const toml::table& root_;
  const std::string& file_;
  registries_conf& to_;
  // Where each registry begins.
  std::vector<std::size_t> lines_;
};

constexpr bool ends_name(char c) { return c == '/' || c == ':' || c == '@'; }

// The length of the part of `name` that the prefix matches; nothing when it does not. A prefix "reg.test" matches
// "reg.test:5000", as on the node, where the manual would have it otherwise.
std::optional<std::size_t> matched_length(std::string_view name, std::string_view prefix) {
  std::size_t end = prefix.size();
  if (prefix.starts_with(wildcard)) {
    const std::string_view tail = prefix.substr(1);
    const auto at = name.find(tail);
    if (at == std::string_view::npos || name.substr(0, at).find('/') != std::string_view::npos) return std::nullopt;
    end = at + tail.size();
  } else if (!name.starts_with(prefix)) {
    return std::nullopt;
  }
  if (end != name.size() && !ends_name(name[end])) return std::nullopt;
  return end;
}

std::string name_of_repository(const reference& ref) { return fmt::format("{}/{}", ref.registry(), ref.repository()); }

// The longest prefix counts, also where a wildcard stands for more; of two as long, the one that sorts first.
const conf_registry* entry_for(const registries_conf& conf, std::string_view name) {
  const conf_registry* out = nullptr;
  for (const auto& one : conf.registries) {
    if (!matched_length(name, one.prefix)) continue;
    if (out == nullptr || one.prefix.size() > out->prefix.size() ||
        (one.prefix.size() == out->prefix.size() && one.prefix < out->prefix))
      out = &one;
  }
  return out;
}

std::string tag_or_digest_of(const reference& ref) {
  return ref.is_pinned() ? fmt::format("@{}", ref.digest()->to_string()) : fmt::format(":{}", ref.effective_tag());
}

bool is_used_for(const conf_mirror& one, const reference& ref) {
  return one.use == mirror_use::all || (one.use == mirror_use::digests) == ref.is_pinned();
}

// The name with the location in the prefix's place. The node accepts it in its long form alone.
result<reference> moved_to(const std::string& location, const conf_registry& entry, const reference& ref) {
  const std::string name = name_of_repository(ref);
  const std::string there =
      location.empty() ? name : location + name.substr(matched_length(name, entry.prefix).value_or(name.size()));
  auto out = reference::parse(there + tag_or_digest_of(ref));
  std::string reason = out ? std::string() : out.error().message;
  if (out && name_of_repository(*out) != there)
    reason = fmt::format("it is not in its long form {}", name_of_repository(*out));
  if (reason.empty()) return out;
  return fail(
      {error_code::denied,
       fmt::format("{} turns {} into {}, which a node refuses: {}", entry.file, ref.canonical(), quoted(there), reason),
       std::nullopt, remedy::configuration});
}

}  // namespace

result<registries_conf> parse_registries_conf(std::string_view text, const std::string& file) {
  const auto parsed = parse_toml(text, max_registries_conf, file);
  if (!parsed) return fail(parsed.error());
  registries_conf out;
  if (const auto bad = conf_reader(*parsed, file, out).read()) return fail(toml_error(file, *bad));
  return out;
}

void merge(registries_conf& into, registries_conf later) {
  std::erase_if(into.registries, [&](const conf_registry& one) {
    return std::ranges::find(later.registries, one.prefix, &conf_registry::prefix) != later.registries.end();
  });
  std::ranges::move(later.registries, std::back_inserter(into.registries));
  if (later.search_registries) into.search_registries = std::move(later.search_registries);
  if (later.mode) into.mode = later.mode;
  for (auto& [name, meaning] : later.aliases) into.aliases.insert_or_assign(name, std::move(meaning));
}

result<node_places> places_for(const registries_conf& conf, const reference& ref) {
  if (conf.unread) return fail(*conf.unread);
  node_places out;
  out.entry = entry_for(conf, name_of_repository(ref));
  if (out.entry == nullptr) return out;
  const auto add = [&](const std::string& location, node_place to) -> std::optional<error> {
    auto named = moved_to(location, *out.entry, ref);
    if (!named) return std::move(named.error());
    // A place is blocked by the entry of its own name, not by the one that leads there.
    const auto* const own = entry_for(conf, name_of_repository(*named));
    if (own != nullptr && own->is_blocked) to.blocked_by = own;
    to.named = std::move(*named);
    out.in_order.push_back(std::move(to));
    return std::nullopt;
  };
  for (const auto& one : out.entry->mirrors)
    if (is_used_for(one, ref))
      if (auto bad = add(one.location, {ref, true, one.is_insecure, nullptr, one.object})) return fail(std::move(*bad));
  if (auto bad = add(out.entry->location, {ref, false, out.entry->is_insecure})) return fail(std::move(*bad));
  return out;
}

bool is_short_name(const reference& ref) {
  const std::string_view name = ref.written_name();
  const auto slash = name.find('/');
  if (slash == std::string_view::npos) return true;
  const std::string_view first = name.substr(0, slash);
  return first != "localhost" && first.find_first_of(".:") == std::string_view::npos;
}

result<std::vector<reference>> meanings_of(const registries_conf& conf, const reference& ref) {
  if (!is_short_name(ref)) return std::vector<reference>{ref};
  const std::string_view name = ref.written_name();
  const std::string suffix(std::string_view(ref.written()).substr(name.size()));
  const auto refusal = [&](std::string_view reason) {
    return fail({error_code::denied,
                 fmt::format("{} is a short name, and {}: write its registry, as in docker.io/{}",
                             quoted(ref.written()), reason, name),
                 std::nullopt, remedy::in_message});
  };
  std::vector<std::string> texts;
  const auto alias = conf.aliases.find(name);
  if (alias != conf.aliases.end() && !alias->second.empty()) {
    texts.push_back(alias->second + suffix);
  } else {
    const auto search = conf.search_registries.value_or(std::vector<std::string>());
    if (search.empty())
      return refusal("the nodes' registries.conf has no alias for it and no unqualified-search-registries");
    if (search.size() > 1 && conf.mode == short_name_mode::enforcing)
      return refusal(
          fmt::format("nodes refuse it, since it may mean an image of {} or {} (short-name-mode = enforcing)",
                      search[0], search[1]));
    for (const auto& one : search) texts.push_back(fmt::format("{}/{}", one, ref.written()));
  }
  std::vector<reference> out;
  for (const auto& text : texts) {
    auto one = reference::parse(text);
    if (!one) return refusal(fmt::format("nodes read it as {}, which is no image's name", quoted(text)));
    out.push_back(std::move(*one));
  }
  return out;
}

result<reference> meaning_of(const registries_conf& conf, const reference& ref) {
  if (!is_short_name(ref)) return ref;
  auto all = meanings_of(conf, ref);
  if (!all) return fail(std::move(all.error()));
  if (all->size() == 1 && all->front().canonical() == ref.canonical()) return ref;
  return std::move(all->front());
}

}  // namespace pinhook::registry
