#include <pinhook/files/node_paths.hpp>

#include <pinhook/base/json_pointer.hpp>
#include <pinhook/files/node_access.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::scalar_form;
using yaml::source_document;
using yaml::source_kind;

// The cost of a visited node in the budget.
constexpr std::size_t node_cost = 4;

// The next word before `separator`; it is removed from `text`.
std::string_view next_word(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

bool is_merge(const yaml::source_node& key) { return key.text == "<<" && key.form == scalar_form::plain; }

}  // namespace

class node_paths::walker {
 public:
  walker(const node_paths& paths, const source_document& doc, std::size_t& budget,
         const std::function<bool(const path_match&)>& take)
      : paths_(paths.paths_), doc_(doc), budget_(budget), take_(take) {}

  result<void> run(node_index from) {
    std::vector<state> start;
    for (std::size_t i = 0; i < paths_.size(); ++i) add({i, 0}, start);
    return visit(from, start);
  }

 private:
  // A path, and the number of its parts that are matched.
  struct state {
    std::size_t path = 0;
    std::size_t part = 0;
    friend bool operator==(const state&, const state&) = default;
  };
  using states = std::vector<state>;

  // `**` matches no part, too.
  void add(state s, states& into) const {
    if (std::ranges::find(into, s) != into.end()) return;
    into.push_back(s);
    const auto& parts = paths_[s.path];
    if (s.part < parts.size() && parts[s.part].type == part::kind::deep) add({s.path, s.part + 1}, into);
  }

  [[nodiscard]] bool meets(const part& p, node_index node) const {
    return p.condition_key.empty() || doc_.text_of(node, p.condition_key) == p.condition_text;
  }

  [[nodiscard]] states after(const states& before, std::string_view key, node_index child) const {
    states out;
    for (const state& s : before) {
      if (s.part == paths_[s.path].size()) continue;
      const part& p = paths_[s.path][s.part];
      if (p.type == part::kind::deep)
        add(s, out);
      else if ((p.type == part::kind::any || p.name == key) && meets(p, child))
        add({s.path, s.part + 1}, out);
    }
    return out;
  }

  result<void> visit(node_index at, const states& here) {
    const node_index inner = doc_.resolve(at);
    if (budget_ < node_cost || depth_ == max_walk_levels)
      return refuse_at(doc_.at(at), "its aliases expand to too much, or nest too deep");
    budget_ -= node_cost;
    for (const state& s : here)
      if (!is_ended_ && s.part == paths_[s.path].size()) is_ended_ = !take_({at, pointer_, s.path});
    ++depth_;
    result<void> ok;
    if (doc_.at(inner).kind == source_kind::sequence) {
      ok = visit_items(inner, here);
    } else if (doc_.at(inner).kind == source_kind::mapping) {
      std::set<std::string_view> seen;
      ok = visit_members(inner, here, seen);
    }
    --depth_;
    return ok;
  }

  result<void> visit_child(std::string_view key, node_index child, const states& here) {
    const states next = after(here, key, child);
    if (is_ended_ || next.empty()) return {};
    const std::size_t size = pointer_.size();
    append_pointer(pointer_, key);
    auto ok = visit(child, next);
    pointer_.resize(size);
    return ok;
  }

  result<void> visit_items(node_index sequence, const states& here) {
    std::size_t index = 0;
    for (node_index one = doc_.at(sequence).first; one != no_node; one = doc_.at(one).next, ++index)
      if (auto ok = visit_child(fmt::format("{}", index), one, here); !ok) return ok;
    return {};
  }

  // `seen`: keys of the mapping that this one is merged into.
  result<void> visit_members(node_index mapping, const states& here, std::set<std::string_view>& seen) {
    std::vector<node_index> merged;
    std::set<std::string_view> own;
    for (node_index k = doc_.at(mapping).first; k != no_node; k = doc_.at(doc_.at(k).next).next) {
      const yaml::source_node& key = doc_.at(doc_.resolve(k));
      const node_index value = doc_.at(k).next;
      if (key.kind != source_kind::scalar) continue;
      if (is_merge(key)) {
        merged.push_back(value);
        continue;
      }
      const bool is_new = own.insert(key.text).second;
      if (!is_new && !after(here, key.text, value).empty())
        return refuse_at(doc_.at(k), fmt::format("duplicate key {}", quoted(key.text)));
      if (!is_new || !seen.insert(key.text).second) continue;
      if (auto ok = visit_child(key.text, value, here); !ok) return ok;
    }
    for (const node_index one : merged)
      if (auto ok = visit_merged(doc_.resolve(one), here, seen); !ok) return ok;
    return {};
  }

  result<void> visit_merged(node_index from, const states& here, std::set<std::string_view>& seen) {
    if (budget_ < node_cost || depth_ == max_walk_levels)
      return refuse_at(doc_.at(from), "its aliases expand to too much, or nest too deep");
    budget_ -= node_cost;
    if (doc_.at(from).kind == source_kind::sequence) {
      ++depth_;
      for (node_index one = doc_.at(from).first; one != no_node; one = doc_.at(one).next)
        if (auto ok = visit_merged(doc_.resolve(one), here, seen); !ok) return ok;
      --depth_;
      return {};
    }
    if (doc_.at(from).kind != source_kind::mapping) return {};
    ++depth_;
    auto ok = visit_members(from, here, seen);
    --depth_;
    return ok;
  }

  const std::vector<std::vector<part>>& paths_;
  const source_document& doc_;
  std::size_t& budget_;
  const std::function<bool(const path_match&)>& take_;
  std::string pointer_;
  std::size_t depth_ = 0;
  bool is_ended_ = false;
};

node_paths::node_paths(std::string_view text, std::string_view more, std::string_view last) {
  for (std::string_view rest : {text, more, last})
    while (!rest.empty())
      if (const std::string_view word = next_word(rest, ' '); !word.empty()) paths_.push_back(parts_of(word));
}

std::vector<node_paths::part> node_paths::parts_of(std::string_view path) {
  std::vector<part> out;
  while (!path.empty()) {
    std::string_view word = next_word(path, '/');
    part p;
    if (const auto open = word.find('['); open != std::string_view::npos && word.ends_with(']')) {
      std::string_view condition = word.substr(open + 1, word.size() - open - 2);
      p.condition_key = next_word(condition, '=');
      p.condition_text = condition;
      word = word.substr(0, open);
    }
    p.name = word;
    p.type = word == "**" ? part::kind::deep : word == "*" ? part::kind::any : part::kind::key;
    out.push_back(p);
  }
  return out;
}

result<void> node_paths::walk(const source_document& doc, node_index from, std::size_t& budget,
                              const std::function<bool(const path_match&)>& take) const {
  return walker(*this, doc, budget, take).run(from);
}

}  // namespace pinhook::files
