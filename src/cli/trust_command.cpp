#include <pinhook/access/fetch_tuf.hpp>
#include <pinhook/access/file_object.hpp>
#include <pinhook/access/run_to_end.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/file.hpp>
#include <pinhook/base/hexadecimal.hpp>
#include <pinhook/base/replace_file.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/cli/cluster_session.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/standard_output.hpp>
#include <pinhook/config/command_settings.hpp>
#include <pinhook/http/curl_client.hpp>
#include <pinhook/trust/public_key.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

constexpr std::string_view trust_name = "trust";
// A walk from the first root file of the public Sigstore instance takes some 20 requests.
constexpr std::chrono::minutes update_limit{5};

using file_map = std::map<std::string, std::string>;

int refuse_trust(const error& e, int code) {
  say(trust_name, e.message);
  return code;
}

// What could not be fetched or reached is a look-up that failed; what was fetched and does not hold is a result.
int code_of_update(const error& e) {
  switch (e.code) {
    case error_code::denied:
    case error_code::malformed:
    case error_code::not_found:
      return exit_failed;
    case error_code::invalid_input:
    case error_code::unsupported:
      return exit_usage;
    default:
      return exit_lookup;
  }
}

// Where trust roots are kept: a directory, or an object of a cluster.
class trust_store {
 public:
  explicit trust_store(const trust_arguments& of) : of_(of) {}

  [[nodiscard]] result<void> open(const arguments& all, const config::settings& s, const environment& variables) {
    if (!of_.out.empty()) return {};
    const bool is_secret = !of_.secret.empty();
    auto name = access::file_object_name::parse(is_secret, is_secret ? of_.secret : of_.configmap);
    if (!name) return fail(std::move(name.error()).at(is_secret ? "--secret" : "--configmap"));
    name_ = std::move(*name);
    auto session = cluster_session::open(all.of_cluster, s, variables);
    if (!session) return fail(std::move(session.error()));
    session_ = std::move(*session);
    return {};
  }

  [[nodiscard]] result<file_map> read(const std::vector<std::string>& names) {
    if (!session_) return read_directory(names);
    access::file_object_name name = *name_;
    auto held =
        access::run_to_end(session_->io(), access::read_file_object(session_->connection(), std::move(name), limit()));
    if (!held) return fail(std::move(held.error()));
    held_ = std::move(*held);
    // Other keys are somebody else's.
    std::erase_if(held_.files, [&](const auto& one) { return std::ranges::find(names, one.first) == names.end(); });
    return held_.files;
  }

  // Metadata first: where the machine stops between two files, the next run writes the target; the other way round a
  // rollback would not be noticed.
  [[nodiscard]] result<void> write(const file_map& files, const file_map& before) {
    if (session_) {
      if (files == before) return {};
      access::file_object_name name = *name_;
      access::file_object changed{held_.version, files};
      return access::run_to_end(session_->io(), access::write_file_object(session_->connection(), std::move(name),
                                                                          std::move(changed), limit()));
    }
    std::error_code failed;
    std::filesystem::create_directories(of_.out, failed);
    std::vector<file_text> changed;
    for (const bool is_metadata : {true, false})
      for (const auto& [name, bytes] : files) {
        if (name.starts_with("tuf.") != is_metadata) continue;
        if (const auto old = before.find(name); old != before.end() && old->second == bytes) continue;
        changed.push_back({of_.out + "/" + name, bytes});
      }
    return replace_files(changed);
  }

 private:
  static deadline limit() { return deadline::after(machine_clock().now(), update_limit); }

  [[nodiscard]] result<file_map> read_directory(const std::vector<std::string>& names) const {
    return read_within<file_map>(of_.out, [names, directory = of_.out]() -> result<file_map> {
      file_map out;
      for (const std::string& name : names) {
        auto text = read_file(directory + "/" + name, trust::max_target_bytes);
        if (text)
          out.emplace(name, text->reveal());
        else if (text.error().code != error_code::not_found)
          return fail(std::move(text.error()));
      }
      return out;
    });
  }

  const trust_arguments& of_;
  std::optional<access::file_object_name> name_;
  std::unique_ptr<cluster_session> session_;
  access::file_object held_;
};

