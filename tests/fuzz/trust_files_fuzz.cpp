// Any bytes as the files that say whom to trust, and as the files of a trust server: reading ends.
#include "fuzz/json_mutator.hpp"

#include <pinhook/trust/checkpoint.hpp>
#include <pinhook/trust/content_trust.hpp>
#include <pinhook/trust/notation_policy.hpp>
#include <pinhook/trust/timestamp_token.hpp>
#include <pinhook/trust/trusted_root.hpp>
#include <pinhook/trust/tuf_file.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace trust = pinhook::trust;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto root = trust::trusted_root::parse(text);
  (void)trust::notation_policy::parse(text);
  (void)trust::checkpoint::parse(text);
  (void)trust::parse_subject(text);
  for (const char* type : {"Root", "Timestamp", "Snapshot", "Targets"})
    if (const auto file = trust::tuf_file::parse(text, type))
      (void)file->is_signed_by({{"a"}, 1}, trust::tuf_keys_in(file->content(), trust::tuf_coding::notary));
  trust::content_trust_files files;
  files.roots.emplace_back(text);
  if (trust::find_signed_tag(files, {{}, std::string(text)}, "v1", {})) std::abort();
  const auto anchors = root ? root->timestamp_authorities : std::vector<trust::trusted_authority>();
  if (trust::verify_timestamp(text, "x", anchors) || trust::verify_timestamp_token(text, "x", {})) std::abort();
  return 0;
}
