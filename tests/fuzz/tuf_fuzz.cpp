// The contents of TUF files, which are signed here by a key of each role: whatever they say, a walk ends, and a target
// that is taken has the hash that was listed. Parts: next root, timestamp, snapshot, targets, a delegated role, target,
// the snapshot that is stored; in them, HASH and LENGTH stand for those of the target, and KEY for the public key.
#include "fuzz/fuzz_signer.hpp"
#include "fuzz/json_mutator.hpp"

#include <pinhook/base/hexadecimal.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/trust/canonical_json.hpp>
#include <pinhook/trust/tuf_update.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace {

using pinhook::fuzz::replace_each;
using pinhook::fuzz::require;
namespace trust = pinhook::trust;

const pinhook::fuzz::signer& by() {
  static const pinhook::fuzz::signer made;
  return made;
}

// What is no JSON stays as it is.
std::string signed_file(const std::string& content) {
  const auto parsed = pinhook::json::parse(content, {.depth = 32, .size = trust::max_tuf_bytes});
  const auto canonical = parsed ? trust::canonical_json(*parsed) : pinhook::fail(parsed.error());
  if (!canonical) return content;
  return R"({"signatures":[{"keyid":"k","sig":")" + pinhook::encode_hexadecimal(by().sign(*canonical)) +
         R"("}],"signed":)" + content + "}";
}

constexpr std::string_view root_text =
    R"({"_type":"root","spec_version":"1.0.31","version":1,"expires":"2100-01-01T00:00:00Z","consistent_snapshot":true,)"
    R"("keys":{"k":{"keytype":"ed25519","scheme":"ed25519","keyval":{"public":"KEY"}}},"roles":{)"
    R"("root":{"keyids":["k"],"threshold":1},"timestamp":{"keyids":["k"],"threshold":1},)"
    R"("snapshot":{"keyids":["k"],"threshold":1},"targets":{"keyids":["k"],"threshold":1}}})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto parts = pinhook::fuzz::parts_of({reinterpret_cast<const char*>(data), size}, 7);
  const std::string target = parts[5];
  const std::string hash = pinhook::encode_hexadecimal(trust::sha256(target));
  static const std::string key = pinhook::encode_hexadecimal(by().raw_key());
  for (std::string& one : parts) {
    replace_each(one, "HASH", hash);
    replace_each(one, "LENGTH", std::to_string(target.size()));
    replace_each(one, "KEY", key);
  }
  std::string root(root_text);
  replace_each(root, "KEY", key);
  const auto has = [](std::string_view path, std::string_view part) {
    return path.find(part) != std::string_view::npos;
  };
  std::map<std::string, std::string> stored;
  if (!parts[6].empty()) stored.emplace("tuf.snapshot.json", signed_file(parts[6]));
  auto update = trust::tuf_update::begin({.root = signed_file(root),
                                          .stored = std::move(stored),
                                          .targets = {"a/b.json"},
                                          .now = pinhook::parse_timestamp("2027-01-01T00:00:00Z").value()});
  if (!update) return 0;
  int steps = 0;
  while (const trust::tuf_request* wanted = update->wanted()) {
    require(++steps < 64);
    const std::string& path = wanted->path;
    std::optional<std::string> bytes = signed_file(parts[4]);
    if (has(path, "root.json"))
      bytes = path == "2.root.json" && !parts[0].empty() ? std::optional(signed_file(parts[0])) : std::nullopt;
    else if (has(path, "timestamp.json"))
      bytes = signed_file(parts[1]);
    else if (has(path, "snapshot.json"))
      bytes = signed_file(parts[2]);
    else if (path.starts_with("targets/"))
      bytes = target;
    else if (has(path, "targets.json"))
      bytes = signed_file(parts[3]);
    if (!update->take(std::move(bytes))) return 0;
  }
  require(update->files().at("b.json") == target);
  return 0;
}
