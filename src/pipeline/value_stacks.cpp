#include <pinhook/pipeline/value_stacks.hpp>

#include <pinhook/pipeline/input_text.hpp>
#include <pinhook/pipeline/repository_paths.hpp>
#include <pinhook/yaml/each_item.hpp>
#include <pinhook/yaml/source.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace pinhook::pipeline {
namespace {

namespace fs = std::filesystem;
using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;

constexpr std::string_view usual_name = "values.yaml";
constexpr std::string_view helmfile_name = "helmfile";

bool may_name_values(const std::string& path, std::string_view text) {
  const std::string name = fs::path(path).filename().string();
  if (name.starts_with(helmfile_name)) return true;
  if (name.contains("ustomization") && text_holds(text, "helmCharts")) return true;
  return text_holds(text, "HelmRelease") || (text_holds(text, "argoproj.io") && text_holds(text, "valueFiles"));
}

bool is_template(std::string_view text) { return text.contains("{{") || text.contains("${"); }

// With the sign behind it.
std::string_view folder_of(std::string_view path) { return path.substr(0, path.rfind('/') + 1); }

std::ptrdiff_t common_folders(std::string_view a, std::string_view b) {
  const auto end = std::ranges::mismatch(a, b).in1;
  return std::count(a.begin(), end, '/');
}

// Calls `take(item, index)`.
template <class Take>
void for_each_with_index(const source_document& doc, node_index list, Take take) {
  std::size_t index = 0;
  yaml::for_each_item(doc, list, [&](node_index one) { take(one, index++); });
}

class stack_reader {
 public:
  stack_reader(const std::string& path, const source_document& doc, std::size_t number,
               const std::vector<named_values_source>& sources)
      : path_(path), doc_(doc), number_(number), sources_(sources) {}

  std::vector<value_stack> take() {
    const std::string_view kind = doc_.text_of(doc_.root, "kind");
    if (kind == "Application") take_application("/spec");
    if (kind == "ApplicationSet") take_application("/spec/template/spec");
    if (kind == "HelmRelease") take_release();
    if (doc_.find(doc_.root, "helmCharts") != no_node) take_charts();
    if (const std::string name = fs::path(path_).filename().string(); name.starts_with(helmfile_name)) take_helmfile();
    std::erase_if(out_, [](const value_stack& one) { return one.size() < 2; });
    // The last ones are as a rule those of the object itself.
    for (value_stack& one : out_)
      if (one.size() > max_stacked_values) one.erase(one.begin() + max_stacked_values - 1, one.end() - 1);
    return std::move(out_);
  }

 private:
  [[nodiscard]] fs::path beside(std::string_view name) const {
    return (fs::path(path_).parent_path() / name).lexically_normal();
  }

  void add_in_repository(std::string_view name, value_stack& into) const {
    if (auto file = in_repository(path_, name, fs::file_type::regular); !file.empty())
      into.push_back({.path = std::move(file)});
  }

  void add_beside(std::string_view name, value_stack& into) const {
    if (!name.empty() && !is_template(name) && !name.contains("://")) into.push_back({.path = beside(name)});
  }

  void add_own(std::string pointer, value_stack& into) const {
    const node_index at = doc_.resolve(doc_.at_pointer(doc_.root, pointer));
    if (at != no_node && doc_.at(at).kind == source_kind::mapping)
      into.push_back({.path = path_, .document = number_, .pointer = std::move(pointer)});
  }

  void take_application(const std::string& at) {
    take_source(at + "/source");
    for_each_with_index(doc_, doc_.at_pointer(doc_.root, at + "/sources"),
                        [&](node_index, std::size_t i) { take_source(fmt::format("{}/sources/{}", at, i)); });
  }

