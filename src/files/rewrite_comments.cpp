// The comments of lines with changed slots: the elements that stay, change, are added or removed.
#include <pinhook/files/rewrite_document.hpp>
#include <pinhook/files/tag_comment.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::scalar_form;
using yaml::source_document;

// A scalar that an element of its line's chain may belong to.
struct chain_member {
  std::string_view name;
  // True when the scalar is a digest without a tag: before, and after the change.
  bool was_alone = false;
  bool is_alone = false;
  bool is_changed = false;
  // The element that it must have; for an unchanged scalar, the element that it has.
  std::optional<std::string> wanted;
  bool may_add = true;
  // The comment of another pinning program in place of the element.
  yaml::text_span foreign{};
};

using member_map = std::map<node_index, chain_member>;
using member_iterator = member_map::iterator;

// The scalars of all images, the changing ones with their new state.
member_map members_of(const source_document& doc, std::span<const found_image> all,
                      const std::vector<planned_change>& changes, const value_edits& values) {
  member_map out;
  for (const found_image& one : all) {
    const node_index node = doc.resolve(commented_node(one));
    if (node == no_node || !one.slot.ref) continue;
    const bool is_alone = needs_comment(one);
    out.emplace(node, chain_member{one.slot.ref->written_name(), is_alone, is_alone, false, std::nullopt, true,
                                   one.foreign_comment});
    // An alias that became its anchor's old text also needs the comment.
    if (is_alone && one.slot.tag && values.kept.contains(commented_node(one)))
      out.emplace(commented_node(one),
                  chain_member{one.slot.ref->written_name(), false, true, true, one.slot.tag->written()});
  }
  for (const planned_change& one : changes) {
    node_index node = commented_node(*one.image);
    if (node == no_node) continue;
    if (!values.replaced.contains(node)) node = doc.resolve(node);
    chain_member& m =
        out.try_emplace(node, chain_member{one.image->slot.ref->written_name(), false, false, true, std::nullopt})
            .first->second;
    m.is_changed = true;
    m.wanted = one.plan.comment;
    m.is_alone = one.plan.leaves_digest_alone;
    m.may_add = one.may_add_comment;
  }
  return out;
}

bool is_block_scalar(const source_document& doc, node_index i) {
  return doc.at(i).form == scalar_form::literal || doc.at(i).form == scalar_form::folded;
}

bool share_line(const source_document& doc, std::string_view text, node_index a, node_index b) {
  if (is_block_scalar(doc, a) || is_block_scalar(doc, b)) return false;
  const std::size_t end = doc.at(a).span.end;
  return !text.substr(end, doc.at(b).span.begin - end).contains('\n');
}

// An element of the chain and its owner.
struct element {
  std::string bytes;
  const chain_member* owner = nullptr;
};

class line_rewriter {
 public:
  line_rewriter(std::string_view text, const line_end& line, std::vector<chain_member*> members)
      : text_(text), line_(line), members_(std::move(members)) {}

  // None: the chain stays as it is.
  std::optional<yaml::edit> run() {
    drop_ambiguous();
    for (std::size_t i = 0; i < line_.chain.size(); ++i)
      elements_.push_back({std::string(text_.substr(line_.spans[i].begin, line_.spans[i].size())), nullptr});
    give_to_owners();
    write_wanted();
    std::string chain;
    for (const element& one : elements_) chain += one.bytes;
    const yaml::text_span span{line_.chain_begin, line_.chain_end};
    if (text_.substr(span.begin, span.size()) == chain) return std::nullopt;
    return yaml::edit{span, std::move(chain)};
  }

