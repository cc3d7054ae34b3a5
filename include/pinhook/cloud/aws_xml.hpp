// The XML that STS answers with, read by pugixml: the texts of its elements by their path.
//
//   <A><B>x</B><C/></A>  →  find("A/B") is "x", find("A/C") is ""
//
// pugixml replaces the five entities and character references alone, and passes over a document type: an entity of the
// document's own stays the text that it is, and no other file is read.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pugi {
class xml_document;
}

namespace pinhook::cloud {

/// Bytes of an answer. STS's have about 2 KiB.
inline constexpr std::size_t max_aws_xml = std::size_t{64} * 1024;

class aws_xml {
 public:
  /// malformed: not well-formed, or longer than `max_aws_xml`. The message holds nothing of the text.
  [[nodiscard]] static result<aws_xml> parse(std::string_view text);

  /// The text of the element at that path from the root ("ErrorResponse/Error/Code"), without the spaces around it.
  /// Nothing when an element of the path is missing or occurs twice, or when the last one holds elements.
  [[nodiscard]] std::optional<std::string> find(std::string_view path) const;

 private:
  explicit aws_xml(std::shared_ptr<const pugi::xml_document> document) : document_(std::move(document)) {}

  std::shared_ptr<const pugi::xml_document> document_;
};

}  // namespace pinhook::cloud
