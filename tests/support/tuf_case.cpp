#include "support/paths.hpp"
#include "support/tuf_case.hpp"

#include <pinhook/base/json.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/trust/wire_json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

namespace pinhook::testing {
namespace {

namespace fs = std::filesystem;

std::string bytes_of_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::map<std::string, std::string> files_below(const fs::path& folder) {
  std::map<std::string, std::string> out;
  if (!fs::exists(folder)) return out;
  for (const auto& one : fs::recursive_directory_iterator(folder))
    if (one.is_regular_file())
      out.emplace(fs::relative(one.path(), folder).generic_string(), bytes_of_file(one.path()));
  return out;
}

fs::path tuf_folder() { return fs::path(source_dir()) / "tests/corpus/tuf"; }

}  // namespace

std::vector<std::string> tuf_cases() {
  std::vector<std::string> out;
  for (const auto& one : fs::directory_iterator(tuf_folder()))
    if (one.is_directory()) out.push_back(one.path().filename().string());
  std::ranges::sort(out);
  return out;
}

tuf_case read_tuf_case(const std::string& name) {
  const fs::path folder = tuf_folder() / name;
  const auto read = json::parse(bytes_of_file(folder / "case.json")).value();
  tuf_case out;
  out.name = name;
  out.repository = files_below(folder / "repository");
  out.options.root = out.repository.at(std::string(trust::text_in(read, "root")));
  out.options.stored = files_below(folder / "stored");
  out.options.targets.clear();
  for (const json::value* one : trust::list_in(read, "targets")) out.options.targets.emplace_back(json::text_of(*one));
  out.options.now = parse_timestamp(trust::text_in(read, "now")).value();
  out.expect = trust::text_in(read, "expect");
  out.reason = trust::text_in(read, "reason");
  return out;
}

result<trust::tuf_update> walk_tuf(const tuf_case& of, int* read) {
  auto update = trust::tuf_update::begin(of.options);
  if (!update) return update;
  while (const trust::tuf_request* next = update->wanted()) {
    const auto found = of.repository.find(next->path);
    auto bytes = found == of.repository.end() ? std::nullopt : std::optional(found->second);
    if (bytes && read != nullptr) ++*read;
    if (auto good = update->take(std::move(bytes)); !good) return fail(std::move(good.error()));
  }
  return update;
}

}  // namespace pinhook::testing