  void take_source(const std::string& at) {
    const node_index source = doc_.resolve(doc_.at_pointer(doc_.root, at));
    const node_index helm = doc_.resolve(doc_.find(source, "helm"));
    if (helm == no_node) return;
    const std::string_view folder = doc_.text_of(source, "path");
    value_stack stack;
    if (!folder.empty()) add_in_repository(fmt::format("{}/{}", folder, usual_name), stack);
    yaml::for_each_item(doc_, doc_.find(helm, "valueFiles"), [&](node_index one) {
      const std::string_view name = doc_.at(one).text;
      // "$values/prod/web.yaml" is a file of another source.
      if (name.starts_with('$'))
        add_in_repository(name.substr(std::min(name.find('/'), name.size())), stack);
      else if (name.starts_with('/'))
        add_in_repository(name, stack);
      else
        add_in_repository((fs::path(folder) / name).lexically_normal().string(), stack);
    });
    add_own(at + "/helm/valuesObject", stack);
    out_.push_back(std::move(stack));
  }

  void take_release() {
    const node_index chart = doc_.resolve(doc_.at_pointer(doc_.root, "/spec/chart/spec"));
    value_stack stack;
    const std::string_view name = doc_.text_of(chart, "chart");
    if (name.contains('/')) add_in_repository(fmt::format("{}/{}", name, usual_name), stack);
    yaml::for_each_item(doc_, doc_.find(chart, "valuesFiles"),
                        [&](node_index one) { add_in_repository(doc_.at(one).text, stack); });
    std::size_t choice = 0;
    yaml::for_each_item(doc_, doc_.at_pointer(doc_.root, "/spec/valuesFrom"), [&](node_index one) {
      if (!doc_.text_of(one, "targetPath").empty()) return;
      ++choice;
      for (const named_values_source* from : sources_of(one)) {
        stack.push_back(from->values);
        stack.back().choice = choice;
      }
    });
    add_own("/spec/values", stack);
    out_.push_back(std::move(stack));
  }

  // Repositories have objects of one name for each application or cluster: those of another namespace or another
  // folder's build are none of this release.
  [[nodiscard]] std::vector<const named_values_source*> sources_of(node_index reference) const {
    const std::string_view key = doc_.text_of(reference, "valuesKey");
    const std::string_view kind = doc_.text_of(reference, "kind");
    const std::string_view name = doc_.text_of(reference, "name");
    const std::string_view own = doc_.text_of(doc_.resolve(doc_.find(doc_.root, "metadata")), "namespace");
    std::vector<const named_values_source*> out;
    for (const named_values_source& from : sources_)
      if (from.name == name && from.kind == kind && from.key == (key.empty() ? usual_name : key) &&
          (own.empty() || from.name_space.empty() || from.name_space == own))
        out.push_back(&from);
    const auto is_around = [&](const named_values_source* one) {
      return one->is_of_folder && path_.starts_with(folder_of(one->by));
    };
    if (std::ranges::any_of(out, is_around))
      std::erase_if(out, [&](const auto* one) { return one->is_of_folder && !is_around(one); });
    if (out.size() <= max_values_of_name) return out;
    // They point into one list, whose order decides between equal ones.
    std::ranges::sort(out, {}, [&](const auto* one) { return std::pair(-common_folders(one->by, path_), one); });
    out.resize(max_values_of_name);
    return out;
  }

  void take_charts() {
    const std::string_view home = doc_.text_of(doc_.resolve(doc_.find(doc_.root, "helmGlobals")), "chartHome");
    for_each_with_index(doc_, doc_.find(doc_.root, "helmCharts"), [&](node_index one, std::size_t i) {
      value_stack stack;
      add_beside(fmt::format("{}/{}/{}", home.empty() ? "charts" : home, doc_.text_of(one, "name"), usual_name), stack);
      add_beside(doc_.text_of(one, "valuesFile"), stack);
      add_own(fmt::format("/helmCharts/{}/valuesInline", i), stack);
      // "merge": what the file has goes before.
      if (doc_.text_of(one, "valuesMerge") == "merge" && stack.size() > 2) std::swap(stack[1], stack[2]);
      yaml::for_each_item(doc_, doc_.find(one, "additionalValuesFiles"),
                          [&](node_index file) { add_beside(doc_.at(file).text, stack); });
      out_.push_back(std::move(stack));
    });
  }

