// Reads every #include of the product: includes go from a floor to those below it only, no files of a floor include
// each other in a circle, and headers of values do not parse coroutines.
#include "support/pages.hpp"
#include "support/paths.hpp"
#include "support/source_files.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace fs = std::filesystem;
using pinhook::testing::source_file;

// The floors that a floor may include besides itself.
const std::map<std::string, std::set<std::string>> allowed{
    {"base", {}},
    {"http", {"base"}},
    {"registry", {"base", "http"}},
    {"resolve", {"base", "registry"}},
    {"pin", {"base", "registry"}},
    {"yaml", {"base"}},
    {"rules", {"base", "registry", "pin", "yaml"}},
    {"admission", {"base", "registry", "resolve", "pin", "rules"}},
    {"files", {"base", "registry", "resolve", "pin", "yaml"}},
    {"kube", {"base", "http", "registry", "yaml"}},
    {"cloud", {"base", "http", "registry"}},
    {"server", {"base"}},
    {"store", {"base"}},
    {"trust", {"base"}},
    {"signatures", {"base", "registry", "trust"}},
    {"proofs", {"base", "registry", "resolve", "rules", "admission", "trust", "signatures"}},
    {"pipeline", {"base", "registry", "resolve", "pin", "yaml", "rules", "files"}},
    {"fleet", {"base", "registry", "resolve", "pin", "rules", "files", "pipeline", "store"}},
    {"config",
     {"base", "http", "registry", "resolve", "pin", "yaml", "rules", "files", "kube", "server", "signatures"}},
    {"access",
     {"base", "http", "registry", "resolve", "pin", "yaml", "rules", "files", "kube", "cloud", "server", "config",
      "admission", "trust", "signatures", "proofs", "fleet"}},
    {"webhook",
     {"base", "http", "registry", "resolve", "pin", "yaml", "rules", "files", "kube", "cloud", "server", "config",
      "admission", "access", "trust", "signatures", "proofs"}},
    {"console",
     {"base", "registry", "resolve", "pin", "rules", "files", "pipeline", "kube", "server", "access", "webhook",
      "fleet", "store"}},
    {"demo", {"base", "http", "registry", "pin", "rules", "server", "config", "webhook"}},
    {"cli", {"base",     "http",   "registry", "resolve", "pin",     "rules", "yaml",  "files",      "kube",  "server",
             "pipeline", "config", "access",   "webhook", "console", "demo",  "trust", "signatures", "store", "fleet"}},
};

// pin and rules are pure: of the registry floor they know the values alone.
const std::set<std::string> values_of_registry{"reference.hpp", "digest.hpp"};

// Whole floors that decide and never wait, and headers of decisions and values on floors that also wait.
const std::set<std::string> pure_floors{"pin", "rules", "yaml", "files", "trust", "pipeline", "fleet"};
const std::set<std::string> pure_headers{
    "admission/inquiry.hpp",        "admission/cooldowns.hpp",      "admission/verdict.hpp",
    "admission/rule_findings.hpp",  "base/process_request.hpp",     "config/settings.hpp",
    "config/setting_table.hpp",     "kube/api_values.hpp",          "kube/cluster.hpp",
    "kube/exec_credential.hpp",     "kube/plugin_exchange.hpp",     "kube/serving_decision.hpp",
    "kube/serving_options.hpp",     "kube/watch_events.hpp",        "kube/serving_state.hpp",
    "registry/auth_flow.hpp",       "registry/client_options.hpp",  "registry/credential.hpp",
    "registry/docker_config.hpp",   "registry/manifest.hpp",        "registry/platform.hpp",
    "registry/token_flow.hpp",      "resolve/answer.hpp",           "resolve/backoff.hpp",
    "resolve/credential_chain.hpp", "resolve/digest_cache.hpp",     "resolve/fair_line.hpp",
    "resolve/host_health.hpp",      "resolve/resolver_options.hpp", "server/message.hpp",
    "server/request_reader.hpp",    "server/response_text.hpp",     "server/routes.hpp",
    "server/server_options.hpp",
};

// Values of Boost.Asio, which parse no coroutine.
const std::set<std::string> values_of_asio{"boost/asio/ip/address.hpp"};

struct include_line {
  /// "src/pin/object.cpp"
  std::string file;
  /// As it is written: "pinhook/pin/slot.hpp", "boost/asio/awaitable.hpp".
  std::string target;
};

