// The comments of other programs on the lines of images.
#include <pinhook/files/image_search.hpp>
#include <pinhook/files/tag_comment.hpp>

#include <optional>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::scalar_form;
using yaml::source_kind;

class marker_search {
 public:
  marker_search(const image_search& in, const marked_text& marks) : in_(in), marks_(marks) {}

  // The marker of the node's line, or of the line of its anchor when the node is an alias.
  const comment_marker* of(node_index i) {
    if (i == no_node) return nullptr;
    const node_index target = in_.doc.resolve(i);
    const comment_marker* own = of_place(i);
    return own == nullptr && target != i ? of_place(target) : own;
  }

 private:
  [[nodiscard]] bool is_block(node_index i) const {
    return in_.doc.at(i).form == scalar_form::literal || in_.doc.at(i).form == scalar_form::folded;
  }

  // The offset of the line's comment; that of the last line is kept, since one line may hold very many images.
  std::size_t sign_of(node_index i) {
    const yaml::text_span span = in_.doc.at(i).span;
    const bool is_same =
        last_ != no_node && !is_block(i) && !is_block(last_) && in_.doc.at(last_).span.end <= span.begin &&
        !in_.text.substr(in_.doc.at(last_).span.end, span.end - in_.doc.at(last_).span.end).contains('\n');
    last_ = i;
    if (is_same) return sign_;
    const auto line = line_end_at(in_.doc, in_.text, i);
    sign_ = line ? sign_behind(*line, in_.text) : in_.text.size();
    return sign_;
  }

  const comment_marker* of_place(node_index i) {
    const yaml::source_node& node = in_.doc.at(i);
    const bool is_item = node.parent != no_node && in_.doc.at(node.parent).kind == source_kind::sequence;
    const std::size_t sign = sign_of(i);
    return marks_.at(key_of(i), sign, is_item);
  }

  // The begin of the node's key: comments above the key's line apply to the node.
  [[nodiscard]] std::size_t key_of(node_index i) const {
    const yaml::source_node& node = in_.doc.at(i);
    const bool is_value = i > 0 && node.parent != no_node && in_.doc.at(node.parent).kind == source_kind::mapping &&
                          in_.doc.at(i - 1).next == i;
    return in_.doc.at(is_value ? i - 1 : i).span.begin;
  }

  const image_search& in_;
  const marked_text& marks_;
  node_index last_ = no_node;
  std::size_t sign_ = 0;
};

// The node with the tag of the image.
node_index tagged_node(const image_search& in, const found_image& image) {
  if (image.scalar != no_node) return image.scalar;
  return scalar_at(in.doc, image.tag).empty() ? image.digest : image.tag;
}

}  // namespace

void take_markers(image_search& in, const marked_text& marks) {
  if (marks.is_empty()) return;
  marker_search search(in, marks);
  for (found_image& image : in.images) {
    const node_index tagged = tagged_node(in, image);
    image.slot.marker = search.of(tagged);
    if (image.digest == no_node || image.digest == tagged) continue;
    image.is_digest_marked = search.of(image.digest) != nullptr;
  }
}

}  // namespace pinhook::files
