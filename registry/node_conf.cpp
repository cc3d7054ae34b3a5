#include <pinhook/registry/node_conf.hpp>

#include <pinhook/base/file.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace pinhook::registry {
namespace {

namespace fs = std::filesystem;

struct conf_texts {
  std::vector<std::pair<std::string, std::string>> files;

  [[nodiscard]] std::string all() const {
    std::string out;
    for (const auto& [file, text] : files) out += fmt::format("{}\n{}\n", file, text);
    return out;
  }
};

// The *.conf files of a directory, without those of folders in it.
result<std::vector<std::string>> drop_ins(const std::string& directory) {
  std::vector<std::string> out;
  std::error_code bad;
  for (fs::directory_iterator at(directory, bad), end; !bad && at != end; at.increment(bad)) {
    if (at->path().extension() != ".conf" || at->is_directory(bad)) continue;
    if (out.size() == max_drop_ins)
      return fail(error_code::invalid_input, fmt::format("{} has more than {} files", directory, max_drop_ins));
    out.push_back(at->path().string());
  }
  if (bad) return fail(error_code::unavailable, fmt::format("cannot read {}: {}", directory, bad.message()));
  std::sort(out.begin(), out.end());
  return out;
}

result<conf_texts> read_conf_texts(const std::vector<std::string>& paths) {
  conf_texts out;
  for (const auto& path : paths) {
    std::vector<std::string> files{path};
    std::error_code bad;
    if (fs::is_directory(path, bad)) {
      auto found = drop_ins(path);
      if (!found) return fail(std::move(found.error()));
      files = std::move(*found);
    }
    for (auto& file : files) {
      auto text = read_file(file, max_registries_conf);
      if (!text) return fail(std::move(text.error()));
      out.files.emplace_back(std::move(file), text->reveal());
    }
  }
  return out;
}

result<registries_conf> parse_conf_texts(const conf_texts& from) {
  registries_conf out;
  for (const auto& [file, text] : from.files) {
    auto one = parse_registries_conf(text, file);
    if (!one) return one;
    merge(out, std::move(*one));
  }
  return out;
}

}  // namespace

node_conf::node_conf(registries_conf conf)
    : files_(std::move(conf)), conf_(std::make_shared<const registries_conf>(files_)) {}

void node_conf::publish() {
  registries_conf all = files_;
  merge(all, objects_);
  all.unread = objects_.unread;
  conf_.store(std::make_shared<const registries_conf>(std::move(all)));
}

void node_conf::use_objects(registries_conf objects) {
  const std::lock_guard lock(parts_mutex_);
  objects_ = std::move(objects);
  publish();
}

void node_conf::await_objects(error unread) {
  const std::lock_guard lock(parts_mutex_);
  objects_.unread = std::move(unread);
  publish();
}

result<std::shared_ptr<node_conf>> node_conf::open(std::vector<std::string> paths, std::chrono::nanoseconds limit) {
  const std::string name = paths.empty() ? std::string("registries.conf") : paths.front();
  auto texts = read_within<conf_texts>(name, [paths] { return read_conf_texts(paths); }, limit);
  if (!texts) return fail(std::move(texts.error()));
  auto conf = parse_conf_texts(*texts);
  if (!conf) return fail(std::move(conf.error()));
  auto out = std::make_shared<node_conf>(std::move(*conf));
  out->paths_ = std::move(paths);
  out->texts_ = texts->all();
  return out;
}

result<bool> node_conf::reload_if_changed() {
  const std::lock_guard lock(reload_mutex_);
  const auto texts = read_conf_texts(paths_);
  if (!texts) return fail(texts.error());
  std::string all = texts->all();
  if (all == texts_) return false;
  // A text that is not valid is reported once.
  texts_ = std::move(all);
  auto conf = parse_conf_texts(*texts);
  if (!conf) return fail(std::move(conf.error()));
  const std::lock_guard parts(parts_mutex_);
  files_ = std::move(*conf);
  publish();
  return true;
}

}  // namespace pinhook::registry
