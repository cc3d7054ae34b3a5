// The little XML that STS answers with, read into a list of its leaves: elements, text, the five entities and character
// references, CDATA, comments, a declaration. Attributes are passed over; a document type, and so every entity of one's
// own, is refused.
//
//   <A><B>x</B><C/></A>  →  {"A/B", "x"}, {"A/C", ""}
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::cloud {

/// STS's answers have about 2 KiB, 5 levels and 15 elements.
struct aws_xml_limits {
  std::size_t size = std::size_t{64} * 1024;
  std::size_t depth = 16;
  std::size_t elements = 500;
};

class aws_xml {
 public:
  /// malformed: not such XML, or a limit was crossed. The message holds nothing of the text.
  [[nodiscard]] static result<aws_xml> parse(std::string_view text, const aws_xml_limits& limits = {});

  /// The text of the one element of that path from the root ("ErrorResponse/Error/Code"), with spaces at both ends
  /// taken away. Nothing when there is none, or more than one.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view path) const;

 private:
  struct leaf {
    std::string path;
    std::string text;
  };
  std::vector<leaf> leaves_;
  friend class aws_xml_reader;
};

}  // namespace pinhook::cloud
