#include <pinhook/pipeline/inputs.hpp>

#include <pinhook/base/file.hpp>
#include <pinhook/base/terminal.hpp>
#include <pinhook/files/file_walk.hpp>
#include <pinhook/files/foreign_files.hpp>
#include <pinhook/files/found_image.hpp>
#include <pinhook/files/gitignore.hpp>
#include <pinhook/pipeline/chart_files.hpp>
#include <pinhook/pipeline/in_order.hpp>
#include <pinhook/pipeline/input_text.hpp>
#include <pinhook/pipeline/named_values.hpp>

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace pinhook::pipeline {
namespace {

// Turns for each thread that may wait. Enough that no thread waits for the one whose turn it is: what they hold is
// small, or is held to the end.
constexpr std::size_t turns_ahead = 16;

class reader {
 public:
  reader(const std::vector<std::string>& arguments, const files::image_places& places,
         const std::function<input_turn(input)>& begin, const std::function<void()>& on_listed)
      : places_(std::make_shared<const files::image_places>(places)), begin_(begin), on_listed_(on_listed) {
    for (const auto& one : arguments) named_.insert(std::filesystem::path(one).lexically_normal().string());
    for (const auto& one : places.excluded) excluded_.add("", one);
  }

  // Files, directories, globs. `first`: the index of the first of them among all arguments. `is_last`: none follow.
  result<void> read_files(const std::vector<std::string>& arguments, std::size_t first, bool is_last) {
    if (arguments.empty()) return {};
    auto found = files::find_files(arguments, {.takes_foreign = true});
    if (!found) return fail(std::move(found.error()));
    std::vector<std::size_t> unread;
    unread.reserve(found->paths.size());
    for (std::size_t i = 0; i < found->paths.size(); ++i) {
      if (seen_.contains(found->paths[i])) continue;
      if (!is_last) seen_.insert(found->paths[i]);
      unread.push_back(i);
    }
    const auto finders = finders_of(*found, first);
    if (on_listed_) on_listed_();
    // Of a file that nobody has begun only the path is held.
    in_order<input_turn> work({.count = unread.size(), .threads = threads_for(unread.size()), .ahead = turns_ahead},
                              [&](std::size_t i) {
                                const std::size_t at = unread[i];
                                auto one = input_of(std::move(found->paths[at]), finders, at);
                                auto read = with_content(std::move(one), found->is_foreign[at]);
                                return read ? begin_(*std::move(read)) : input_turn();
                              });
    work.run([](input_turn turn) {
      if (turn) turn();
    });
    return {};
  }

  result<void> read_stdin(std::size_t index) {
    if (!seen_.insert("-").second) return {};
    auto text = read_standard_input(terminal::allowed);
    if (!text) return fail(std::move(text.error()));
    begin_({"-", files::image_file::read_shared(std::move(*text), "-", places_), true, false, {index}})();
    return {};
  }

 private:
  // The arguments that find a file, each pair with the index of the file first; sorted.
  using finding_arguments = std::vector<std::pair<std::size_t, std::size_t>>;

  static finding_arguments finders_of(const files::found_files& found, std::size_t first) {
    finding_arguments out;
    out.reserve(found.paths.size());
    for (std::size_t i = 0; i < found.of_argument.size(); ++i)
      for (const std::size_t path : found.of_argument[i]) out.emplace_back(path, first + i);
    std::ranges::sort(out);
    return out;
  }

  [[nodiscard]] input input_of(std::string path, const finding_arguments& finders, std::size_t index) const {
    const bool is_named = named_.contains(std::filesystem::path(path).lexically_normal().string());
    input out{std::move(path), fail(error_code::internal, ""), is_named};
    for (const auto& one : std::ranges::equal_range(finders, index, {}, &finding_arguments::value_type::first))
      out.arguments.push_back(one.second);
    return out;
  }

  // Files of editors and tools (devcontainer.json). They are not manifests, since no reader of manifests accepts them.
  static bool is_json_with_comments(std::string_view path, std::string_view text) {
    return path.ends_with(".json") && (text.contains("//") || text.contains("/*"));
  }

  // False for a file that was found and need not be one of ours. Of wide text (UTF-16) every other byte is a NUL.
  [[nodiscard]] bool may_hold_images(std::string_view path, std::string_view text) const {
    if (is_json_with_comments(path, text)) return false;
    if (!text.contains('\0')) return files::may_hold_images(text, path, *places_);
    std::string narrow(text);
    std::erase(narrow, '\0');
    return files::may_hold_images(narrow, path, *places_);
  }

  // True when a pattern matches the file, or a directory around it.
  [[nodiscard]] bool is_excluded(const std::string& path) const {
    if (places_->excluded.empty()) return false;
    auto whole = std::filesystem::path(path).lexically_normal();
    if (whole.is_absolute()) {
      std::error_code ignored;
      const auto here = std::filesystem::current_path(ignored);
      const auto below = whole.lexically_relative(here);
      if (!below.empty() && *below.begin() != "..") whole = below;
    }
    const std::string text = whole.generic_string();
    for (std::size_t end = text.find('/', 1); end != std::string::npos; end = text.find('/', end + 1))
      if (excluded_.ignores(std::string_view(text).substr(0, end), true)) return true;
    return excluded_.ignores(text, false);
  }

  // The input with its content; none for a file that is skipped. Any thread.
  std::optional<input> with_content(input one, bool is_foreign) {
    const std::string& path = one.path;
    if (is_excluded(path)) {
      if (is_foreign) return std::nullopt;
      one.content = fail(error_code::unsupported, "files.exclude leaves it out");
      one.is_named = false;
      one.is_excluded = true;
      return one;
    }
    auto text = read_input_text(path);
    if (!text) {
      one.content = fail(std::move(text.error()));
      return one;
    }
    if (is_foreign) {
      if (!files::holds_image_text(*text)) return std::nullopt;
      one.content = fail(error_code::unsupported, std::string(files::foreign_reason));
      return one;
    }
    const bool may_hold = one.is_named || may_hold_images(path, *text);
    // A file of values has no kind, whatever it is called.
    const bool may_be_values = may_hold && !text->contains("apiVersion");
    const auto around = surroundings_of(path, may_be_values);
    one.content = files::image_file::read_shared(std::move(*text), path,
                                                 around.is_values ? places_of_values(path) : places_, around.chart);
    if (!one.content && !may_hold) return std::nullopt;
    return one;
  }

  // What other files say of one.
  struct surroundings {
    bool is_values = false;
    const files::chart* chart = nullptr;
  };

  // These files are read once for all that they are about.
  surroundings surroundings_of(const std::string& path, bool may_be_values) {
    const std::lock_guard lock(around_);
    return {may_be_values && named_values_.is_named(path), charts_.chart_of(path)};
  }

  [[nodiscard]] std::shared_ptr<const files::image_places> places_of_values(const std::string& path) const {
    auto out = *places_;
    out.values_files.insert(path);
    return std::make_shared<const files::image_places>(std::move(out));
  }

  /// All files share it.
  std::shared_ptr<const files::image_places> places_;
  files::gitignore excluded_;
  std::mutex around_;
  chart_files charts_;
  named_values named_values_;
  std::set<std::string, std::less<>> named_;
  std::set<std::string, std::less<>> seen_;
  const std::function<input_turn(input)>& begin_;
  const std::function<void()>& on_listed_;
};

}  // namespace

std::string excluded_note(std::size_t count) {
  if (count == 0) return {};
  return count == 1 ? "1 file is left out by files.exclude"
                    : fmt::format("{} files are left out by files.exclude", count);
}

std::vector<std::string> paths_of(const std::vector<input>& inputs) {
  std::vector<std::string> out;
  for (const input& one : inputs)
    if (one.path != "-") out.push_back(one.path);
  return out;
}

result<void> each_input(const std::vector<std::string>& arguments, const files::image_places& places,
                        const std::function<input_turn(input)>& begin, const std::function<void()>& on_listed) {
  reader r(arguments, places, begin, on_listed);
  if (arguments.empty()) {
    if (is_terminal(STDIN_FILENO))
      return fail(error_code::invalid_input,
                  "no files are named, and standard input is a terminal; name files or directories, or pipe into it");
    return r.read_stdin(0);
  }
  // In the order of the arguments: those before a "-", then standard input, then the rest.
  std::vector<std::string> before;
  std::size_t first = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] != "-") {
      before.push_back(arguments[i]);
      continue;
    }
    if (auto ok = r.read_files(std::exchange(before, {}), first, false); !ok) return fail(std::move(ok.error()));
    if (auto ok = r.read_stdin(i); !ok) return fail(std::move(ok.error()));
    first = i + 1;
  }
  return r.read_files(before, first, true);
}

result<std::vector<input>> read_inputs(const std::vector<std::string>& arguments, const files::image_places& places) {
  std::vector<input> out;
  auto ok = each_input(arguments, places, [&out](input one) {
    if (one.content) one.content = one.content->without_nodes();
    return input_turn([&out, held = std::move(one)]() mutable { out.push_back(std::move(held)); });
  });
  if (!ok) return fail(std::move(ok.error()));
  return out;
}

}  // namespace pinhook::pipeline
