#include <pinhook/pipeline/chart_files.hpp>

#include <pinhook/files/chart_reading.hpp>
#include <pinhook/files/image_search.hpp>
#include <pinhook/pipeline/input_text.hpp>
#include <pinhook/yaml/source.hpp>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace pinhook::pipeline {
namespace {

namespace fs = std::filesystem;
using templates = std::vector<files::chart_template>;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// Reads every file under templates/ but NOTES.txt, which Helm prints to the user.
class chart_reader {
 public:
  explicit chart_reader(fs::path directory) : directory_(std::move(directory)) {}

  files::chart read() {
    const templates own = read_templates(directory_);
    std::map<std::string, std::optional<templates>> others;
    std::map<std::string, fs::path> folders;
    for (const auto& [key, folder] : dependencies()) {
      const fs::path path = directory_ / "charts" / folder;
      folders.emplace(key, path);
      others.emplace(key, is_there(path / "Chart.yaml") ? std::optional(read_templates(path)) : std::nullopt);
    }
    templates all = own;
    for (const auto& [key, one] : others)
      if (one) all.insert(all.end(), one->begin(), one->end());
    files::chart out;
    out.own = understood(own, all, directory_);
    for (const auto& [key, one] : others)
      out.dependencies.emplace(key, one ? std::optional(understood(*one, all, folders.at(key))) : std::nullopt);
    return out;
  }

 private:
  files::chart_uses understood(const templates& own, const templates& all, const fs::path& chart) const {
    auto out = files::read_templates(own, all);
    out.schema = read_input_text((chart / "values.schema.json").string()).value_or("");
    out.is_whole = out.is_whole && is_whole_;
    return out;
  }

  // Pairs of the key in the values and the folder under charts/.
  std::vector<std::pair<std::string, std::string>> dependencies() {
    std::vector<std::pair<std::string, std::string>> out;
    const auto is_known = [&](const std::string& folder) {
      return std::ranges::any_of(out, [&](const auto& one) { return one.second == folder; });
    };
    for (const char* name : {"Chart.yaml", "requirements.yaml"}) {
      const auto text = read_input_text((directory_ / name).string());
      const auto read = text ? yaml::read_source(*text) : fail(text.error());
      if (!read || read->documents.empty()) continue;
      const yaml::source_document& doc = read->documents[0];
      const auto list = doc.resolve(doc.find(doc.root, "dependencies"));
      if (list == yaml::no_node || doc.at(list).kind != yaml::source_kind::sequence) continue;
      for (auto i = doc.at(list).first; i != yaml::no_node; i = doc.at(i).next) {
        const std::string folder(doc.text_of(i, "name"));
        const std::string alias(doc.text_of(i, "alias"));
        if (fs::path(folder).filename() == folder && !folder.empty() && folder != "..")
          out.emplace_back(alias.empty() ? folder : alias, folder);
      }
    }
    std::error_code ignored;
    for (const auto& one : fs::directory_iterator(directory_ / "charts", ignored)) {
      const std::string folder = one.path().filename().string();
      if (one.is_directory(ignored) && !is_known(folder)) out.emplace_back(folder, folder);
    }
    return out;
  }

  templates read_templates(const fs::path& chart) {
    std::error_code code;
    std::vector<fs::path> paths;
    for (auto at = fs::recursive_directory_iterator(chart / "templates", code); !code && at != fs::end(at);
         at.increment(code)) {
      std::error_code ignored;
      if (!at->is_regular_file(ignored) || at->path().filename() == "NOTES.txt") continue;
      if (count_ == max_chart_templates) {
        is_whole_ = false;
        break;
      }
      ++count_;
      paths.push_back(at->path());
    }
    std::ranges::sort(paths);
    templates out;
    for (const fs::path& path : paths) {
      const auto size = fs::file_size(path, code);
      if (code || size > max_template_size || size > max_chart_size - size_) {
        is_whole_ = false;
        continue;
      }
      size_ += size;
      auto text = read_input_text(path.string());
      if (text)
        out.push_back({path.lexically_relative(directory_).string(), *std::move(text)});
      else
        is_whole_ = false;
    }
    return out;
  }

  fs::path directory_;
  std::size_t count_ = 0;
  std::size_t size_ = 0;
  bool is_whole_ = true;
};

}  // namespace

const files::chart* chart_files::chart_of(const std::string& values_file) {
  if (values_file == "-" || !files::is_values_file(values_file)) return nullptr;
  fs::path directory = fs::path(values_file).parent_path();
  if (!is_there(directory / "Chart.yaml") && directory.filename() == "ci") directory = directory.parent_path();
  const auto [at, is_new] = known_.try_emplace(directory.string());
  if (is_new && is_there(directory / "Chart.yaml")) at->second = chart_reader(directory).read();
  return at->second ? &*at->second : nullptr;
}

}  // namespace pinhook::pipeline
