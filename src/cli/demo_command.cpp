#include <pinhook/base/log.hpp>
#include <pinhook/base/terminal.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/demo_console.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/standard_output.hpp>
#include <pinhook/demo/objects.hpp>
#include <pinhook/demo/story.hpp>

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

namespace pinhook::cli {
namespace {

result<void> stay(demo::site& site, const std::string& manifest) {
  const auto file =
      site.folder().write("review.json", demo::make_review("705ab4f5-6393-11e8-b7cc-42010a800002", manifest, {}));
  if (!file) return fail(file.error());
  fmt::print(
      "\nThe webhook and the registry stay up. Be the API server:\n\n"
      "curl -sS --cacert {} \\\n"
      "  --resolve {}:{}:127.0.0.1 \\\n"
      "  -H 'Content-Type: application/json' --data-binary @{} \\\n"
      "  'https://{}:{}/v1/pin/enforce?timeout=10s'\n\n"
      "response.patch is a JSON Patch in base64. Ctrl-C ends the demo and removes the files.\n",
      site.ca_file(), demo::site::service_name, site.webhook_port(), *file, demo::site::service_name,
      site.webhook_port());
  std::fflush(stdout);
  site.wait_for_signal();
  return {};
}

int give_up(const error& e) {
  std::fflush(stdout);
  say({}, e.message);
  return exit_code(e.code);
}

}  // namespace

int run_demo(const arguments& arguments) {
  if (arguments.shows_console) return run_demo_console();
  // The story shows each request, so the webhook's log needs only warnings.
  log::configure({.least = log::level::warning, .shape = log::format::text});
  demo::site site;
  if (const auto ok = site.start(); !ok) return give_up(ok.error());
  demo::view view(wants_colour(), text_columns(STDOUT_FILENO));
  view.headline(
      fmt::format("pinhook {}: the answers below came over HTTPS from the webhook at 127.0.0.1:{}; the images "
                  "are in an OCI registry at {}. Both run in this process.",
                  PINHOOK_VERSION, site.webhook_port(), site.registry_name()));
  if (const auto ok = demo::tell_story(site, view); !ok) return give_up(ok.error());
  fmt::print("\n{} of {} checks hold.\n", view.checks() - view.failures(), view.checks());
  if (arguments.stays) {
    if (const auto ok = stay(site, demo::story_manifest(site)); !ok) return give_up(ok.error());
  }
  return view.failures() == 0 ? exit_good : exit_failed;
}

}  // namespace pinhook::cli
