#include <pinhook/files/chart_verdict.hpp>
#include <pinhook/files/found_image.hpp>
#include <pinhook/files/image_file.hpp>
#include <pinhook/files/rewrite_document.hpp>
#include <pinhook/files/rewrite_site.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace pinhook::files {

struct image_file::parts {
  std::string text;
  std::string path;
  file_rules rules;
  /// Points into `text`.
  yaml::source from;
  std::vector<found_image> images;
  std::vector<site> sites;
};

namespace {

// What a site shall be read as afterwards.
struct expected_site {
  std::string written;
  std::optional<std::string> tag;
};

expected_site as_it_is(const site& s) { return {s.written, s.tag ? std::optional(s.tag->written()) : std::nullopt}; }

expected_site as_planned(const planned_change& one) {
  return {one.plan.written, one.has_comment ? one.plan.comment : one.plan.tag};
}

bool is_as_expected(const site& s, const expected_site& e) {
  const auto tag = s.tag ? std::optional(s.tag->written()) : std::nullopt;
  return s.written == e.written && tag == e.tag;
}

// Two sites that are the same bytes, through a merge key or an alias around them.
bool share_bytes(const found_image& a, const found_image& b) {
  return a.what.document == b.what.document && a.scalar == b.scalar && a.tag == b.tag && a.digest == b.digest &&
         a.name == b.name;
}

std::span<const found_image> images_of(const std::vector<found_image>& all, std::size_t document) {
  const auto range = std::ranges::equal_range(all, document, {}, [](const found_image& i) { return i.what.document; });
  return {range.begin(), range.end()};
}

using planned_changes = std::map<std::size_t, std::vector<planned_change>>;

// Every site of the file as it is read again: those that changed as planned, all others as they were.
result<void> compare(const std::vector<found_image>& images, const planned_changes& planned,
                     const std::vector<site>& again) {
  if (again.size() != images.size())
    return fail(error_code::internal, fmt::format("the file would be damaged: of its {} images {} would be left",
                                                  images.size(), again.size()));
  std::map<const found_image*, const planned_change*> changed;
  for (const auto& [document, changes] : planned)
    for (const planned_change& one : changes) changed.emplace(one.image, &one);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const found_image& before = images[i];
    const auto found = changed.find(&before);
    if (is_as_expected(again[i], found != changed.end() ? as_planned(*found->second) : as_it_is(before.what))) continue;
    const bool follows = found == changed.end() && std::ranges::any_of(changed, [&](const auto& one) {
                           return share_bytes(*one.first, before) && is_as_expected(again[i], as_planned(*one.second));
                         });
    if (!follows)
      return fail(error_code::internal,
                  fmt::format("line {}: {} cannot be rewritten: it would be read as {}; the file is left as it is",
                              before.what.line, quoted(before.what.written), quoted(again[i].written)));
  }
  return {};
}

}  // namespace

result<image_file> image_file::read(std::string text, std::string_view path, const file_rules& rules, const chart* of) {
  auto out = std::make_shared<parts>();
  out->text = std::move(text);
  out->path = path;
  out->rules = rules;
  auto from = yaml::read_source(out->text);
  if (!from) {
    if (looks_like_template(out->text)) return fail(not_rendered());
    return fail(std::move(from.error()));
  }
  out->from = *std::move(from);
  auto images = find_images(out->from, out->text, path, rules);
  if (!images) return fail(std::move(images.error()));
  out->images = *std::move(images);
  judge_pins(out->from, out->images, of);
  out->sites.reserve(out->images.size());
  for (const found_image& one : out->images) out->sites.push_back(one.what);
  return image_file(std::move(out));
}

const std::string& image_file::text() const { return parts_->text; }

const std::vector<site>& image_file::sites() const { return parts_->sites; }

result<std::string> image_file::rewrite(std::span<const change> changes, pin::pin_format format) const {
  const auto after = rewritten(changes, format);
  if (!after) return fail(after.error());
  return after->text();
}

result<image_file> image_file::rewritten(std::span<const change> changes, pin::pin_format format) const {
  const parts& p = *parts_;
  planned_changes by_document;
  for (const change& one : changes) {
    if (one.site >= p.images.size())
      return fail(error_code::invalid_input,
                  fmt::format("there are {} images, and no number {}", p.images.size(), one.site));
    const found_image& image = p.images[one.site];
    const yaml::source_document& doc = p.from.documents[image.what.document];
    auto plan = rewrite_site(doc, p.text, image, one.digest, one.format.value_or(format));
    if (!plan) return fail(std::move(plan.error()).at(fmt::format("line {}", image.what.line)));
    by_document[image.what.document].push_back({&image, *std::move(plan)});
  }
  std::vector<yaml::edit> edits;
  for (auto& [document, planned] : by_document) {
    auto more = document_edits(p.from.documents[document], p.text, images_of(p.images, document), planned);
    if (!more) return fail(std::move(more.error()));
    std::ranges::move(*more, std::back_inserter(edits));
  }
  auto text = yaml::splice(p.text, std::move(edits));
  if (!text) return fail(std::move(text.error()));
  if (*text == p.text) return *this;
  auto again = image_file::read(std::move(*text), p.path, p.rules);
  if (!again) return fail(error_code::internal, fmt::format("the file would be damaged: {}", again.error().message));
  if (auto ok = compare(p.images, by_document, again->sites()); !ok) return fail(std::move(ok.error()));
  return again;
}

std::string image_file::suggestion(std::size_t site, const registry::digest& digest, pin::pin_format format) const {
  if (site >= parts_->images.size()) return {};
  const found_image& image = parts_->images[site];
  const auto plan = rewrite_site(parts_->from.documents[image.what.document], parts_->text, image, digest, format);
  if (!plan || !plan->value) return plan ? fmt::format("digest: {}", digest.to_string()) : std::string();
  if (image.what.form == site_form::scalar) return plan->value->value;
  const bool is_tag = plan->value->value.contains('@');
  if (image.what.form == site_form::values) {
    const yaml::source_document& doc = parts_->from.documents[image.what.document];
    const auto key = doc.resolve(is_tag ? image.tag_key : image.digest_key);
    return fmt::format("{}: {}", doc.at(key).text, plan->value->value);
  }
  return fmt::format("{}: {}", is_tag ? "newTag" : "digest", plan->value->value);
}

}  // namespace pinhook::files
