#include <pinhook/resolve/advice.hpp>

#include <pinhook/base/printable.hpp>

#include <fmt/core.h>

#include <array>

namespace pinhook::resolve {
namespace {

constexpr std::size_t max_account_size = 63;

// Kubernetes' own page; the anchor is that of the section "Specifying imagePullSecrets on a Pod".
constexpr std::string_view pull_secrets_page =
    "https://kubernetes.io/docs/concepts/containers/images/#specifying-imagepullsecrets-on-a-pod";

struct row {
  error_code code;
  std::string_view advice;
};

// Empty: `login_advice`.
constexpr std::array<row, 11> of_codes{{
    {error_code::invalid_input, "Correct the reference"},
    {error_code::not_found, "Check the name and the tag"},
    {error_code::unauthorized, ""},
    {error_code::denied, ""},
    {error_code::rate_limited, "Try again later"},
    {error_code::unavailable, "Try again, and check the way to the registry"},
    {error_code::timed_out, "Try again"},
    {error_code::canceled, "Try again"},
    {error_code::malformed, "Try again, and check for a proxy in front of the registry"},
    {error_code::unsupported, "Push the image again in a current format"},
    {error_code::internal, "Report this with pinhook's log"},
}};

struct remedy_row {
  remedy mended_by;
  std::string_view command, webhook;
};

constexpr std::array<remedy_row, 5> of_remedies{{
    {remedy::in_message, "", ""},
    {remedy::name_resolution, "Check the registry's name, and this machine's DNS",
     "Check the registry's name, and the cluster's DNS"},
    {remedy::other_source, "Take it from another registry, or allow this one in pinhook's configuration",
     "Take it from another registry, or have this one allowed"},
    {remedy::configuration, "Correct pinhook's configuration",
     "Ask those who run pinhook to correct its configuration"},
    {remedy::lock_file, "Run pinhook lock, and roll the file out", "Ask those who keep the lock file to add the image"},
}};

bool needs_login(const error& e) {
  return e.mended_by == remedy::of_code && (e.code == error_code::unauthorized || e.code == error_code::denied);
}

std::string login_advice(const audience& reader) {
  if (reader.at == audience::place::command) {
    // Without a name, docker login is for Docker Hub.
    const bool is_named = !reader.registry.empty() && reader.registry != "docker.io";
    return fmt::format("Check the name; for a private image, log in: docker login{}{}", is_named ? " " : "",
                       is_named ? reader.registry : "");
  }
  if (!reader.reads_pull_secrets)
    return "Check the name; for a private image, ask those who run pinhook to give it credentials";
  const std::string account =
      cut_middle(printable(reader.service_account.empty() ? "default" : reader.service_account), max_account_size);
  return reader.has_pull_secrets
             ? fmt::format("Check the name, and the imagePullSecrets of the Pod and of service account {}", account)
             : fmt::format(
                   "Check the name; for a private image, add imagePullSecrets to the Pod or to service "
                   "account {}",
                   account);
}

}  // namespace

std::string advice_for(const error& cause, const audience& reader) {
  if (needs_login(cause)) return login_advice(reader);
  for (const remedy_row& r : of_remedies)
    if (r.mended_by == cause.mended_by)
      return std::string(reader.at == audience::place::command ? r.command : r.webhook);
  for (const row& r : of_codes)
    if (r.code == cause.code) return std::string(r.advice);
  return std::string(of_codes.back().advice);
}

std::string_view page_for(const error& cause, const audience& reader) {
  const bool is_for_secrets = needs_login(cause) && reader.at == audience::place::webhook && reader.reads_pull_secrets;
  return is_for_secrets ? pull_secrets_page : std::string_view();
}

}  // namespace pinhook::resolve
