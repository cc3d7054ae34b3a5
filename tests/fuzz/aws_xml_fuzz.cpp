// Any bytes as an answer of STS: its leaves within the limits, or refused without a word of the content.
#include <pinhook/cloud/aws_xml.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhook::cloud;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = aws_xml::parse(text);
  if (!read) {
    require(!read.error().message.empty());
    return 0;
  }
  require(size <= max_aws_xml);
  for (const std::string_view path : {"ErrorResponse/Error/Code", "AssumeRoleWithWebIdentityResponse", "A/B"}) {
    const auto found = read->find(path);
    // References become shorter, never longer.
    require(!found || found->size() <= size);
  }
  return 0;
}
