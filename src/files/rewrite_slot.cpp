#include <pinhook/files/rewrite_slot.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/files/comment_markers.hpp>
#include <pinhook/pin/write_pin.hpp>

#include <fmt/format.h>

#include <utility>

namespace pinhook::files {
namespace {

using pin::pin_format;
using yaml::no_node;
using yaml::node_index;
using yaml::scalar_form;
using yaml::source_document;
using yaml::source_node;

// The text of a scalar, through an alias; empty for null and for no_node.
std::string_view text_at(const source_document& doc, node_index i) {
  return i == no_node || doc.is_null(i) ? std::string_view() : doc.at(doc.resolve(i)).text;
}

// The end of the line of `at`, without its line break.
std::size_t line_end_from(std::string_view text, std::size_t at) {
  while (at < text.size() && !is_break(text[at])) ++at;
  return at;
}

// The line break of the file's line at `at`, else of its first one.
std::string_view line_break_of(std::string_view text, std::size_t at) {
  at = line_end_from(text, at);
  if (at == text.size()) at = line_end_from(text, 0);
  const std::string_view rest = text.substr(at);
  return rest.starts_with("\r\n") ? rest.substr(0, 2) : std::string_view("\n");
}

std::string indent_of(const source_node& key) { return std::string(key.column - 1, ' '); }

// A renamed key, with its quotes.
yaml::edit renamed(const source_node& key, std::string_view text, std::string_view name) {
  const std::string_view raw = text.substr(key.span.begin, key.span.size());
  const char quote = raw.starts_with('"') ? '"' : raw.starts_with('\'') ? '\'' : '\0';
  return {key.span, quote == '\0' ? std::string(name) : fmt::format("{0}{1}{0}", quote, name)};
}

// The name as the author wrote it, with `digest`, and with the tag when the format has it.
std::string pinned_text(const slot& s, const registry::digest& digest, pin_format format) {
  if (format == pin_format::digest || !s.tag)
    return pin::write_pin(s.ref->written_name(), {}, digest, pin_format::digest);
  return pin::write_pin(s.ref->written_name(), s.tag->effective_tag(), digest, format);
}

// "nginx:latest" of "nginx".
std::string text_with_tag(const registry::reference& tag) {
  return fmt::format("{}:{}", tag.written_name(), tag.effective_tag());
}

class slot_rewriter {
 public:
  slot_rewriter(const source_document& doc, std::string_view text, const found_image& image, pin_format format)
      : doc_(doc), text_(text), image_(image), slot_(image.slot), format_(format) {}

  slot_rewrite pin(const registry::digest& digest) {
    if (slot_.form == slot_form::scalar) {
      pin_scalar(digest);
    } else if (image_.has_digest_as_tag) {
      replace_tag(digest);
    } else if (const auto tag = text_at(doc_, image_.tag); takes_digest_in_tag(doc_, image_)) {
      set(image_.tag, fmt::format("{}@{}", tag.substr(0, tag.find('@')), digest.to_string()));
      keep_tag(digest);
    } else if (is_entry()) {
      pin_entry(digest);
    } else {
      set(image_.digest, image_.is_hex_digest ? std::string(digest.hex()) : digest.to_string());
      keep_tag(digest);
    }
    return std::move(out_);
  }

