#include <pinhook/files/image_file.hpp>

#include <pinhook/files/chart_verdict.hpp>
#include <pinhook/files/comment_markers.hpp>
#include <pinhook/files/dockerfile.hpp>
#include <pinhook/files/document_form.hpp>
#include <pinhook/files/environment_file.hpp>
#include <pinhook/files/found_image.hpp>
#include <pinhook/files/image_search.hpp>
#include <pinhook/files/json_comments.hpp>
#include <pinhook/files/known_forms.hpp>
#include <pinhook/files/rewrite_document.hpp>
#include <pinhook/files/rewrite_slot.hpp>
#include <pinhook/files/skip_comment.hpp>
#include <pinhook/files/tag_comment.hpp>
#include <pinhook/yaml/embedded.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

namespace pinhook::files {

// The nodes of a text, and its images by their nodes.
struct image_file::tree {
  /// The text without comments, each byte at its place, where the reader takes none; empty: the text itself is read.
  std::string bare;
  /// The text that was read: `bare`, or that of the file.
  std::string_view text;
  /// Points into `text`.
  yaml::source from;
  std::vector<found_image> images;
};

struct image_file::parts {
  std::shared_ptr<const std::string> text;
  std::string path;
  std::shared_ptr<const image_places> places;
  std::vector<slot> slots{};
  std::string unread_reason{};
};

namespace {

// The state of a slot that reading the result must give.
struct expected_slot {
  std::string written;
  std::optional<std::string> tag;
};

expected_slot as_it_is(const slot& s) { return {s.written, s.tag ? std::optional(s.tag->written()) : std::nullopt}; }

expected_slot as_planned(const planned_change& one) {
  return {one.plan.written, one.has_comment ? one.plan.comment : one.plan.tag};
}

bool is_as_expected(const slot& s, const expected_slot& e) {
  const auto tag = s.tag ? std::optional(s.tag->written()) : std::nullopt;
  return s.written == e.written && tag == e.tag;
}

result<yaml::source> source_of(std::string_view text, file_syntax syntax) {
  if (syntax == file_syntax::hcl) return yaml::source();
  if (syntax == file_syntax::dockerfile) return dockerfile_source(text);
  if (syntax == file_syntax::variables) return environment_source(text);
  return yaml::read_source(text);
}

std::string unread_reason_of(const yaml::source& from, std::string_view path, const image_places& places,
                             file_syntax syntax) {
  if (syntax == file_syntax::hcl) return "HCL is not read";
  if (places.values_files.contains(path)) return {};
  if (std::ranges::any_of(places.paths, [&](const custom_paths& one) { return applies_to(one, path); })) return {};
  bool has_unknown = false;
  const known_form* named = form_of_file(path);
  for (const yaml::source_document& doc : from.documents) {
    const document_form form = recognise(doc, path, named).form;
    if (form != document_form::empty && form != document_form::other) return {};
    has_unknown = has_unknown || form == document_form::other;
  }
  return has_unknown ? "its form is not known" : std::string();
}

// True for two slots with the same bytes, through a merge key or an alias around them.
bool share_bytes(const found_image& a, const found_image& b) {
  return a.tree == b.tree && a.scalar == b.scalar && a.tag == b.tag && a.digest == b.digest && a.name == b.name;
}

// The images of one tree; they are beside each other.
std::span<const found_image> images_of(const std::vector<found_image>& all, const found_image& one) {
  const auto range =
      std::ranges::equal_range(all, one.slot.document, {}, [](const found_image& i) { return i.slot.document; });
  const auto begin = std::ranges::find(range, one.tree, &found_image::tree);
  const auto end = std::find_if(begin, range.end(), [&](const found_image& i) { return i.tree != one.tree; });
  return {begin, end};
}

using pin::pin_format;

// The format of a change before it is known where comments are possible.
pin_format first_format(const change& one, const slot& s, pin_format format) {
  return one.format.value_or(s.marker != nullptr ? pin_format::tag_and_digest : format);
}

// False where another program would take the comment for its own, as "# renovate:37" for that of an image "renovate".
bool may_add_comment(const slot& s, const slot_rewrite& plan) {
  return s.marker == nullptr && !(plan.comment && has_exclusive_marker("# " + *plan.comment));
}

// The possible changes of one document: where no comment can keep a tag, the reference does, unless the change has its
// own format.
class document_plan {
 public:
  document_plan(const yaml::source_document& doc, std::string_view text, std::span<const found_image> all)
      : doc_(doc), text_(text), all_(all) {}

