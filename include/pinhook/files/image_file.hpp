// A file with images: their places, and the same text with other digests, every other byte unchanged.
//
//   auto file = files::image_file::read(text, "deploy/web.yaml", places);
//   for (const files::slot& s : file->slots()) …
//   std::string pinned = *file->rewrite({{0, digest}}, pin::pin_format::digest);
//
// The places that are read, by the kind of the document (pin/README.md, 2; and the other files of repositories):
//
//   Kubernetes object        pod specs by kind, else everything that looks like one; List kinds item by item; a
//                            ResourceList's items
//   kustomization            images[*]: name, newName, newTag, digest
//   Compose file             services.*.image
//   known forms              files of CI systems and build tools (known_forms.hpp), Dockerfiles (dockerfile.hpp)
//   Helm values              mappings with repository and tag or digest; strings under a key `image`
//   files of the operator    the paths of image_places
//
// Immutable; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/change.hpp>
#include <pinhook/files/image_places.hpp>
#include <pinhook/files/slot.hpp>
#include <pinhook/files/unread.hpp>
#include <pinhook/pin/path.hpp>
#include <pinhook/pin/pod_paths.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

struct chart;

class image_file {
 public:
  /// `path`: the path as the user gave it; its last part decides the kind of a document that does not name it. Empty or
  /// "-": standard input. Takes YAML of any number of documents, and JSON.
  /// malformed: "line 3, column 5: …": not valid YAML, or a duplicate key that an image's place depends on.
  /// unsupported: a Helm template that is not rendered ("a Helm template, not YAML; render it first: helm template …").
  /// `of`: the chart that values belong to, for slot::problem and slot::doubt; null: unknown.
  [[nodiscard]] static result<image_file> read(std::string text, std::string_view path, const image_places& places,
                                               const chart* of = nullptr);
  /// The same for many files with the same places, which they then share: the table of kinds is larger than most files.
  [[nodiscard]] static result<image_file> read_shared(std::string text, std::string_view path,
                                                      std::shared_ptr<const image_places> places,
                                                      const chart* of = nullptr);

  /// The same file without the nodes of its text, which need some ten times its bytes: for runs that hold many files.
  /// What needs them (rewrite, suggestion, unread) reads the text again.
  [[nodiscard]] image_file without_nodes() const;

  [[nodiscard]] const std::string& text() const;
  /// In the order of the file.
  [[nodiscard]] const std::vector<slot>& slots() const;

  /// The reason why the file as a whole is not searched for images: "its form is not known", "HCL is not read".
  /// Empty: it is.
  [[nodiscard]] const std::string& unread_reason() const;
  /// True for a file whose name is in the table of known forms.
  [[nodiscard]] bool is_of_known_form() const;
  /// Values that look like images and are not read as such (unread.hpp).
  [[nodiscard]] std::vector<unread_image> unread() const;

  /// The text with these slots changed. A slot reached through an alias changes with its anchor, unless the anchor is
  /// used for something else too; then the alias is replaced by the text. Slots that share their bytes
  /// change once. With pin_format::digest the tag stays visible in a comment at the end of the line, where YAML allows
  /// one: not in JSON, not where a scalar continues on the next line, not after a digest of the same name on that line
  /// whose tag is unknown, and not beside another program's comment that must be alone (slot::marker). There tag and
  /// digest are both written, unless the change has its own format: then the tag is lost. A change without a digest
  /// restores tag and comment as before the pin. Where an anchor's scalar changes, aliases that do not change are
  /// replaced by the old text.
  /// invalid_input: a slot whose `reason` is not `none`; a slot without a known tag that should go back to it; two
  /// slots with shared bytes and different changes. internal: the result would not be read as planned; nothing is lost.
  [[nodiscard]] result<std::string> rewrite(std::span<const change> changes, pin::pin_format format) const;
  /// The result of `rewrite`, read: its slots are those of this file, in their order.
  [[nodiscard]] result<image_file> rewritten(std::span<const change> changes, pin::pin_format format) const;

  /// The scalar of a slot after `rewrite`, which check suggests. For values and kustomizations it is the line to write:
  /// "digest: sha256:…", "tag: 1.25@sha256:…". Empty without a digest.
  [[nodiscard]] std::string suggestion(const change& one, pin::pin_format format) const;

 private:
  struct parts;
  struct tree;
  using shared_tree = std::shared_ptr<const tree>;
  static result<std::shared_ptr<tree>> read_tree(const parts& of);
  [[nodiscard]] result<shared_tree> nodes() const;
  image_file(std::shared_ptr<const parts> p, shared_tree nodes) : parts_(std::move(p)), nodes_(std::move(nodes)) {}
  std::shared_ptr<const parts> parts_;
  /// Points into the text. Null: it is read when it is needed.
  shared_tree nodes_;
};

}  // namespace pinhook::files