result<access::tuf_repository> repository_of(const std::string& url, const config::settings& s) {
  auto read = access::parse_tuf_url(url);
  if (!read) return fail(std::move(read.error()).at("--tuf-url"));
  if (auto good = http::check(http::proxy_from_environment()); !good) return fail(std::move(good.error()));
  access::tuf_repository out{std::move(*read)};
  const auto where = http::parse_endpoint(out.url);
  if (!where) return fail(where.error());
  if (const auto host = s.registries.find(where->url_authority()); host != s.registries.end())
    out.tls = http::trusting(host->second.ca_file);
  return out;
}

result<void> fetch_update(access::tuf_repository from, trust::tuf_update& update) {
  asio::io_context io(1);
  http::curl_client_options direct;
  direct.proxy = http::proxy_from_environment();
  direct.guards_addresses = false;
  http::curl_client http(io, direct);
  return access::run_to_end(io, access::fetch_tuf(http, std::move(from), update, machine_clock(),
                                                  deadline::after(machine_clock().now(), update_limit)));
}

result<std::string> read_root(const std::string& file) {
  if (file.empty()) return std::string();
  auto text = read_within<secret>(file, [file] { return read_file(file, trust::max_root_bytes); });
  if (!text) return fail(std::move(text.error()).at("--root"));
  return text->reveal();
}

// What did not hold comes after the root, which holds.
void keep_root(trust_store& store, const trust::tuf_update& update, const file_map& before) {
  const std::string root = update.newest_root();
  if (root.empty()) return;
  file_map files = before;
  files.insert_or_assign("tuf.root.json", root);
  if (const auto good = store.write(files, before); !good) say(trust_name, good.error().message);
}

int print_update(const trust::tuf_update& done, const file_map& before, bool is_quiet) {
  std::string lines;
  for (const auto& [name, bytes] : done.files()) {
    if (name.starts_with("tuf.")) continue;
    const auto old = before.find(name);
    const bool is_same = old != before.end() && old->second == bytes;
    lines += fmt::format("{} sha256:{} {}\n", name, encode_hexadecimal(trust::sha256(bytes)),
                         is_same ? "unchanged" : "written");
  }
  if (const auto ok = print_text(lines); !ok) return refuse_trust(ok.error(), exit_failed);
  const auto& v = done.versions();
  if (!is_quiet)
    say(trust_name, fmt::format("verified: root {}, timestamp {}, snapshot {}, targets {}; update again before {}",
                                v.root, v.timestamp, v.snapshot, v.targets, timestamp_text(done.expires())));
  return exit_good;
}

}  // namespace

int trust_update(const arguments& arguments) {
  const trust_arguments& a = arguments.trust;
  const environment variables = process_environment();
  const auto s = config::settings_for_files(arguments.configuration.file, variables);
  if (!s) return refuse_trust(s.error(), exit_usage);
  auto from = repository_of(a.url, *s);
  if (!from) return refuse_trust(from.error(), exit_usage);
  auto root = read_root(a.root);
  if (!root) return refuse_trust(root.error(), exit_usage);
  trust_store store(a);
  if (const auto good = store.open(arguments, *s, variables); !good)
    return refuse_trust(good.error(), exit_code_of_cluster(good.error()));
  const auto before = store.read(trust::tuf_stored_names(a.targets));
  if (!before) return refuse_trust(before.error(), a.out.empty() ? exit_lookup : exit_usage);
  if (root->empty() && !before->contains("tuf.root.json"))
    return refuse_trust({error_code::invalid_input,
                         "the first update needs --root, the root.json of the repository's publisher", std::nullopt},
                        exit_usage);
  auto update = trust::tuf_update::begin(
      {.root = std::move(*root), .stored = *before, .targets = a.targets, .now = machine_clock().wall()});
  if (!update) return refuse_trust(update.error(), code_of_update(update.error()));
  if (const auto done = fetch_update(std::move(*from), *update); !done) {
    keep_root(store, *update, *before);
    return refuse_trust(done.error(), code_of_update(done.error()));
  }
  if (const auto good = store.write(update->files(), *before); !good)
    return refuse_trust(good.error(), a.out.empty() ? exit_code_of_cluster(good.error()) : exit_failed);
  return print_update(*update, *before, arguments.of_cluster.quiet);
}

}  // namespace pinhook::cli
