// An AdmissionReview of any bytes never crashes the webhook, and its patch changes images and the annotation alone.
#include <pinhook/admission/inquiry.hpp>
#include <pinhook/base/json.hpp>

#include <openssl/evp.h>
#include <rapidjson/pointer.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace {

using namespace pinhook;

void require(bool holds) {
  if (!holds) std::abort();
}

// The patch inside the response, or nothing.
std::string patch_of(const admission::verdict& v) {
  const auto review = json::parse(v.body);
  require(review.has_value());
  const auto text = json::find_string((*review)["response"], "patch");
  if (!text) return {};
  std::string out(text->size(), '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text->data()), static_cast<int>(text->size()));
  require(size > 0);
  out.resize(static_cast<std::size_t>(size) - (text->ends_with("==") ? 2 : text->ends_with("=") ? 1 : 0));
  return out;
}

// Of equal names RapidJSON finds the first and the API server the last: such an object is no yardstick here.
bool has_equal_names(const json::value& v) {
  if (v.IsArray()) return std::any_of(v.Begin(), v.End(), has_equal_names);
  if (!v.IsObject()) return false;
  std::set<std::string_view> names;
  for (const auto& member : v.GetObject())
    if (!names.insert(json::text_of(member.name)).second || has_equal_names(member.value)) return true;
  return false;
}

// The object with every image of the inquiry, and the annotation, blanked: what must be equal before and after.
void blank(json::document& object, const admission::inquiry& about) {
  const json::value nothing("");
  for (const pin::slot& s : about.now.found.slots) {
    rapidjson::Pointer pointer(s.pointer.data(), s.pointer.size());
    require(pointer.IsValid() && pointer.Get(object) != nullptr);
    pointer.Set(object, nothing);
  }
  rapidjson::Pointer("/metadata/annotations").Erase(object);
}

void check_patch(const admission::inquiry& about, const std::string& patch) {
  const auto operations = json::parse(patch);
  require(operations && operations->IsArray());
  auto before = json::parse(about.asked.object);
  auto after = json::parse(about.asked.object);
  // What the cursor skipped may be no JSON; the API server sends none such.
  if (!before || !after || has_equal_names(*before)) return;
  for (const auto& operation : operations->GetArray()) {
    const std::string_view path = *json::find_string(operation, "path");
    rapidjson::Pointer pointer(path.data(), path.size());
    require(pointer.IsValid());
    if (*json::find_string(operation, "op") == "replace") require(pointer.Get(*after) != nullptr);
    pointer.Set(*after, operation["value"], after->GetAllocator());
  }
  blank(*before, about);
  blank(*after, about);
  require(*before == *after);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::unique_ptr<char[]> bytes(new char[size]);
  std::memcpy(bytes.get(), data, size);
  const std::string_view body(bytes.get(), size);
  static const admission::rulebook book([] {
    pin::policy p;
    p.kinds = {{"example.com", "Fleet", {"spec.image", "spec.workers[*].image", "spec.tools{*}"}}};
    return p;
  }());
  static const auto digest = registry::digest::parse("sha256:" + std::string(64, 'a')).value();
  for (const pin::mode mode : {pin::mode::enforce, pin::mode::best_effort, pin::mode::audit}) {
    const auto about = admission::prepare(body, mode, book);
    if (!about) {
      require(admission::refuse_request(about.error()).http_status == 400);
      return 0;
    }
    std::vector<result<resolve::answer>> answers;
    for (std::size_t i = 0; i < about->lookups.size(); ++i) {
      if (mode == pin::mode::best_effort && i % 2 == 1)
        answers.push_back(fail(error_code::not_found, "no such tag"));
      else
        answers.push_back(resolve::answer{digest, resolve::origin::cache});
    }
    const auto verdict = admission::compose(*about, mode, book, answers);
    const std::string patch = patch_of(verdict);
    require(!patch.empty() == (verdict.outcome == admission::outcome::pinned));
    if (!patch.empty()) check_patch(*about, patch);
  }
  return 0;
}
