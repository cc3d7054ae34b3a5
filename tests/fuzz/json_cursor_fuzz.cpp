// Whatever RapidJSON accepts, the cursor walks to the same values; whatever it refuses, the cursor survives.
#include <pinhook/base/json.hpp>
#include <pinhook/base/json_cursor.hpp>
#include <pinhook/base/json_skip.hpp>
#include <pinhook/base/utf8.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace {

using namespace pinhook;

void require(bool holds) {
  if (!holds) std::abort();
}

// RapidJSON takes the second half of a surrogate pair alone for a character; the cursor does not.
bool is_text(const json::value& v) {
  if (v.IsArray()) return std::all_of(v.Begin(), v.End(), is_text);
  if (v.IsObject())
    return std::all_of(v.MemberBegin(), v.MemberEnd(),
                       [](const auto& member) { return is_text(member.name) && is_text(member.value); });
  return !v.IsString() || valid_utf8(json::text_of(v)) == json::text_of(v);
}

// Recursion is as deep as json::parse allows.
void compare(json::cursor& at, const json::value& expected) {
  json::cursor copy = at;
  const std::string_view text = copy.skip();
  require(!copy.has_failed());
  if (expected.IsObject()) {
    require(at.peek() == json::kind::object);
    json::string key;
    auto member = expected.MemberBegin();
    for (at.enter_object(); at.next_key(key); ++member) {
      require(member != expected.MemberEnd());
      require(key == json::text_of(member->name));
      compare(at, member->value);
    }
    require(member == expected.MemberEnd());
  } else if (expected.IsArray()) {
    require(at.peek() == json::kind::array);
    auto element = expected.Begin();
    for (at.enter_array(); at.next_element(); ++element) {
      require(element != expected.End());
      compare(at, *element);
    }
    require(element == expected.End());
  } else if (expected.IsString()) {
    require(at.peek() == json::kind::string);
    require(at.read_text() == json::text_of(expected));
  } else if (expected.IsBool()) {
    require(at.peek() == json::kind::boolean);
    require(at.read_bool() == expected.GetBool());
  } else {
    require(at.peek() == (expected.IsNull() ? json::kind::null : json::kind::number));
    at.skip();
  }
  require(!at.has_failed());
  require(at.offset() == copy.offset());
  require(!text.empty());
}

// Reads the value at the cursor, by its kind, with a limit of steps.
void wander(json::cursor at, int steps) {
  json::string key;
  std::string name;
  while (steps-- > 0 && !at.has_failed() && !at.is_at_end()) {
    const json::kind kind = at.peek();
    if (kind == json::kind::object) {
      at.enter_object();
      if (at.next_key(key)) static_cast<void>(key.append_to(name));
    } else if (kind == json::kind::array) {
      at.enter_array();
      static_cast<void>(at.next_element());
    } else if (kind == json::kind::string) {
      at.read_text();
    } else {
      at.skip();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A copy that ends where its memory ends: the sanitizer sees any read behind it.
  const std::unique_ptr<char[]> bytes(new char[size]);
  std::memcpy(bytes.get(), data, size);
  const std::string_view text(bytes.get(), size);
  wander(json::cursor(text), 1000);
  static_cast<void>(json::open_string(text));
  const auto parsed = json::parse(text);
  if (!parsed || !is_text(*parsed)) return 0;
  json::cursor at(text);
  compare(at, *parsed);
  require(at.is_at_end());
  return 0;
}