  result<void> add(const found_image& image, const change& one, pin_format format) {
    auto plan = rewrite_slot(doc_, text_, image, one.digest, first_format(one, image.slot, format));
    if (!plan) return fail(std::move(plan.error()).at(fmt::format("line {}", image.slot.line)));
    const bool may_add = may_add_comment(image.slot, *plan);
    changes_.push_back({.image = &image, .plan = *std::move(plan), .may_add_comment = may_add});
    requests_.push_back(&one);
    return {};
  }

  // Each round leaves fewer digests without a tag; two rounds are enough except for odd lines.
  result<std::vector<yaml::edit>> edits() {
    for (;;) {
      auto out = document_edits(doc_, text_, all_, changes_);
      if (!out) return out;
      const auto moved = move_lost_tags();
      if (!moved) return fail(moved.error());
      if (!*moved) return out;
    }
  }

  [[nodiscard]] const std::vector<planned_change>& changes() const { return changes_; }

 private:
  // Writes tags that no comment keeps into the reference. False: no such tag was left.
  result<bool> move_lost_tags() {
    bool has_moved = false;
    for (std::size_t i = 0; i < changes_.size(); ++i) {
      planned_change& one = changes_[i];
      if (!one.plan.comment || one.has_comment || requests_[i]->format || one.image->slot.format) continue;
      auto plan = rewrite_slot(doc_, text_, *one.image, requests_[i]->digest, pin_format::tag_and_digest);
      if (!plan) return fail(std::move(plan.error()));
      one.plan = *std::move(plan);
      has_moved = true;
    }
    return has_moved;
  }

  const yaml::source_document& doc_;
  std::string_view text_;
  std::span<const found_image> all_;
  std::vector<planned_change> changes_;
  /// The request for each of changes_.
  std::vector<const change*> requests_;
};

using document_plans = std::map<std::size_t, document_plan>;

// Compares every slot of the file after reading it again: changed ones with the plan, all others with their old state.
result<void> compare_images(const std::vector<found_image>& images, const document_plans& planned,
                            const std::vector<slot>& again) {
  if (again.size() != images.size())
    return fail(error_code::internal, fmt::format("the file would be damaged: of its {} images {} would be left",
                                                  images.size(), again.size()));
  std::map<const found_image*, const planned_change*> changed;
  for (const auto& [document, plan] : planned)
    for (const planned_change& one : plan.changes()) changed.emplace(one.image, &one);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const found_image& before = images[i];
    const auto found = changed.find(&before);
    if (is_as_expected(again[i], found != changed.end() ? as_planned(*found->second) : as_it_is(before.slot))) continue;
    const bool follows = found == changed.end() && std::ranges::any_of(changed, [&](const auto& one) {
                           return share_bytes(*one.first, before) && is_as_expected(again[i], as_planned(*one.second));
                         });
    if (!follows)
      return fail(error_code::internal,
                  fmt::format("line {}: {} cannot be rewritten: it would be read as {}; the file is left as it is",
                              before.slot.line, quoted_name(before.slot.written), quoted_name(again[i].written)));
  }
  return {};
}

}  // namespace

result<image_file> image_file::read(std::string text, std::string_view path, const image_places& places,
                                    const chart* of) {
  return read_shared(std::move(text), path, std::make_shared<const image_places>(places), of);
}

result<image_file> image_file::read_shared(std::string text, std::string_view path,
                                           std::shared_ptr<const image_places> places, const chart* of) {
  auto out = std::make_shared<parts>(parts{.text = std::make_shared<const std::string>(std::move(text)),
                                           .path = std::string(path),
                                           .places = std::move(places)});
  auto nodes = read_tree(*out);
  if (!nodes) return fail(std::move(nodes.error()));
  tree& read = **nodes;
  out->unread_reason = unread_reason_of(read.from, path, *out->places, syntax_of_file(path));
  judge_pins(read.from, read.images, of);
  out->slots.reserve(read.images.size());
  for (const found_image& one : read.images) out->slots.push_back(one.slot);
  return image_file(std::move(out), *std::move(nodes));
}

// The nodes, before judge_pins.
result<std::shared_ptr<image_file::tree>> image_file::read_tree(const parts& of) {
  auto out = std::make_shared<tree>();
  const file_syntax syntax = syntax_of_file(of.path);
  const bool has_comments = syntax == file_syntax::json_with_comments;
  if (has_comments) out->bare = without_json_comments(*of.text);
  out->text = out->bare.empty() ? *of.text : out->bare;
  auto from = source_of(out->text, syntax);
  if (!from) {
    if (looks_like_template(*of.text)) return fail(not_rendered());
    return fail(std::move(from.error()));
  }
  out->from = *std::move(from);
  auto images = find_images(out->from, out->text, of.path, *of.places);
  if (!images) return fail(std::move(images.error()));
  out->images = *std::move(images);
  skip_images(out->from, skipped_lines(*of.text, has_comments ? "//" : "#"), out->images);
  return out;
}

