#include <pinhook/pipeline/stacked_images.hpp>

#include <pinhook/pipeline/input_text.hpp>
#include <pinhook/pipeline/kustomization_walk.hpp>
#include <pinhook/pipeline/layered_image.hpp>
#include <pinhook/pipeline/value_stacks.hpp>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace pinhook::pipeline {
namespace {

namespace fs = std::filesystem;

class stack_run {
 public:
  explicit stack_run(const std::vector<const input*>& inputs) : inputs_(inputs), out_(inputs.size()) {}

  std::vector<renamed_images> take() {
    std::vector<named_values_source> sources;
    // As a rule there are none, and ConfigMaps need not be read.
    const bool has_references = std::ranges::any_of(
        inputs_, [](const input* one) { return is_file(*one) && names_values_of_objects(one->content->text()); });
    for (const input* one : inputs_)
      if (has_references && is_file(*one))
        std::ranges::move(named_values_sources(one->path, one->content->text()), std::back_inserter(sources));
    std::vector<value_stack> stacks;
    for (const input* one : inputs_)
      if (is_file(*one))
        std::ranges::move(value_stacks(one->path, one->content->text(), sources), std::back_inserter(stacks));
    if (stacks.empty()) return std::move(out_);
    for (std::size_t i = 0; i < inputs_.size(); ++i)
      if (is_file(*inputs_[i])) by_path_.emplace(real(inputs_[i]->path), i);
    for (const value_stack& one : stacks) take_stack(one);
    return std::move(out_);
  }

 private:
  struct read_file {
    std::string text;
    std::optional<yaml::source> content;
  };

  // Each question costs calls of the system, and releases have the same values.
  const fs::path& real(const fs::path& path) {
    const auto [at, is_new] = real_.try_emplace(path.native());
    if (is_new) at->second = canonical_path(path);
    return at->second;
  }

  static bool is_file(const input& one) { return one.content && one.path != "-"; }

  const yaml::source* read(const stacked_values& values) {
    const auto [at, is_new] = read_.try_emplace({real(values.path), values.text.get()});
    read_file& out = at->second;
    if (is_new) {
      if (!values.text) out.text = read_input_text(values.path.string()).value_or("");
      // That of the stacks outlives this.
      if (auto read = yaml::read_source(values.text ? *values.text : out.text)) out.content = *std::move(read);
    }
    return out.content && values.document < out.content->documents.size() ? &*out.content : nullptr;
  }

  std::optional<value_tree> tree(const stacked_values& values) {
    const yaml::source* const from = read(values);
    if (from == nullptr) return std::nullopt;
    const auto& doc = from->documents[values.document];
    return tree_of(doc, doc.at_pointer(doc.root, values.pointer), values.path.string());
  }

  void take_stack(const value_stack& stack) {
    std::vector<std::optional<value_tree>> trees;
    for (const stacked_values& one : stack) trees.push_back(tree(one));
    for (std::size_t i = 0; i < stack.size(); ++i) {
      const auto own = by_path_.find(real(stack[i].path));
      if (own == by_path_.end() || !trees[i] || stack[i].text) continue;
      const std::size_t choice = stack[i].choice;
      for (std::size_t k = 0; k < stack.size(); ++k)
        if (k != i && trees[k] && (choice == 0 || stack[k].choice != choice))
          take_images(own->second, stack[i], *trees[i], *trees[k], k > i);
    }
  }

  void take_images(std::size_t file, const stacked_values& own, const value_tree& base, const value_tree& other,
                   bool is_over) {
    const auto& slots = inputs_[file]->content->slots();
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const files::slot& s = slots[i];
      const std::string_view pointer = s.pointer;
      const bool is_own = s.document == own.document && !s.is_in_text && s.tag &&
                          s.reason == files::skip_reason::none && pointer.starts_with(own.pointer) &&
                          (own.pointer.empty() || pointer.substr(own.pointer.size()).starts_with('/'));
      if (!is_own) continue;
      const layered_image image(base, s, pointer.substr(own.pointer.size()));
      if (auto found = is_over ? image.under(other) : image.above(other)) out_[file].emplace(i, *std::move(found));
    }
  }

  const std::vector<const input*>& inputs_;
  std::map<fs::path, std::size_t> by_path_;
  std::unordered_map<std::string, fs::path> real_;
  /// By the file, and the text of it.
  std::map<std::pair<fs::path, const std::string*>, read_file> read_;
  std::vector<renamed_images> out_;
};

}  // namespace

std::vector<renamed_images> renamed_in_stacks(const std::vector<const input*>& inputs) {
  return stack_run(inputs).take();
}

}  // namespace pinhook::pipeline
