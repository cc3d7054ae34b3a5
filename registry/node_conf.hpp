// The registries.conf of the nodes as files: read at the start, and again when they change.
//
//   auto conf = node_conf::open({"/etc/containers/registries.conf", "/etc/containers/registries.conf.d"});
//   (*conf)->current();             // any thread
//   (*conf)->reload_if_changed();   // one thread at a time; blocks for as long as the disk does
//   (*conf)->use_objects(conf_of(sets));   // any thread: what the objects of a cluster say wins over the files
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/shared_value.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/registry/registries_conf.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace pinhook::registry {

/// Files of a drop-in directory. Distributions ship three.
inline constexpr std::size_t max_drop_ins = 256;

class node_conf {
 public:
  /// For tests and for a configuration that is known otherwise.
  explicit node_conf(registries_conf conf);

  /// Each path is a file, or a directory whose *.conf files are read in the order of their names; later ones win, as on
  /// the node. Errors: those of base/file and of parse_registries_conf, timed_out after `limit`; the message names the
  /// file.
  [[nodiscard]] static result<std::shared_ptr<node_conf>> open(std::vector<std::string> paths,
                                                               std::chrono::nanoseconds limit = read_limit);

  /// True when other texts were read. After an error the former ones stay in use.
  [[nodiscard]] result<bool> reload_if_changed();

  /// Entries of a cluster's objects, instead of the former ones; those of the files with the same prefix do not count.
  void use_objects(registries_conf objects);
  /// Until the first objects come, every question for places has this error.
  void await_objects(error unread);
  /// False: it has objects alone, which say nothing about short names.
  [[nodiscard]] bool has_files() const { return !paths_.empty(); }

  /// Never null.
  [[nodiscard]] std::shared_ptr<const registries_conf> current() const { return conf_.load(); }

 private:
  // With `parts_mutex_`.
  void publish();

  std::vector<std::string> paths_;
  std::mutex reload_mutex_;
  // The files and their texts, one after the other.
  std::string texts_;
  // Of the two below; never held while files are read.
  std::mutex parts_mutex_;
  registries_conf files_;
  registries_conf objects_;
  shared_value<const registries_conf> conf_;
};

}  // namespace pinhook::registry
