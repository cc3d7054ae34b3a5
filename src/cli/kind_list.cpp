#include <pinhook/cli/kind_list.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/pin/kind_table.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

using pin::known_kind;

// The name of the kind in rules of the configuration and in `pin.kinds`.
std::string name_of(const known_kind& k) {
  return k.group.empty() ? std::string(k.kind) : fmt::format("{}/{}", k.group, k.kind);
}

using cells = std::array<std::string, 5>;

std::string as_table() {
  std::vector<cells> rows{{"KIND", "RESOURCE", "SENT", "IMAGES", "WHERE"}};
  for (const known_kind& k : pin::known_kinds()) {
    cells row{name_of(k), std::string(k.resource), k.is_sent() ? "yes" : "no: cluster-scoped",
              std::string(to_string(k.images)), ""};
    for (const pin::known_place& p : k.places) {
      row.back() = fmt::format("{} ({})", p.path, to_string(p.holds));
      rows.push_back(std::exchange(row, {}));
    }
    if (!k.subresource.empty()) rows.push_back({"", fmt::format("{}/{}", k.resource, k.subresource), "yes", "", ""});
  }
  std::array<std::size_t, 4> widths{};
  for (const cells& row : rows)
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out;
  for (const cells& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) line += fmt::format("{:<{}}", row[i], widths[i] + 2);
    line += row.back();
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

void put(std::string& out, std::string_view key, std::string_view text) {
  json::append_string(out, key);
  out += ':';
  json::append_string(out, text);
}

void put_flag(std::string& out, std::string_view key, bool value) {
  json::append_string(out, key);
  out += value ? ":true" : ":false";
}

std::string kinds_json() {
  std::string out = R"({"kinds":[)";
  for (const known_kind& k : pin::known_kinds()) {
    out += out.ends_with('[') ? "{" : ",{";
    for (const auto& [key, text] : {std::pair{"group", k.group}, {"kind", k.kind}, {"resource", k.resource}}) {
      put(out, key, text);
      out += ',';
    }
    if (k.subresource.empty())
      out += R"("subresource":null)";
    else
      put(out, "subresource", k.subresource);
    out += ',';
    put_flag(out, "sent", k.is_sent());
    out += ',';
    put(out, "images", to_string(k.images));
    out += R"(,"places":[)";
    for (const pin::known_place& p : k.places) {
      out += out.ends_with('[') ? "{" : ",{";
      put(out, "path", p.path);
      out += ',';
      put(out, "holds", to_string(p.holds));
      out += '}';
    }
    out += "]}";
  }
  return out + "]}\n";
}

}  // namespace

std::string kind_list(output_format format) { return format == output_format::json ? kinds_json() : as_table(); }

}  // namespace pinhook::cli