  slot_rewrite unpin() {
    out_.written = slot_.tag->written();
    out_.tag = out_.written;
    if (slot_.form == slot_form::scalar) {
      set(image_.scalar, image_.before + slot_.tag->written());
    } else if (image_.has_digest_as_tag) {
      set(image_.tag, std::string(slot_.tag->effective_tag()));
    } else if (const auto tag = text_at(doc_, image_.tag); tag_holds_digest()) {
      set(image_.tag, std::string(tag.substr(0, tag.find('@'))));
    } else if (!is_entry()) {
      set(image_.digest, "");
    } else if (tag.empty()) {
      out_.edits.push_back(renamed(doc_.at(image_.digest_key), text_, "newTag"));
      set(image_.digest, std::string(slot_.tag->effective_tag()));
      out_.written = text_with_tag(*slot_.tag);
      out_.tag = out_.written;
    } else if (const auto line = added_digest()) {
      out_.edits.push_back({*line, ""});
    } else {
      set(image_.digest, "");
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool is_entry() const {
    return slot_.form == slot_form::kustomization || slot_.form == slot_form::artefact;
  }
  [[nodiscard]] bool has_digest_key() const { return image_.digest != no_node; }
  [[nodiscard]] bool tag_holds_digest() const { return text_at(doc_, image_.tag).contains('@'); }

  // A chart's "tag: 1.25" was a number before, and Helm writes the same text for it; kustomize refuses numbers.
  void set(node_index node, std::string value) {
    const bool is_tag = slot_.form == slot_form::values && node == image_.tag;
    out_.value = node_value{node, std::move(value), is_tag ? plain_rule::as_it_is : plain_rule::string};
  }

  // The tag stays where it is, and the digest is written in another place.
  void keep_tag(const registry::digest& digest) {
    const std::string name = slot_.tag ? slot_.tag->written() : std::string(slot_.ref->written_name());
    out_.written = fmt::format("{}@{}", name, digest.to_string());
    if (slot_.tag) out_.tag = slot_.tag->written();
  }

  void replace_tag(const registry::digest& digest) {
    set(image_.tag, digest.to_string());
    out_.written = pinned_text(slot_, digest, pin_format::digest);
    out_.leaves_digest_alone = true;
    if (slot_.tag) out_.comment = slot_.tag->written();
  }

  void pin_scalar(const registry::digest& digest) {
    out_.written = pinned_text(slot_, digest, format_);
    set(image_.scalar, image_.before + out_.written);
    out_.leaves_digest_alone = !slot_.tag || format_ == pin_format::digest;
    if (!slot_.tag) return;
    if (format_ == pin_format::digest)
      out_.comment = slot_.tag->written();
    else
      out_.tag = text_with_tag(*slot_.tag);
  }

  void pin_entry(const registry::digest& digest) {
    const bool has_tag = !text_at(doc_, image_.tag).empty();
    if (has_tag && (has_digest_key() || format_ == pin_format::tag_and_digest)) {
      has_digest_key() ? set(image_.digest, digest.to_string()) : add_digest(digest);
      keep_tag(digest);
      return;
    }
    if (has_tag) out_.edits.push_back(renamed(doc_.at(image_.tag_key), text_, "digest"));
    set(has_tag ? image_.tag : image_.digest, digest.to_string());
    out_.written = pinned_text(slot_, digest, format_);
    out_.leaves_digest_alone = !slot_.tag || format_ == pin_format::digest;
    if (!slot_.tag) return;
    if (format_ == pin_format::digest) {
      out_.comment = slot_.tag->written();
    } else {
      add_tag();
      out_.tag = text_with_tag(*slot_.tag);
    }
  }

  // Adds "digest: …" after the tag: on a line of its own, in flow style after a comma.
  void add_digest(const registry::digest& digest) {
    const source_node& key = doc_.at(image_.tag_key);
    const source_node& tag = doc_.at(image_.tag);
    if (doc_.at(image_.mapping).is_flow) {
      const bool is_json = key.form == scalar_form::double_quoted;
      const bool is_tight = is_json && doc_.at(image_.tag).span.begin == key.span.end + 1;
      const std::string_view pattern = is_tight  ? R"(,"digest":"{}")"
                                       : is_json ? R"(, "digest": "{}")"
                                                 : ", digest: {}";
      out_.edits.push_back({{tag.span.end, tag.span.end}, fmt::format(fmt::runtime(pattern), digest.to_string())});
      return;
    }
    const std::size_t at = line_end_from(text_, last_byte_of(tag));
    out_.edits.push_back(
        {{at, at},
         fmt::format("{}{}digest: {}", line_break_of(text_, key.span.begin), indent_of(key), digest.to_string())});
  }

  // The position after the last byte that is not a line break: the lines of literal text end with one.
  [[nodiscard]] std::size_t last_byte_of(const source_node& n) const {
    std::size_t at = n.span.end;
    while (at > n.span.begin && is_break(text_[at - 1])) --at;
    return at;
  }

  // Adds "newTag: …" before a digest without a tag.
  void add_tag() {
    const source_node& key = doc_.at(image_.digest_key);
    const source_node& digest = doc_.at(doc_.resolve(image_.digest));
    source_node like = digest;
    if (like.form == scalar_form::literal || like.form == scalar_form::folded) like.form = scalar_form::double_quoted;
    const std::string tag = rewritten_scalar(like, text_, slot_.tag->effective_tag(), plain_rule::string);
    const std::string_view name = key.form == scalar_form::double_quoted ? "\"newTag\"" : "newTag";
    const std::string behind =
        doc_.at(image_.mapping).is_flow ? ", " : std::string(line_break_of(text_, key.span.begin)) + indent_of(key);
    out_.edits.push_back({{key.span.begin, key.span.begin}, fmt::format("{}: {}{}", name, tag, behind)});
  }

  // The text that add_digest wrote: a line of its own with a plain digest, or in flow style a member after another.
  [[nodiscard]] std::optional<yaml::text_span> added_digest() const {
    const source_node& key = doc_.at(image_.digest_key);
    const source_node& digest = doc_.at(image_.digest);
    if (digest.kind != yaml::source_kind::scalar) return std::nullopt;
    std::size_t begin = key.span.begin;
    while (begin > 0 && is_blank(text_[begin - 1])) --begin;
    if (doc_.at(doc_.at(image_.digest).parent).is_flow) {
      if (begin == 0 || text_[begin - 1] != ',') return std::nullopt;
      return yaml::text_span{begin - 1, digest.span.end};
    }
    if (digest.form != scalar_form::plain || begin == 0 || !is_break(text_[begin - 1])) return std::nullopt;
    std::size_t end = digest.span.end;
    while (end < text_.size() && is_blank(text_[end])) ++end;
    if (end != line_end_from(text_, digest.span.end)) return std::nullopt;
    begin -= begin > 1 && text_[begin - 1] == '\n' && text_[begin - 2] == '\r' ? 2 : 1;
    return yaml::text_span{begin, end};
  }

  const source_document& doc_;
  std::string_view text_;
  const found_image& image_;
  const slot& slot_;
  pin_format format_;
  slot_rewrite out_;
};

}  // namespace

result<slot_rewrite> rewrite_slot(const source_document& doc, std::string_view text, const found_image& image,
                                  const std::optional<registry::digest>& digest, pin_format format) {
  const slot& s = image.slot;
  if (s.reason != skip_reason::none || !s.ref)
    return fail(error_code::invalid_input,
                fmt::format("{} is left as it is: {}", quoted_name(s.written), to_string(s.reason)));
  if (!digest && !s.tag)
    return fail(error_code::invalid_input, fmt::format("unknown tag of {}", quoted_name(s.written)));
  slot_rewriter rewriter(doc, text, image, s.format.value_or(format));
  return digest ? rewriter.pin(*digest) : rewriter.unpin();
}

bool takes_digest_in_tag(const source_document& doc, const found_image& image) {
  const std::string_view tag = text_at(doc, image.tag);
  if (image.slot.form == slot_form::artefact || image.has_digest_as_tag) return false;
  if (tag.contains('@')) return true;
  const comment_marker* marker = image.slot.marker;
  const bool is_written = marker != nullptr && marker->changes != marker_change::nothing && !image.is_digest_marked;
  if (is_written && !tag.empty() && text_at(doc, image.digest).empty()) return true;
  return image.slot.form == slot_form::values && image.digest == no_node;
}

node_index commented_node(const found_image& image) {
  if (image.slot.form == slot_form::scalar) return image.scalar;
  if (image.has_digest_as_tag) return image.tag;
  if (image.slot.form == slot_form::values || image.slot.form == slot_form::artefact) return no_node;
  return needs_comment(image) ? image.digest : image.tag;
}

bool needs_comment(const found_image& image) {
  const slot& s = image.slot;
  const bool has_place = (s.form != slot_form::values || image.has_digest_as_tag) && s.form != slot_form::artefact;
  return has_place && s.ref && s.ref->is_pinned() && s.ref->tag().empty();
}

}  // namespace pinhook::files
