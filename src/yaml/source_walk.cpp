// Ways through a source document: by key, by pointer, and as JSON.
#include <pinhook/base/json.hpp>
#include <pinhook/base/json_pointer.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/yaml/source.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <vector>

namespace pinhook::yaml {
namespace {

bool is_merge_key(const source_node& key) {
  return key.kind == source_kind::scalar && key.form == scalar_form::plain && key.text == "<<" && !key.has_tag;
}

bool has_merge_key(const source_document& doc, node_index mapping) {
  if ((doc.nodes[mapping].keys & key_bit("<<")) == 0) return false;
  for (node_index k = doc.nodes[mapping].first; k != no_node; k = doc.nodes[doc.nodes[k].next].next)
    if (is_merge_key(doc.nodes[k])) return true;
  return false;
}

// The value of a key of the mapping itself. `has_merge` becomes true when a merge key comes before it.
node_index find_own(const source_document& doc, node_index mapping, std::string_view key, bool& has_merge) {
  for (node_index k = doc.nodes[mapping].first; k != no_node;) {
    const source_node& own = doc.nodes[k];
    const source_node& at = own.kind == source_kind::alias ? doc.nodes[own.target] : own;
    if (at.text.size() == key.size() && at.kind == source_kind::scalar && at.text == key) return own.next;
    has_merge = has_merge || is_merge_key(own);
    k = doc.nodes[own.next].next;
  }
  return no_node;
}

// Appends the targets of the mapping's merge keys, in their order.
void append_merged(const source_document& doc, node_index mapping, std::vector<node_index>& out) {
  for (node_index k = doc.nodes[mapping].first; k != no_node; k = doc.nodes[doc.nodes[k].next].next) {
    if (!is_merge_key(doc.nodes[k])) continue;
    const node_index from = doc.resolve(doc.nodes[k].next);
    if (doc.nodes[from].kind == source_kind::mapping) {
      out.push_back(from);
    } else if (doc.nodes[from].kind == source_kind::sequence) {
      for (node_index one = doc.nodes[from].first; one != no_node; one = doc.nodes[one].next)
        if (const node_index inner = doc.resolve(one); doc.nodes[inner].kind == source_kind::mapping)
          out.push_back(inner);
    }
  }
}

// The mapping and all that it merges, each once; a key of an earlier one wins. No recursion, because chains of merge
// keys can be as long as the text.
std::vector<node_index> merge_order(const source_document& doc, node_index mapping) {
  std::vector<node_index> out;
  std::vector<node_index> merged;
  append_merged(doc, mapping, merged);
  out.push_back(mapping);
  if (merged.empty()) return out;
  std::set<node_index> seen{mapping};
  std::vector<node_index> waiting(merged.rbegin(), merged.rend());
  while (!waiting.empty()) {
    const node_index next = waiting.back();
    waiting.pop_back();
    if (!seen.insert(next).second) continue;
    out.push_back(next);
    merged.clear();
    append_merged(doc, next, merged);
    waiting.insert(waiting.end(), merged.rbegin(), merged.rend());
  }
  return out;
}

node_index element(const source_document& doc, node_index sequence, std::string_view token) {
  std::size_t index = 0;
  if (token.size() > 1 && token.front() == '0') return no_node;
  const auto [end, problem] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (problem != std::errc{} || end != token.data() + token.size()) return no_node;
  node_index at = doc.nodes[sequence].first;
  for (; at != no_node && index > 0; --index) at = doc.nodes[at].next;
  return at;
}

// RFC 8259 "number".
bool is_json_number(std::string_view t) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t from = i;
    while (i < t.size() && is_digit(t[i])) ++i;
    return i > from;
  };
  if (i < t.size() && t[i] == '-') ++i;
  const std::size_t whole = i;
  if (!digits() || (t[whole] == '0' && i > whole + 1)) return false;
  if (i < t.size() && t[i] == '.') {
    ++i;
    if (!digits()) return false;
  }
  if (i < t.size() && (t[i] == 'e' || t[i] == 'E')) {
    ++i;
    if (i < t.size() && (t[i] == '+' || t[i] == '-')) ++i;
    if (!digits()) return false;
  }
  return i == t.size();
}

// JSON readers refuse numbers that are too large or too small for a double, and some refuse zeros with large exponents.
bool has_double(std::string_view t) {
  double unused = 0;
  if (const auto e = t.find_first_of("eE"); e != std::string_view::npos)
    if (t.size() - t.find_first_of("0123456789", e) > 2) return false;
  return std::from_chars(t.data(), t.data() + t.size(), unused).ec == std::errc{};
}

class json_writer {
 public:
  /// `keys`: null: all.
  json_writer(const source_document& doc, const key_list* keys, std::size_t limit)
      : doc_(doc), keys_(keys), limit_(limit) {}

  result<std::string> write(node_index from) {
    // JSON without its white space is as long as YAML, as a rule.
    if (keys_ == nullptr) out_.reserve(std::min(limit_, doc_.at(doc_.resolve(from)).span.size()));
    value(from, 0);
    if (is_over_ || out_.size() > limit_)
      return fail(error_code::malformed,
                  fmt::format("its aliases expand to more than {} bytes, or nest too deep", limit_));
    return std::move(out_);
  }

 private:
  // Aliases can nest deeper than the text does; useful ones never nest so deep.
  static constexpr std::size_t most_depth = 1'000;