// "include/pinhook/pin/slot.hpp" and "registry/digest.hpp" as they are included: "pin/slot.hpp", "registry/digest.hpp".
std::string name_of(const std::string& path) {
  for (const std::string_view top : {"include/pinhook/", "src/"})
    if (path.starts_with(top)) return path.substr(top.size());
  return path;
}

std::string floor_of(const std::string& name) { return name.substr(0, name.find('/')); }

// A header and its source are one room: "pin/slot".
std::string room_of(const std::string& name) { return name.substr(0, name.rfind('.')); }

bool is_header(const std::string& path) { return path.ends_with(".hpp"); }

std::vector<include_line> includes_of(const std::vector<source_file>& sources) {
  std::vector<include_line> out;
  const std::regex pattern(R"(\s*#\s*include\s*[<"]([A-Za-z0-9_./-]+)[>"].*)");
  for (const auto& file : sources) {
    std::istringstream lines(file.text);
    std::smatch m;
    for (std::string line; std::getline(lines, line);)
      if (line.find('#') != line.npos && std::regex_match(line, m, pattern)) out.push_back({file.path, m[1]});
  }
  return out;
}

// "pin/slot.hpp" of "pinhook/pin/slot.hpp"; nothing for a header that is not ours.
std::optional<std::string> our_target(const include_line& line) {
  constexpr std::string_view ours = "pinhook/";
  if (!line.target.starts_with(ours)) return std::nullopt;
  return line.target.substr(ours.size());
}

using graph = std::map<std::string, std::set<std::string>>;

// Every room that can be reached from `from` over at least one include.
std::set<std::string> reached(const graph& g, const std::string& from) {
  std::set<std::string> seen;
  std::vector<std::string> open{from};
  while (!open.empty()) {
    const auto at = g.find(open.back());
    open.pop_back();
    if (at == g.end()) continue;
    for (const auto& next : at->second)
      if (seen.insert(next).second) open.push_back(next);
  }
  return seen;
}

// Rooms that reach themselves.
std::vector<std::string> rooms_in_circles(const std::vector<include_line>& lines) {
  graph rooms;
  for (const auto& line : lines) {
    const auto target = our_target(line);
    const std::string from = room_of(name_of(line.file));
    if (target && room_of(*target) != from) rooms[from].insert(room_of(*target));
  }
  std::vector<std::string> out;
  for (const auto& [room, _] : rooms)
    if (reached(rooms, room).contains(room)) out.push_back(room);
  return out;
}

bool is_asio(const std::string& target) {
  return (target.starts_with("boost/asio") || target.starts_with("boost/beast")) && !values_of_asio.contains(target);
}

// The Asio header that `header` parses and the header of ours that includes it, as "server/handler.hpp includes …".
std::optional<std::string> asio_behind(const std::vector<include_line>& lines, const std::string& header) {
  graph headers;
  std::map<std::string, std::string> asio;
  for (const auto& line : lines) {
    if (!is_header(line.file)) continue;
    if (is_asio(line.target)) asio.emplace(name_of(line.file), line.target);
    if (const auto target = our_target(line)) headers[name_of(line.file)].insert(*target);
  }
  auto all = reached(headers, header);
  all.insert(header);
  for (const auto& one : all)
    if (const auto found = asio.find(one); found != asio.end()) return one + " includes <" + found->second + '>';
  return std::nullopt;
}

