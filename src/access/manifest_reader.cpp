#include <pinhook/access/manifest_reader.hpp>

#include <pinhook/registry/manifest.hpp>

#include <string>
#include <utility>

namespace pinhook::access {

awaitable<result<registry::descriptor>> manifest_reader::resolve_by(std::shared_ptr<const registry::route> by,
                                                                    registry::reference ref,
                                                                    registry::credential credential, deadline d) {
  registry::document_name name{registry::document_name::kind::manifest,
                               ref.digest() ? ref.digest()->to_string() : std::string(ref.effective_tag()),
                               registry::max_manifest_size};
  const std::string asked = name.name;
  auto got = co_await by_.read_by(std::move(by), std::move(ref), std::move(name), std::move(credential), d);
  if (!got) co_return fail(std::move(got.error()));
  auto manifest = fleet::read_manifest(got->bytes);
  if (!manifest) co_return fail(std::move(manifest.error()).at(asked));
  registry::descriptor out{manifest->digest, std::move(got->media_type)};
  read_.insert_or_assign(out.digest, std::move(*manifest));
  co_return out;
}

awaitable<result<registry::document>> manifest_reader::read_by(std::shared_ptr<const registry::route> by,
                                                               registry::reference ref, registry::document_name what,
                                                               registry::credential credential, deadline d) {
  auto got = co_await by_.read_by(std::move(by), std::move(ref), std::move(what), std::move(credential), d);
  co_return got;
}

}  // namespace pinhook::access
