#include <pinhook/trust/tuf_root.hpp>

#include <pinhook/trust/wire_json.hpp>

#include <utility>

namespace pinhook::trust {

result<tuf_root> tuf_root::read(std::string_view text, tuf_coding in) {
  auto file = tuf_file::parse(text, in == tuf_coding::notary ? "Root" : "root", in);
  if (!file) return fail(std::move(file.error()));
  const json::value* keys = json::find(file->content(), "keys");
  tuf_keys known = keys == nullptr ? tuf_keys() : tuf_keys_in(*keys, in);
  return tuf_root{std::move(*file), std::move(known)};
}

std::optional<tuf_role> tuf_root::role(std::string_view name) const {
  const json::value* found = find_path(file.content(), {"roles", name});
  return found == nullptr ? std::nullopt : tuf_role_in(*found);
}

bool tuf_root::has_signed(const tuf_file& other, std::string_view name) const {
  const auto of = role(name);
  return of && other.is_signed_by(*of, keys);
}

bool tuf_root::leads_to(const tuf_root& next) const {
  return next.file.version() == file.version() + 1 && has_signed(next.file, "root") && next.has_signed_itself();
}

}  // namespace pinhook::trust