TEST(Floors, IncludesGoDownOnly) {
  const auto lines = includes_of(pinhook::testing::product_sources());
  ASSERT_GT(lines.size(), 1'000U) << "no includes found: is the source directory right?";
  for (const auto& line : lines) {
    const auto target = our_target(line);
    if (!target) continue;
    const std::string from = floor_of(name_of(line.file));
    const auto floor = allowed.find(from);
    ASSERT_NE(floor, allowed.end()) << line.file << " is on a floor that this test does not know: " << from;
    EXPECT_TRUE(floor_of(*target) == from || floor->second.contains(floor_of(*target)))
        << line.file << " includes <" << line.target << ">, which is not below " << from;
  }
}

TEST(Floors, NamesMayHoldDigits) {
  const auto lines =
      includes_of({{"src/kube/login.cpp", "#include <pinhook/base/base64.hpp>\n#include <pinhook/cli/x1.hpp>"}});
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(our_target(lines[0]), "base/base64.hpp");
  EXPECT_EQ(our_target(lines[1]), "cli/x1.hpp");
}

TEST(Floors, HaveNoCircles) {
  for (const auto& room : rooms_in_circles(includes_of(pinhook::testing::product_sources())))
    ADD_FAILURE() << room << " includes itself by way of others: give the shared value a header of its own";
}

TEST(Floors, APlantedCircleIsFound) {
  const std::vector<source_file> sources{
      {"include/pinhook/pin/a.hpp", "#pragma once\n#include <pinhook/pin/b2.hpp>\n"},
      {"include/pinhook/pin/b2.hpp", "#pragma once\n"},
      {"src/pin/b2.cpp", "#include <pinhook/pin/a.hpp>\n#include <pinhook/pin/b2.hpp>\n"},
      {"src/pin/c.cpp", "#include <pinhook/pin/a.hpp>\n#include <pinhook/pin/c.hpp>\n"},
  };
  EXPECT_EQ(rooms_in_circles(includes_of(sources)), (std::vector<std::string>{"pin/a", "pin/b2"}));
}

TEST(Floors, PureHeadersParseNoCoroutines) {
  const auto sources = pinhook::testing::product_sources();
  const auto lines = includes_of(sources);
  std::set<std::string> missing = pure_headers;
  for (const auto& file : sources) {
    const std::string name = name_of(file.path);
    missing.erase(name);
    if (!is_header(file.path) || !(pure_floors.contains(floor_of(name)) || pure_headers.contains(name))) continue;
    if (const auto found = asio_behind(lines, name)) ADD_FAILURE() << name << " is pure, but " << *found;
  }
  EXPECT_EQ(missing, std::set<std::string>()) << "headers that this test names and that are not there";
}

TEST(Floors, APlantedCoroutineIsFound) {
  const std::vector<source_file> sources{
      {"include/pinhook/pin/a.hpp", "#include <pinhook/http/network.hpp>\n#include <pinhook/base/b1.hpp>\n"},
      {"include/pinhook/base/b1.hpp", "#include <boost/asio/awaitable.hpp>\n"},
      {"include/pinhook/http/network.hpp", "#include <boost/asio/ip/address.hpp>\n"},
      {"include/pinhook/pin/c.hpp", "#include <pinhook/http/network.hpp>\n"},
      {"src/pin/c.cpp", "#include <boost/asio/post.hpp>\n"},
  };
  const auto lines = includes_of(sources);
  EXPECT_EQ(asio_behind(lines, "pin/a.hpp"), "base/b1.hpp includes <boost/asio/awaitable.hpp>");
  EXPECT_EQ(asio_behind(lines, "pin/c.hpp"), std::nullopt);
}

TEST(Floors, PinAndRulesKnowOnlyTheValuesOfTheRegistry) {
  for (const auto& line : includes_of(pinhook::testing::product_sources())) {
    const std::string floor = floor_of(name_of(line.file));
    const auto target = our_target(line);
    if (!target || floor_of(*target) != "registry" || (floor != "pin" && floor != "rules")) continue;
    EXPECT_TRUE(values_of_registry.contains(target->substr(target->find('/') + 1)))
        << line.file << " includes <" << line.target << '>';
  }
}

TEST(Floors, StandInTheGuideForContributors) {
  const std::string page = pinhook::testing::page_text("CONTRIBUTING.md");
  for (const auto& [floor, below] : allowed) {
    const std::string row = "| `" + floor + (floor == "registry" ? "/` |" : "` |");
    EXPECT_NE(page.find(row), std::string::npos) << "CONTRIBUTING.md has no row for the floor " << floor;
  }
}

// So each such header is compiled alone by its source; CMakeLists.txt compiles the others.
TEST(Floors, SourcesIncludeTheirOwnHeaderFirst) {
  const auto sources = pinhook::testing::product_sources();
  std::set<std::string> headers;
  for (const auto& file : sources)
    if (is_header(file.path)) headers.insert(name_of(file.path));
  for (const auto& file : sources) {
    const std::string own = room_of(name_of(file.path)) + ".hpp";
    if (is_header(file.path) || !headers.contains(own)) continue;
    const auto lines = includes_of({file});
    ASSERT_FALSE(lines.empty()) << file.path;
    EXPECT_EQ(lines.front().target, "pinhook/" + own) << file.path;
  }
}

TEST(Floors, SourcesMirrorHeaders) {
  const fs::path root = pinhook::testing::source_dir();
  for (const auto& entry : fs::recursive_directory_iterator(root / "src"))
    if (entry.path().extension() == ".hpp") ADD_FAILURE() << entry.path() << ": headers belong under include/pinhook/";
}

}  // namespace
