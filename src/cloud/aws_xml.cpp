#include <pinhook/cloud/aws_xml.hpp>

#include <pinhook/base/text.hpp>

#include <fmt/core.h>
#include <pugixml.hpp>

#include <utility>

namespace pinhook::cloud {
namespace {

auto malformed_xml(std::string_view reason) {
  return fail(error_code::malformed, fmt::format("the answer is not valid XML: {}", reason));
}

bool is_named(const pugi::xml_node& node, std::string_view name) {
  return node.type() == pugi::node_element && node.name() == name;
}

// The one element of that name among the children; a null node when there is none, or more than one.
pugi::xml_node only_child(const pugi::xml_node& parent, std::string_view name) {
  pugi::xml_node found;
  for (const pugi::xml_node& child : parent.children()) {
    if (!is_named(child, name)) continue;
    if (found) return {};
    found = child;
  }
  return found;
}

}  // namespace

result<aws_xml> aws_xml::parse(std::string_view text) {
  if (text.size() > max_aws_xml) return malformed_xml(fmt::format("it has more than {} bytes", max_aws_xml));
  auto document = std::make_shared<pugi::xml_document>();
  // Without a guess at the encoding: a zero byte at the start would make it UTF-16 or UTF-32.
  const pugi::xml_parse_result read =
      document->load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!read) return malformed_xml(read.description());
  return aws_xml(std::move(document));
}

std::optional<std::string> aws_xml::find(std::string_view path) const {
  pugi::xml_node at = *document_;
  for (std::string_view left = path; !left.empty();) {
    const std::size_t slash = left.find('/');
    at = only_child(at, left.substr(0, slash));
    if (!at) return std::nullopt;
    left = slash == std::string_view::npos ? std::string_view() : left.substr(slash + 1);
  }
  std::string text;
  for (const pugi::xml_node& child : at.children()) {
    if (child.type() == pugi::node_element) return std::nullopt;
    text += child.value();  // text or a CDATA section: comments are not kept
  }
  return std::string(trimmed(text));
}

}  // namespace pinhook::cloud
