#include <pinhook/pin/json_patch.hpp>

#include <pinhook/base/json.hpp>

namespace pinhook::pin {

void json_patch::begin(std::string_view operation, std::string_view pointer) {
  // Bytes: four operations with digests have some 800.
  constexpr std::size_t usual_size = 1024;
  if (text_.empty())
    text_.reserve(usual_size);
  else
    text_ += ',';
  text_ += R"({"op":")";
  text_ += operation;
  text_ += R"(","path":)";
  json::append_string(text_, pointer);
  text_ += R"(,"value":)";
}

void json_patch::replace(std::string_view pointer, std::string_view value) {
  begin("replace", pointer);
  json::append_string(text_, value);
  text_ += '}';
}

void json_patch::add(std::string_view pointer, std::string_view value) {
  begin("add", pointer);
  json::append_string(text_, value);
  text_ += '}';
}

void json_patch::add_object(std::string_view pointer) {
  begin("add", pointer);
  text_ += "{}}";
}

}  // namespace pinhook::pin
