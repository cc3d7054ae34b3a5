// The form of a document: what it is, by its own members and the name of its file.
//
// Pure; any thread.
#pragma once

#include <pinhook/files/known_forms.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstdint>
#include <string_view>

namespace pinhook::files {

enum class document_form : std::uint8_t {
  empty,
  object,         // a Kubernetes object, or a list of them
  kustomization,  // by the name of its file; others are objects
  known,          // a row of known_forms()
  values,         // Helm values
  compose,
  other,
};

struct recognised_document {
  document_form form = document_form::other;
  /// Of document_form::known.
  const known_form* row = nullptr;
};

/// `path` as for image_file::read; `named`: its form_of_file, which is the same for all documents of a file.
[[nodiscard]] recognised_document recognise(const yaml::source_document& doc, std::string_view path,
                                            const known_form* named);

}  // namespace pinhook::files
