#include "support/paths.hpp"
#include "support/signature_case.hpp"

#include <pinhook/base/hexadecimal.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/trust/pem.hpp>
#include <pinhook/trust/wire_json.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <utility>

namespace pinhook::testing {
namespace {

namespace fs = std::filesystem;

fs::path root() { return fs::path(source_dir()) / "tests/corpus/signatures"; }

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

json::document json_of(const std::string& text) {
  auto out = json::parse(text);
  if (!out) throw std::runtime_error(out.error().message);
  return std::move(*out);
}

// Empty also when its bytes have another digest or size.
std::string whole_blob(const signature_registry& in, const json::value& descriptor) {
  const std::string_view digest = trust::text_in(descriptor, "digest");
  std::string out = in.blob(digest);
  const bool is_whole = digest == "sha256:" + encode_hexadecimal(trust::sha256(out)) &&
                        json::find_integer(descriptor, "size") == std::ssize(out);
  return is_whole ? out : std::string();
}

std::vector<std::string> referrers_in(const signature_registry& in, const std::string& subject) {
  std::vector<std::string> out;
  for (const std::string& list : {in.referrers(subject), in.manifest(in.tagged("sha256-" + subject.substr(7)))}) {
    if (list.empty()) continue;
    const auto read = json_of(list);
    for (const json::value* one : trust::list_in(read, "manifests")) {
      std::string digest(trust::text_in(*one, "digest"));
      if (std::ranges::find(out, digest) == out.end()) out.push_back(std::move(digest));
    }
  }
  return out;
}

std::vector<trust::signature> bundles_in(const signature_registry& in, const std::string& subject) {
  std::vector<trust::signature> out;
  for (const std::string& digest : referrers_in(in, subject)) {
    const std::string text = in.manifest(digest);
    if (text.empty()) continue;
    const auto manifest = json_of(text);
    const auto layers = trust::list_in(manifest, "layers");
    if (layers.size() != 1) continue;
    if (!trust::text_in(*layers.front(), "mediaType").starts_with("application/vnd.dev.sigstore.bundle")) continue;
    if (auto read = trust::parse_bundle(whole_blob(in, *layers.front()))) out.push_back(std::move(*read));
  }
  return out;
}

std::vector<trust::signature> simple_ones_in(const signature_registry& in, const std::string& subject) {
  std::vector<trust::signature> out;
  const std::string text = in.manifest(in.tagged("sha256-" + subject.substr(7) + ".sig"));
  if (text.empty()) return out;
  const auto manifest = json_of(text);
  for (const json::value* layer : trust::list_in(manifest, "layers")) {
    std::map<std::string, std::string> annotations;
    if (const json::value* all = json::find(*layer, "annotations"))
      for (const auto& [name, value] : all->GetObject()) annotations.emplace(json::text_of(name), json::text_of(value));
    if (auto read = trust::parse_simple_signing(whole_blob(in, *layer), annotations)) out.push_back(std::move(*read));
  }
  return out;
}

std::vector<trust::notation_signature> notation_ones_in(const signature_registry& in, const std::string& subject) {
  std::vector<trust::notation_signature> out;
  for (const std::string& digest : referrers_in(in, subject)) {
    const std::string text = in.manifest(digest);
    if (text.empty()) continue;
    const auto manifest = json_of(text);
    const json::value* config = json::find(manifest, "config");
    if (config == nullptr || trust::text_in(*config, "mediaType") != "application/vnd.cncf.notary.signature") continue;
    for (const json::value* layer : trust::list_in(manifest, "layers")) {
      const bool is_cose = trust::text_in(*layer, "mediaType") == "application/cose";
      auto read = is_cose ? trust::parse_notation_cose(whole_blob(in, *layer))
                          : trust::parse_notation_jws(whole_blob(in, *layer));
      if (read) out.push_back(std::move(*read));
    }
  }
  return out;
}

std::function<bool(const std::string&)> exactly(std::string_view text) {
  return [wanted = std::string(text)](const std::string& found) { return found == wanted; };
}

trust::cosign_policy policy_of(const fs::path& folder, const json::value& v) {
  trust::cosign_policy out;
  if (const auto file = trust::text_in(v, "key"); !file.empty())
    out.keys.push_back(trust::public_key::parse_pem(text_of(folder / std::string(file))).value());
  if (const auto file = trust::text_in(v, "trusted_root"); !file.empty())
    out.root =
        std::make_shared<trust::trusted_root>(trust::trusted_root::parse(text_of(folder / std::string(file))).value());
  if (trust::text_in(v, "digest_algorithm") == "sha384") out.digest_algorithm = trust::hash::sha384;
  if (const json::value* all = json::find(v, "annotations"))
    for (const auto& [name, value] : all->GetObject())
      out.annotations.emplace(json::text_of(name), json::text_of(value));
  if (out.keys.empty()) {
    out.identities.push_back({exactly(trust::text_in(v, "issuer")), exactly(trust::text_in(v, "identity"))});
    out.needs_log = json::find(v, "require") == nullptr;
    out.needs_sct = json::find_bool(v, "sct").value_or(true);
  }
  for (const json::value* one : trust::list_in(v, "require")) {
    if (json::text_of(*one) == "log") out.needs_log = true;
    if (json::text_of(*one) == "timestamp") out.needs_timestamp = true;
  }
  return out;
}

}  // namespace

signature_registry::signature_registry(const std::string& name)
    : folder_(root() / name), index_(json_of(text_of(folder_ / "oci.json"))) {}

std::string signature_registry::tagged(std::string_view tag) const {
  const json::value* tags = json::find(index_, "tags");
  return tags == nullptr ? std::string() : std::string(trust::text_in(*tags, tag));
}

std::string signature_registry::file_of(std::string_view member, std::string_view digest) const {
  const json::value* one = trust::find_path(index_, {member, digest});
  if (one == nullptr) return {};
  const std::string_view file = one->IsString() ? json::text_of(*one) : trust::text_in(*one, "file");
  return text_of(folder_ / std::string(file));
}

std::string signature_registry::manifest(std::string_view digest) const { return file_of("manifests", digest); }
std::string signature_registry::blob(std::string_view digest) const { return file_of("blobs", digest); }
std::string signature_registry::referrers(std::string_view digest) const { return file_of("referrers", digest); }

std::string signature_file(const std::string& name, const std::string& file) { return text_of(root() / name / file); }

std::string signature_test_name(const ::testing::TestParamInfo<std::string>& of) {
  std::string out = of.param;
  std::ranges::replace(out, '-', '_');
  return out;
}

std::vector<std::string> signature_cases(const std::string& flavour) {
  std::vector<std::string> out;
  for (const auto& one : fs::directory_iterator(root())) {
    const auto read = json_of(text_of(one.path() / "case.json"));
    if (trust::text_in(read, "flavour").starts_with(flavour)) out.push_back(one.path().filename());
  }
  std::ranges::sort(out);
  return out;
}

signature_case read_signature_case(const std::string& name) {
  const fs::path folder = root() / name;
  const auto read = json_of(text_of(folder / "case.json"));
  signature_case out;
  out.name = name;
  out.flavour = trust::text_in(read, "flavour");
  out.subject = trust::text_in(read, "subject");
  out.is_verified = trust::text_in(read, "expect") == "verified";
  out.is_either_right = json::find(read, "also_acceptable") != nullptr;
  out.verify_at = parse_timestamp(trust::text_in(read, "verify_at")).value();
  if (out.flavour.starts_with("notation")) {
    const json::value& policy = *json::find(read, "policy");
    out.notation =
        trust::notation_policy::parse(text_of(folder / std::string(trust::text_in(policy, "trust_policy")))).value();
    for (const auto& [store_name, files] : json::find(policy, "trust_stores")->GetObject())
      for (const json::value& file : files.GetArray())
        for (std::string& der : trust::certificates_in_pem(text_of(folder / std::string(json::text_of(file))), 100))
          out.stores[std::string(json::text_of(store_name))].push_back(std::move(der));
    const signature_registry in(name);
    const std::string text = in.manifest(out.subject);
    const auto manifest = json_of(text);
    out.described = {out.subject, std::string(trust::text_in(manifest, "mediaType")), std::ssize(text)};
    out.notation_signatures = notation_ones_in(in, out.subject);
  }
  if (out.flavour.starts_with("cosign")) {
    out.policy = policy_of(folder, *json::find(read, "policy"));
    const signature_registry in(name);
    out.signatures = bundles_in(in, out.subject);
    for (trust::signature& one : simple_ones_in(in, out.subject)) out.signatures.push_back(std::move(one));
  }
  return out;
}

}  // namespace pinhook::testing
