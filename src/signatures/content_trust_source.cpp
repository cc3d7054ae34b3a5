#include <pinhook/signatures/content_trust_source.hpp>

#include <pinhook/trust/tuf_file.hpp>

#include <fmt/core.h>

#include <utility>
#include <variant>
#include <vector>

namespace pinhook::signatures {
namespace {

registry::document_name trust_file(std::string name) {
  return {registry::document_name::kind::trust_file, std::move(name), trust::max_tuf_bytes};
}

}  // namespace

awaitable<result<trust::content_trust_files>> fetch_content_trust(document_reader read,
                                                                  trust::content_trust_anchor anchor, deadline d) {
  trust::content_trust_files out;
  registry::document_name root = trust_file("root.json");
  auto newest = co_await read(std::move(root), d);
  if (!newest) co_return fail(std::move(newest.error()));
  // A root file that cannot be read leads nowhere, which is found when the chain is walked.
  const auto between = trust::roots_between(anchor, newest->bytes).value_or(std::vector<std::int64_t>());
  for (const std::int64_t number : between) {
    registry::document_name older = trust_file(fmt::format("{}.root.json", number));
    auto text = co_await read(std::move(older), d);
    // So does a chain with a gap.
    if (!text && text.error().code == error_code::not_found) continue;
    if (!text) co_return fail(std::move(text.error()));
    out.roots.push_back(std::move(text->bytes));
  }
  out.roots.push_back(std::move(newest->bytes));
  for (const auto& [name, to] : {std::pair("timestamp.json", &out.timestamp), std::pair("snapshot.json", &out.snapshot),
                                 std::pair("targets.json", &out.targets)}) {
    registry::document_name file = trust_file(name);
    auto text = co_await read(std::move(file), d);
    if (!text) co_return fail(std::move(text.error()));
    *to = std::move(text->bytes);
  }
  if (!trust::delegates_releases(out.targets)) co_return out;
  registry::document_name releases = trust_file("targets/releases.json");
  auto text = co_await read(std::move(releases), d);
  if (text)
    out.releases = std::move(text->bytes);
  else if (text.error().code != error_code::not_found)
    co_return fail(std::move(text.error()));
  co_return out;
}

awaitable<result<image_verdict>> verify_signed_tag(document_reader read, tag_subject of, const verifier& by,
                                                   wall_time now, deadline d) {
  const auto* trusted = std::get_if<content_trust_verifier>(&by.by);
  if (trusted == nullptr)
    co_return fail(error_code::unsupported, fmt::format("verifier {} follows digests, not tags", by.name));
  trust::content_trust_anchor anchor = trusted->anchor;
  auto files = co_await fetch_content_trust(std::move(read), std::move(anchor), d);
  if (!files && files.error().code == error_code::not_found) {
    image_verdict out;
    out.reason = "the Notary server has no signatures for its repository";
    co_return out;
  }
  if (!files && files.error().code == error_code::malformed)
    co_return judge_signed_tag(fail(std::move(files.error())), of.digest);
  if (!files) co_return fail(std::move(files.error()));
  const std::string digest = of.digest ? of.digest->to_string() : std::string();
  const auto found = of.tag.empty() ? trust::find_signed_digest(*files, trusted->anchor, digest, now)
                                    : trust::find_signed_tag(*files, trusted->anchor, of.tag, now);
  co_return judge_signed_tag(found, of.digest);
}

}  // namespace pinhook::signatures