// The slots are those of the first time, which know the chart.
result<image_file::shared_tree> image_file::nodes() const {
  if (nodes_) return nodes_;
  auto out = read_tree(*parts_);
  if (!out) return fail(std::move(out.error()));
  auto& images = (*out)->images;
  if (images.size() != parts_->slots.size()) return fail(error_code::internal, "the text is read in another way");
  for (std::size_t i = 0; i < images.size(); ++i) images[i].slot = parts_->slots[i];
  return shared_tree(*std::move(out));
}

image_file image_file::without_nodes() const { return image_file(parts_, nullptr); }

const std::string& image_file::text() const { return *parts_->text; }

const std::vector<slot>& image_file::slots() const { return parts_->slots; }

const std::string& image_file::unread_reason() const { return parts_->unread_reason; }

bool image_file::is_of_known_form() const { return form_of_file(parts_->path) != nullptr; }

std::vector<unread_image> image_file::unread() const {
  const auto read = nodes();
  if (!read) return {};
  const bool is_yaml = syntax_of_file(parts_->path) == file_syntax::yaml;
  return unread_images((*read)->from, is_yaml ? (*read)->text : std::string_view(), (*read)->images);
}

result<std::string> image_file::rewrite(std::span<const change> changes, pin::pin_format format) const {
  const auto after = rewritten(changes, format);
  if (!after) return fail(after.error());
  return after->text();
}

result<image_file> image_file::rewritten(std::span<const change> changes, pin::pin_format format) const {
  const auto read_again = nodes();
  if (!read_again) return fail(read_again.error());
  const tree& p = **read_again;
  document_plans by_document;
  for (const change& one : changes) {
    if (one.slot >= p.images.size())
      return fail(error_code::invalid_input,
                  fmt::format("image {} not found: the file has {}", one.slot, p.images.size()));
    const found_image& image = p.images[one.slot];
    const std::size_t document = image.tree;
    const auto at = by_document.find(document);
    document_plan& plan =
        at != by_document.end()
            ? at->second
            : by_document
                  .emplace(document, document_plan(p.from.documents[document], p.text, images_of(p.images, image)))
                  .first->second;
    if (auto ok = plan.add(image, one, format); !ok) return fail(std::move(ok.error()));
  }
  std::vector<yaml::edit> edits;
  for (auto& [document, plan] : by_document) {
    auto more = plan.edits();
    if (!more) return fail(std::move(more.error()));
    for (yaml::edit& one : *more) {
      auto bytes = yaml::encoded(one.text, p.from.documents[document].encoding);
      if (!bytes) return fail(std::move(bytes.error()));
      edits.push_back({one.span, *std::move(bytes)});
    }
  }
  auto text = yaml::splice(*parts_->text, std::move(edits));
  if (!text) return fail(std::move(text.error()));
  if (*text == *parts_->text) return *this;
  auto again = image_file::read_shared(std::move(*text), parts_->path, parts_->places);
  if (!again) return fail(error_code::internal, fmt::format("the file would be damaged: {}", again.error().message));
  if (auto ok = compare_images(p.images, by_document, again->slots()); !ok) return fail(std::move(ok.error()));
  return again;
}

std::string image_file::suggestion(const change& one, pin::pin_format format) const {
  const auto read = nodes();
  if (!read || one.slot >= (*read)->images.size() || !one.digest) return {};
  const found_image& image = (*read)->images[one.slot];
  const std::string_view text = (*read)->text;
  const registry::digest& digest = *one.digest;
  const yaml::source_document& doc = (*read)->from.documents[image.tree];
  const yaml::node_index node = doc.resolve(commented_node(image));
  if (node != yaml::no_node && is_in_json(doc, text, node)) format = pin_format::tag_and_digest;
  const auto plan = rewrite_slot(doc, text, image, digest, first_format(one, image.slot, format));
  if (!plan || !plan->value) return plan ? fmt::format("digest: {}", digest.to_string()) : std::string();
  if (image.slot.form == slot_form::scalar) return plan->value->value;
  const bool is_tag = plan->value->value.contains('@');
  if (image.slot.form == slot_form::values) {
    const auto key = doc.resolve(is_tag || image.has_digest_as_tag ? image.tag_key : image.digest_key);
    return fmt::format("{}: {}", doc.at(key).text, plan->value->value);
  }
  return fmt::format("{}: {}", is_tag ? "newTag" : "digest", plan->value->value);
}

}  // namespace pinhook::files
