#include "support/json_patch_apply.hpp"

#include <fmt/core.h>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::testing {
namespace {

struct place {
  json::value* parent = nullptr;
  std::string last;
};

std::string unescape(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1');
    out += escape ? (token[++i] == '0' ? '~' : '/') : token[i];
  }
  return out;
}

std::optional<std::size_t> index_of(std::string_view token) {
  if (token.empty() || (token.size() > 1 && token[0] == '0')) return std::nullopt;
  std::size_t index = 0;
  const auto [end, problem] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (problem != std::errc() || end != token.data() + token.size()) return std::nullopt;
  return index;
}

json::value* child(json::value& v, std::string_view token) {
  if (v.IsArray()) {
    const auto index = index_of(token);
    return index && *index < v.Size() ? &v[static_cast<rapidjson::SizeType>(*index)] : nullptr;
  }
  return const_cast<json::value*>(json::find(v, token));
}

// Everything but the last token is followed; the last one is the operation's business.
result<place> find_place(json::value& root, std::string_view path) {
  if (path.empty() || path[0] != '/')
    return fail(error_code::invalid_input, fmt::format("{} is not a path below the root", quoted(path)));
  place at{&root, {}};
  for (std::string_view rest = path.substr(1);;) {
    const auto slash = rest.find('/');
    at.last = unescape(rest.substr(0, slash));
    if (slash == std::string_view::npos) return at;
    at.parent = child(*at.parent, at.last);
    if (at.parent == nullptr)
      return fail(error_code::not_found, fmt::format("{}: nothing at {}", path, quoted(at.last)));
    rest = rest.substr(slash + 1);
  }
}

bool add(const place& at, json::value& added, json::document::AllocatorType& memory) {
  if (at.parent->IsObject()) {
    if (json::value* there = child(*at.parent, at.last); there != nullptr)
      *there = added;
    else
      at.parent->AddMember(json::value(at.last, memory), added, memory);
    return true;
  }
  if (!at.parent->IsArray()) return false;
  const auto size = at.parent->Size();
  const auto index = at.last == "-" ? std::optional<std::size_t>(size) : index_of(at.last);
  if (!index || *index > size) return false;
  at.parent->PushBack(added, memory);
  for (auto i = size; i > *index; --i) (*at.parent)[i].Swap((*at.parent)[i - 1]);
  return true;
}

void remove(const place& at, json::value* there) {
  if (at.parent->IsArray())
    at.parent->Erase(there);
  else
    at.parent->EraseMember(at.last);
}

result<void> apply_one(json::document& target, const json::value& operation) {
  const auto op = json::find_string(operation, "op");
  const auto path = json::find_string(operation, "path");
  const json::value* given = json::find(operation, "value");
  if (!op || !path) return fail(error_code::invalid_input, "an operation without op or path");
  if (given == nullptr && *op != "remove")
    return fail(error_code::invalid_input, fmt::format("{} of {} without a value", *op, *path));

  const auto at = find_place(target, *path);
  if (!at) return fail(at.error());
  if (*op == "add") {
    json::value copy(*given, target.GetAllocator());
    if (!add(*at, copy, target.GetAllocator()))
      return fail(error_code::not_found, fmt::format("cannot add at {}", *path));
    return {};
  }
  json::value* there = child(*at->parent, at->last);
  if (there == nullptr) return fail(error_code::not_found, fmt::format("{} of {}: nothing there", *op, *path));
  if (*op == "replace")
    there->CopyFrom(*given, target.GetAllocator());
  else if (*op == "remove")
    remove(*at, there);
  else if (*op != "test")
    return fail(error_code::invalid_input, fmt::format("operation {} is not known here", quoted(*op)));
  else if (*there != *given)
    return fail(error_code::malformed, fmt::format("test of {} does not hold", *path));
  return {};
}

}  // namespace

result<json::document> apply_json_patch(const json::value& target, const json::value& patch) {
  if (!patch.IsArray()) return fail(error_code::invalid_input, "a JSON Patch is an array");
  json::document patched;
  patched.CopyFrom(target, patched.GetAllocator());
  for (const auto& operation : patch.GetArray())
    if (const auto done = apply_one(patched, operation); !done) return fail(done.error());
  return patched;
}

}  // namespace pinhook::testing