 private:
  // An element belongs to the first lone digest of its name: after a digest with an unknown tag it would belong to that
  // one.
  void drop_ambiguous() {
    std::vector<std::string_view> known;
    for (const chain_member* m : members_)
      if (m->was_alone) known.push_back(m->name);
    const auto matched = match_chain(line_.chain, known);
    std::set<std::string_view> unknown;
    for (std::size_t i = 0, lone = 0; i < members_.size(); ++i) {
      chain_member& m = *members_[i];
      const bool has_element = m.was_alone && matched[lone++].has_value();
      if (m.wanted && unknown.contains(m.name)) m.wanted.reset();
      if (m.is_alone && !m.wanted && (m.is_changed || !has_element)) unknown.insert(m.name);
    }
  }

  // After an image without a digest every element is the author's own comment.
  void give_to_owners() {
    std::vector<const chain_member*> owners;
    std::vector<std::string_view> names;
    for (const chain_member* m : members_) {
      if (!m->was_alone) continue;
      owners.push_back(m);
      names.push_back(m->name);
    }
    const auto matched = match_chain(line_.chain, names);
    for (std::size_t i = 0; i < owners.size(); ++i)
      if (matched[i]) elements_[*matched[i]].owner = owners[i];
  }

  // An element that stays already has the right text: the tag was read from it.
  void write_wanted() {
    std::size_t behind = 0;  // where the next new element goes
    for (chain_member* m : members_) {
      const auto own = std::ranges::find(elements_, m, &element::owner);
      if (own == elements_.end()) {
        if (!m->is_changed || !m->wanted) continue;
        if (!m->may_add) {
          m->wanted.reset();
          continue;
        }
        elements_.insert(elements_.begin() + static_cast<std::ptrdiff_t>(behind), {chain_text({*m->wanted}), m});
        ++behind;
        continue;
      }
      const auto at = static_cast<std::size_t>(own - elements_.begin());
      if (m->is_changed && !m->wanted) {
        elements_.erase(own);
        if (behind > at) --behind;
      } else {
        behind = at + 1;
      }
    }
  }

  std::string_view text_;
  const line_end& line_;
  std::vector<chain_member*> members_;
  std::vector<element> elements_;
};

void rewrite_line(const source_document& doc, std::string_view text, member_iterator begin, member_iterator end,
                  std::vector<yaml::edit>& out) {
  if (std::none_of(begin, end, [](const auto& m) { return m.second.is_changed; })) return;
  // With a foreign comment it is the only image of the line.
  if (const chain_member& m = begin->second; m.foreign.size() > 0) {
    if (!m.wanted) out.push_back({m.foreign, ""});
    return;
  }
  // The line is that of the first digest without a tag, as when reading.
  member_iterator front = std::find_if(begin, end, [](const auto& m) { return m.second.is_alone; });
  if (front == end) front = std::find_if(begin, end, [](const auto& m) { return m.second.was_alone; });
  if (front == end) return;
  const auto line = line_end_at(doc, text, front->first);
  std::vector<chain_member*> members;
  for (auto m = begin; m != end; ++m) members.push_back(&m->second);
  if (!line) {
    for (chain_member* m : members) m->wanted.reset();
    return;
  }
  if (auto edit = line_rewriter(text, *line, std::move(members)).run()) out.push_back(std::move(*edit));
}

}  // namespace

std::vector<yaml::edit> edit_comments(const source_document& doc, std::string_view text,
                                      std::span<const found_image> all, std::vector<planned_change>& changes,
                                      const value_edits& values) {
  member_map members = members_of(doc, all, changes, values);
  std::vector<yaml::edit> out;
  for (auto begin = members.begin(); begin != members.end();) {
    auto end = std::next(begin);
    while (end != members.end() && share_line(doc, text, std::prev(end)->first, end->first)) ++end;
    rewrite_line(doc, text, begin, end, out);
    begin = end;
  }
  for (planned_change& one : changes) {
    const node_index node = commented_node(*one.image);
    if (node == no_node || !one.plan.comment) continue;
    const auto found = members.find(values.replaced.contains(node) ? node : doc.resolve(node));
    one.has_comment = found != members.end() && found->second.wanted.has_value();
  }
  return out;
}

}  // namespace pinhook::files
