#include <pinhook/signatures/verifier_files.hpp>

#include <pinhook/base/file.hpp>
#include <pinhook/trust/notation_policy.hpp>
#include <pinhook/trust/trusted_root.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>
#include <variant>

namespace pinhook::signatures {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_key_bytes = std::size_t{64} * 1024;
constexpr std::size_t max_certificates_bytes = std::size_t{1024} * 1024;
constexpr std::size_t max_root_bytes = std::size_t{1024} * 1024;
// Of a trust store.
constexpr std::size_t max_store_files = 100;

// A file that a setting names, and the key that names it.
struct named_file {
  std::string key;
  watched_file file;
};

void add_file(std::vector<named_file>& to, std::string key, const std::string& text, std::size_t limit) {
  if (!text.empty() && !is_written_inline(text)) to.push_back({std::move(key), {text, limit}});
}

std::vector<named_file> files_of(const cosign_setting& s) {
  std::vector<named_file> out;
  for (std::size_t i = 0; i < s.keys.size(); ++i)
    add_file(out, fmt::format("cosign.keys[{}]", i), s.keys[i], max_key_bytes);
  add_file(out, "cosign.trusted_root", s.trusted_root, trust::max_trusted_root_bytes);
  return out;
}

// truststore/x509/<type>/<name>/<file>: notaryproject/specifications, trust-store-trust-policy.md, "Trust store". The
// hidden entries are those by which the kubelet changes a volume at once.
result<std::vector<named_file>> store_files(const std::string& directory) {
  std::vector<named_file> out;
  const auto entries_of = [&](const fs::path& at) -> result<std::vector<fs::path>> {
    std::vector<fs::path> found;
    std::error_code failed;
    fs::directory_iterator entry(at, failed);
    for (; !failed && entry != fs::directory_iterator(); entry.increment(failed))
      if (!entry->path().filename().string().starts_with('.')) found.push_back(entry->path());
    if (failed) return fail(error_code::invalid_input, fmt::format("{}: {}", at.string(), failed.message()));
    std::ranges::sort(found);
    return found;
  };
  const auto types = entries_of(fs::path(directory) / "x509");
  if (!types) return fail(types.error());
  for (const fs::path& type : *types) {
    const auto names = entries_of(type);
    if (!names) return fail(names.error());
    for (const fs::path& name : *names) {
      const auto files = entries_of(name);
      if (!files) return fail(files.error());
      for (const fs::path& file : *files)
        out.push_back({"notation.trust_store", {file.string(), max_certificates_bytes}});
      if (out.size() > max_store_files)
        return fail(error_code::invalid_input,
                    fmt::format("{}: more than {} files of certificates", directory, max_store_files));
    }
  }
  return out;
}

result<std::vector<named_file>> files_of(const verifier_setting& setting) {
  if (const auto* s = std::get_if<cosign_setting>(&setting.by)) return files_of(*s);
  if (const auto* s = std::get_if<notation_setting>(&setting.by)) {
    auto out = store_files(s->trust_store);
    if (!out) return fail(std::move(out.error()).at("notation.trust_store"));
    add_file(*out, "notation.trust_policy", s->trust_policy, trust::max_trust_policy_bytes);
    return out;
  }
  std::vector<named_file> out;
  add_file(out, "content_trust.root", std::get<content_trust_setting>(setting.by).root, max_root_bytes);
  return out;
}

}  // namespace

file_contents read_verifier_files(const std::vector<verifier_setting>& settings) {
  file_contents out;
  std::set<std::string> seen;
  const auto refuse = [&](const verifier_setting& of, error why) {
    out.problem =
        error{error_code::invalid_input, std::move(why).at(fmt::format("verifier {}", of.name)).message, std::nullopt};
    out.mark = out.problem->message;
  };
  std::string marks;
  for (const verifier_setting& one : settings) {
    const auto files = files_of(one);
    if (!files) {
      refuse(one, files.error());
      return out;
    }
    for (const named_file& named : *files) {
      if (!seen.insert(named.file.path).second) continue;
      auto text = read_file(named.file.path, named.file.limit);
      if (!text) {
        refuse(one, std::move(text.error()).at(named.key));
        return out;
      }
      marks += keyed_hash(named.file.path);
      marks += keyed_hash(text->reveal());
      out.texts.emplace_back(named.file.path);
      out.texts.push_back(*std::move(text));
    }
  }
  out.mark = std::move(marks);
  return out;
}

std::function<file_contents()> look_at_verifiers(std::vector<verifier_setting> settings) {
  return [all = std::move(settings)] { return read_verifier_files(all); };
}

std::map<std::string, std::string> texts_in(const file_contents& files) {
  std::map<std::string, std::string> out;
  for (std::size_t i = 0; i + 1 < files.texts.size(); i += 2)
    out.emplace(files.texts[i].reveal(), files.texts[i + 1].reveal());
  return out;
}

std::string store_of(const notation_setting& s, const std::string& path) {
  const fs::path below = fs::path(path).lexically_relative(fs::path(s.trust_store) / "x509");
  std::vector<std::string> parts;
  for (const auto& part : below) parts.push_back(part.string());
  return parts.size() == 3 && parts.front() != ".." ? fmt::format("{}:{}", parts[0], parts[1]) : std::string();
}

std::string directory_of(const notation_setting& s, std::string store) {
  std::ranges::replace(store, ':', '/');
  return (fs::path(s.trust_store) / "x509" / store).string();
}

std::map<std::string, std::string> own_files(const verifier_setting& setting,
                                             const std::map<std::string, std::string>& all) {
  std::map<std::string, std::string> out;
  const auto* notation = std::get_if<notation_setting>(&setting.by);
  for (const auto& one : all) {
    const bool is_named =
        notation != nullptr ? one.first == notation->trust_policy || !store_of(*notation, one.first).empty()
                            : std::ranges::any_of(*files_of(setting),
                                                  [&](const named_file& file) { return file.file.path == one.first; });
    if (is_named) out.insert(one);
  }
  return out;
}

}  // namespace pinhook::signatures
