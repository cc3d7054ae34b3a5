#include <pinhook/registry/credential_helper.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/text.hpp>

#include <fmt/core.h>

#include <string_view>

namespace pinhook::registry {
namespace {

constexpr std::string_view not_found = "credentials not found in native keychain";
// The user name under which a helper keeps an identity token.
constexpr std::string_view token_user = "<token>";
constexpr std::size_t shown_text = 200;

std::string program_of(const helper_call& call) { return "docker-credential-" + call.suffix; }

}  // namespace

process_request helper_request(const helper_call& call) {
  process_request out;
  out.argv = {program_of(call), "get"};
  out.input = secret(call.server);
  return out;
}

std::string helper_identity(const helper_call& call) {
  return fmt::format("helper {} {}", call.suffix, quoted(call.server, call.server.size()));
}

result<std::optional<credential>> read_helper_answer(const helper_call& call, const process_output& output) {
  const std::string where = fmt::format("{} for {}", program_of(call), quoted(call.server));
  const auto text = trimmed(output.output.reveal());
  if (output.exit_code != 0) {
    if (text.find(not_found) != std::string_view::npos) return std::nullopt;
    return fail(error_code::unavailable,
                fmt::format("{}: exit code {}: {}", where, output.exit_code, quoted(text, shown_text)));
  }
  constexpr json::parse_limits limits{.depth = 8, .size = std::size_t{64} * 1024};
  const auto document = json::parse(text, limits);
  if (!document) return fail(error_code::malformed, fmt::format("{}: {}", where, document.error().message));
  const auto user = json::find_string(*document, "Username");
  const auto kept = json::find_string(*document, "Secret");
  if (!user || !kept)
    return fail(error_code::malformed, fmt::format("{}: the answer has no \"Username\" and \"Secret\"", where));
  if (kept->empty()) return std::nullopt;
  if (user->empty()) return fail(error_code::malformed, fmt::format("{}: the answer has an empty \"Username\"", where));

  credential out;
  out.kind = *user == token_user ? credential_kind::identity_token : credential_kind::basic;
  if (out.kind == credential_kind::basic) out.username = *user;
  out.secret = secret(std::string(*kept));
  out.source = fmt::format("credential helper {}: {}", call.suffix, call.server);
  out.identity = helper_identity(call);
  return out;
}

}  // namespace pinhook::registry
