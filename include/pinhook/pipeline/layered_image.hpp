// One image of Helm values beside other values that are merged with its own: those over it give it another name or tag,
// and those below it a registry.
//
//   below   image: {registry: quay.io, repository: acme/app}
//   own     image: {repository: acme/app, tag: v1}      the chart runs quay.io/acme/app:v1
//   over    image: {repository: acme/two}               or quay.io/acme/two:v1
//
// Pure; any thread. What a tree or an image refers to outlives it.
#pragma once

#include <pinhook/files/slot.hpp>
#include <pinhook/pipeline/pinning.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pipeline {

/// Values, with the way to say which these are.
struct value_tree {
  const yaml::source_document* doc = nullptr;
  yaml::node_index root = yaml::no_node;
  /// What templates see as `global`: that of the values, and those of the charts around.
  std::vector<yaml::node_index> globals{};
  std::string by{};
  /// It changes single members, those of items of lists too; other values take the place of a list as a whole.
  bool has_members = false;
  /// The reason why a digest is wrong where these change an image; empty: it is compared with the other image's.
  std::string problem{};

  [[nodiscard]] std::string_view text_at(std::string_view pointer) const;
};

[[nodiscard]] value_tree tree_of(const yaml::source_document& doc, yaml::node_index root, std::string by = {});

class layered_image {
 public:
  /// `pointer`: from the root of `base`.
  layered_image(const value_tree& base, const files::slot& image, std::string_view pointer);

  /// What values over its own make of it; none: the same image, or one that is whole there.
  [[nodiscard]] std::optional<renamed_image> under(const value_tree& over) const;
  /// What it is with values below its own.
  [[nodiscard]] std::optional<renamed_image> above(const value_tree& below) const;

 private:
  [[nodiscard]] std::string_view own_text(std::string_view key) const;
  [[nodiscard]] std::optional<renamed_image> as(std::string text, const value_tree& by, std::string remedy) const;
  [[nodiscard]] std::optional<renamed_image> outer_part(const value_tree& other, bool is_over) const;
  [[nodiscard]] bool may_be_part(std::string_view key, std::string_view text, std::string_view own) const;

  const value_tree& base_;
  const registry::reference& tag_;
  std::string_view pointer_;
  yaml::node_index own_;
  /// A text alone, which other values replace as a whole.
  bool is_text_;
  std::string_view name_key_, name_, registry_, tag_key_;
  bool has_digest_key_ = false;
};

}  // namespace pinhook::pipeline