  void value(node_index i, std::size_t depth) {
    i = doc_.resolve(i);
    if (out_.size() > limit_ || ++steps_ > limit_ || depth > most_depth) is_over_ = true;
    if (is_over_) return;
    if (i == no_node) {
      out_ += "null";
      return;
    }
    const source_node& n = doc_.nodes[i];
    if (n.kind == source_kind::scalar)
      scalar(i, n);
    else if (n.kind == source_kind::sequence)
      sequence(n, depth);
    else
      mapping(i, depth);
  }

  void scalar(node_index i, const source_node& n) {
    if (doc_.is_null(i)) {
      out_ += "null";
    } else if (n.form != scalar_form::plain || n.has_tag) {
      json::append_string(out_, n.text);
    } else if (n.text == "true" || n.text == "True" || n.text == "TRUE") {
      out_ += "true";
    } else if (n.text == "false" || n.text == "False" || n.text == "FALSE") {
      out_ += "false";
    } else if (is_json_number(n.text) && has_double(n.text)) {
      out_ += n.text;
    } else {
      json::append_string(out_, n.text);
    }
  }

  void sequence(const source_node& n, std::size_t depth) {
    out_ += '[';
    for (node_index one = n.first; one != no_node && !is_over_; one = doc_.nodes[one].next) {
      if (out_.back() != '[') out_ += ',';
      value(one, depth + 1);
    }
    out_ += ']';
  }

  void mapping(node_index i, std::size_t depth) {
    out_ += '{';
    members(i, depth);
    out_ += '}';
  }

  void members(node_index mapping, std::size_t depth) {
    if (has_merge_key(doc_, mapping)) return merged_members(mapping, depth);
    if (keys_ != nullptr && (doc_.nodes[mapping].keys & keys_->bits()) == 0) return;
    bool is_first = true;
    for (node_index k = doc_.nodes[mapping].first; k != no_node && !is_over_; k = doc_.nodes[doc_.nodes[k].next].next) {
      const source_node& key = doc_.nodes[doc_.resolve(k)];
      if (key.kind == source_kind::scalar && (keys_ == nullptr || keys_->holds(key.text)))
        member(key, doc_.nodes[k].next, depth, is_first);
    }
  }

  void member(const source_node& key, node_index of, std::size_t depth, bool& is_first) {
    if (!is_first) out_ += ',';
    is_first = false;
    json::append_string(out_, key.text);
    out_ += ':';
    value(of, depth + 1);
  }

  // Writes the members of the mapping, then of each that it merges, each once; `taken`: keys written before.
  void merged_members(node_index mapping, std::size_t depth) {
    const auto from = merge_order(doc_, mapping);
    // A merge counts as work even when it writes nothing.
    if (from.size() > 1) steps_ += 16 * from.size();
    std::set<std::string_view> taken;
    bool is_first = true;
    for (const node_index i : from) {
      std::vector<std::string_view> own;
      for (node_index k = doc_.nodes[i].first; k != no_node && !is_over_; k = doc_.nodes[doc_.nodes[k].next].next) {
        const source_node& key = doc_.nodes[doc_.resolve(k)];
        if (key.kind != source_kind::scalar || is_unfolded(k)) continue;
        if (i != mapping && taken.contains(key.text)) continue;
        if (from.size() > 1) own.push_back(key.text);
        member(key, doc_.nodes[k].next, depth, is_first);
      }
      taken.insert(own.begin(), own.end());
    }
  }

  [[nodiscard]] bool is_unfolded(node_index key) const {
    return is_merge_key(doc_.nodes[key]) && doc_.nodes[doc_.resolve(doc_.nodes[key].next)].kind != source_kind::scalar;
  }

  const source_document& doc_;
  const key_list* keys_;
  std::size_t limit_;
  std::string out_;
  std::size_t steps_ = 0;
  bool is_over_ = false;
};

}  // namespace

node_index source_document::find_among(node_index mapping, std::string_view key) const {
  bool has_merge = false;
  if (const node_index own = find_own(*this, mapping, key, has_merge); own != no_node) return own;
  if (!has_merge) return no_node;
  const auto merged = merge_order(*this, mapping);
  for (auto one = merged.begin() + 1; one != merged.end(); ++one)
    if (const node_index found = find_own(*this, *one, key, has_merge); found != no_node) return found;
  return no_node;
}

node_index source_document::at_pointer(node_index from, std::string_view pointer) const {
  node_index at = from;
  while (!pointer.empty() && at != no_node) {
    if (pointer.front() != '/') return no_node;
    const std::string token = take_part(pointer);
    const node_index inner = resolve(at);
    at = nodes[inner].kind == source_kind::sequence ? element(*this, inner, token) : find(inner, token);
  }
  return at;
}

std::string_view source_document::text_of(node_index mapping, std::string_view key) const {
  const node_index at = resolve(find(mapping, key));
  return at != no_node && nodes[at].kind == source_kind::scalar ? nodes[at].text : std::string_view();
}

result<std::string> to_json(const source_document& doc, node_index from, std::size_t limit) {
  return json_writer(doc, nullptr, limit).write(from);
}

result<std::string> to_json_of(const source_document& doc, node_index from, const key_list& keys, std::size_t limit) {
  return json_writer(doc, &keys, limit).write(from);
}

}  // namespace pinhook::yaml