  void take_helmfile() {
    for_each_with_index(doc_, doc_.find(doc_.root, "releases"), [&](node_index release, std::size_t i) {
      value_stack stack;
      if (const std::string_view chart = doc_.text_of(release, "chart"); chart.starts_with('.'))
        add_beside(fmt::format("{}/{}", chart, usual_name), stack);
      for_each_with_index(doc_, doc_.find(release, "values"), [&](node_index one, std::size_t k) {
        if (doc_.at(one).kind == source_kind::scalar)
          add_beside(doc_.at(one).text, stack);
        else
          add_own(fmt::format("/releases/{}/values/{}", i, k), stack);
      });
      out_.push_back(std::move(stack));
    });
  }

  const std::string& path_;
  const source_document& doc_;
  std::size_t number_;
  const std::vector<named_values_source>& sources_;
  std::vector<value_stack> out_;
};

bool takes_from_outside(const source_document& doc) {
  bool out = false;
  for (const std::string_view list : {"resources", "bases", "components"})
    yaml::for_each_item(doc, doc.find(doc.root, list), [&](node_index one) {
      const std::string_view text = doc.at(one).text;
      out = out || text.contains("..") || text.starts_with('/');
    });
  return out;
}

void take_generated(const std::string& path, const source_document& doc, std::vector<named_values_source>& into) {
  const bool is_of_folder = !takes_from_outside(doc);
  for (const auto& [list, kind] : {std::pair("configMapGenerator", "ConfigMap"), {"secretGenerator", "Secret"}})
    yaml::for_each_item(doc, doc.find(doc.root, list), [&](node_index one) {
      yaml::for_each_item(doc, doc.find(one, "files"), [&](node_index file) {
        const std::string_view text = doc.at(file).text;
        const std::size_t sign = text.find('=');
        const fs::path name = sign == std::string_view::npos ? text : text.substr(sign + 1);
        const std::string key(sign == std::string_view::npos ? name.filename().string() : text.substr(0, sign));
        into.push_back({.kind = kind,
                        .name = std::string(doc.text_of(one, "name")),
                        .key = key,
                        .values = {.path = (fs::path(path).parent_path() / name).lexically_normal()},
                        .by = path,
                        .is_of_folder = is_of_folder});
      });
    });
}

void take_data(const std::string& path, const source_document& doc, std::vector<named_values_source>& into) {
  const std::string_view kind = doc.text_of(doc.root, "kind");
  if (kind != "ConfigMap" && kind != "Secret") return;
  const node_index data = doc.resolve(doc.find(doc.root, kind == "Secret" ? "stringData" : "data"));
  if (doc.at(data).kind != source_kind::mapping) return;
  const node_index about = doc.resolve(doc.find(doc.root, "metadata"));
  for (node_index k = doc.at(data).first; k != no_node; k = doc.at(doc.at(k).next).next)
    if (const std::string_view text = doc.at(doc.at(k).next).text; text.contains('\n'))
      into.push_back({.kind = std::string(kind),
                      .name = std::string(doc.text_of(about, "name")),
                      .key = std::string(doc.at(k).text),
                      .values = {.path = path, .text = std::make_shared<const std::string>(text)},
                      .by = path,
                      .name_space = std::string(doc.text_of(about, "namespace"))});
}

}  // namespace

std::vector<value_stack> value_stacks(const std::string& path, std::string_view text,
                                      const std::vector<named_values_source>& sources) {
  std::vector<value_stack> out;
  if (!may_name_values(path, text)) return out;
  const auto read = yaml::read_source(text);
  for (std::size_t i = 0; read && i < read->documents.size(); ++i)
    std::ranges::move(stack_reader(path, read->documents[i], i, sources).take(), std::back_inserter(out));
  return out;
}

bool names_values_of_objects(std::string_view text) {
  return text_holds(text, "HelmRelease") && text_holds(text, "valuesFrom");
}

std::vector<named_values_source> named_values_sources(const std::string& path, std::string_view text) {
  std::vector<named_values_source> out;
  if (!text_holds(text, "onfigMap") && !text_holds(text, "ecret")) return out;
  const auto read = yaml::read_source(text);
  for (std::size_t i = 0; read && i < read->documents.size(); ++i) {
    take_generated(path, read->documents[i], out);
    take_data(path, read->documents[i], out);
  }
  return out;
}

}  // namespace pinhook::pipeline
