// Any bytes as an image reference, read a second time by the expressions of distribution/reference (regexp.go at
// 0965666a) in RE2 and its rules on top of them (ParseNormalizedNamed in normalize.go, the algorithms of go-digest):
// both accept the same texts and give the same registry and repository. Where pinhook is stricter (reference.hpp) is
// said here.
#include <pinhook/registry/reference.hpp>

#include <re2/re2.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace {

struct meaning {
  std::string registry, repository;
};

const std::string component = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const std::string domain = "(?:" + component + "(?:\\." + component + ")*|\\[(?:[a-fA-F0-9:]+)\\])(?::[0-9]+)?";
const std::string part = "[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*";

const re2::RE2 whole(
    "((?:" + domain + "/)?" + part + "(?:/" + part +
    ")*)(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[[:xdigit:]]{32,}))?");
const re2::RE2 only_hex("[a-f0-9]{64}");
const re2::RE2 domain_alone(domain);
const re2::RE2 path_alone(part + "(?:/" + part + ")*");
const re2::RE2 known_digest("sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}");

bool matches(std::string_view text, const re2::RE2& expression) {
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), expression);
}

// Stricter than distribution/reference: a port is 1 to 65535.
bool is_good_port(std::string_view host) {
  const std::size_t colon = host.ends_with(']') ? std::string_view::npos : host.rfind(':');
  if (colon == std::string_view::npos) return true;
  const std::string_view digits = host.substr(colon + 1);
  std::uint64_t port = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return code == std::errc() && end == digits.data() + digits.size() && port >= 1 && port <= 65535;
}

std::optional<meaning> read_by_grammar(std::string_view text) {
  if (text.size() > pinhook::registry::max_reference_size || matches(text, only_hex)) return std::nullopt;
  std::string name;
  std::string tag;
  std::string digest;
  if (!re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), whole, &name, &tag, &digest))
    return std::nullopt;
  if (!digest.empty() && !matches(digest, known_digest)) return std::nullopt;
  // splitDockerDomain: the first part is a registry where it looks like one.
  meaning out{"docker.io", name};
  if (const std::size_t slash = name.find('/'); slash != std::string::npos) {
    const std::string first = name.substr(0, slash);
    bool has_capital = false;
    for (const char c : first) has_capital = has_capital || (c >= 'A' && c <= 'Z');
    if (first.find_first_of(".:") != std::string::npos || first == "localhost" || has_capital)
      out = {first, name.substr(slash + 1)};
  }
  if (!matches(out.registry, domain_alone) || !matches(out.repository, path_alone) || !is_good_port(out.registry))
    return std::nullopt;
  if (out.registry == "index.docker.io") out.registry = "docker.io";
  if (out.registry == "docker.io" && out.repository.find('/') == std::string::npos)
    out.repository = "library/" + out.repository;
  if (out.repository.size() > pinhook::registry::max_repository_size) return std::nullopt;
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto own = pinhook::registry::reference::read(text);
  const auto other = read_by_grammar(text);
  if (own.has_value() != other.has_value()) std::abort();
  if (own && (own->registry() != other->registry || own->repository() != other->repository)) std::abort();
  return 0;
}
