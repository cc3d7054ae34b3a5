#include <pinhook/kube/object_metadata.hpp>

#include <pinhook/base/json_cursor.hpp>

#include <array>
#include <utility>

namespace pinhook::kube {
namespace {

constexpr std::array<std::pair<std::string_view, std::string object_metadata::*>, 3> members{
    {{"namespace", &object_metadata::ns},
     {"name", &object_metadata::name},
     {"resourceVersion", &object_metadata::resource_version}}};

void read_member(json::cursor& at, const json::string& key, object_metadata& into) {
  if (at.peek() == json::kind::string)
    for (const auto& [name, member] : members)
      if (key == name) {
        into.*member = at.read_text();
        return;
      }
  at.skip();
}

}  // namespace

object_metadata read_metadata(std::string_view object) {
  object_metadata out;
  json::cursor at(object);
  json::string key;
  for (at.enter_object(); at.next_key(key);) {
    if (key != "metadata" || at.peek() != json::kind::object) {
      at.skip();
      continue;
    }
    json::string inner;
    for (at.enter_object(); at.next_key(inner);) read_member(at, inner, out);
  }
  out.is_whole = !at.has_failed();
  return out;
}

}  // namespace pinhook::kube
