#include <pinhook/cli/verify_report.hpp>

#include <pinhook/base/json_writer.hpp>
#include <pinhook/base/printable.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/base/utf8.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/trust/claim.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <string_view>

namespace pinhook::cli {
namespace {

using access::named_verdict;
using access::verified_image;
using signatures::signature_report;

// Bytes of a text of a certificate that are shown: subjects of workflows have 200.
constexpr std::size_t max_shown = 300;

std::string shown(std::string_view text) { return cut(printable(text), max_shown); }

// "cosign bundle by dev@acme.test (issuer https://…), 2026-11-28T10:00:00Z, for linux/amd64"
std::string description_of(const signature_report& of) {
  std::string out(to_string(of.of));
  if (!of.statement.empty() && of.statement != trust::sign_predicate)
    out += fmt::format(" with attestation {}", shown(of.statement));
  if (!of.signer.empty()) out += fmt::format(" by {}", shown(of.signer));
  if (!of.issuer.empty()) out += fmt::format(" (issuer {})", shown(of.issuer));
  if (of.signed_at) out += fmt::format(", {}", timestamp_text(*of.signed_at));
  if (!of.platform.empty()) out += fmt::format(", for {}", of.platform);
  return out;
}

void add_verdict(std::string& out, const named_verdict& of) {
  if (!of.verdict) {
    out += fmt::format("  {}: could not be looked up: {}\n", of.verifier, of.verdict.error().message);
    return;
  }
  const auto& verdict = *of.verdict;
  out += verdict.is_verified ? fmt::format("  {}: verified\n", of.verifier)
                             : fmt::format("  {}: not verified: {}\n", of.verifier, printable(verdict.reason));
  for (const signature_report& one : verdict.signatures)
    out += fmt::format("    {} {}: {}\n", one.failure ? "-" : "+", description_of(one),
                       one.failure ? printable(one.failure->message) : std::string("holds"));
  for (const std::string& one : verdict.unreadable) out += fmt::format("    - cannot be read: {}\n", printable(one));
  if (verdict.left_out > 0)
    out += fmt::format("    {} more not looked at\n", counted_noun(verdict.left_out, "document"));
}

void add_text(json::writer& to, std::string_view name, std::string_view text) {
  to.key(name);
  if (text.empty())
    to.null();
  else
    to.string(valid_utf8(text));
}

void add_bool(json::writer& to, std::string_view name, bool value) {
  to.key(name);
  to.boolean(value);
}

void add_signature(json::writer& to, const signature_report& of) {
  to.open_object();
  add_text(to, "kind", to_string(of.of));
  add_text(to, "platform", of.platform);
  add_text(to, "type", of.statement);
  add_text(to, "signer", of.signer);
  add_text(to, "issuer", of.issuer);
  add_text(to, "signed_at", of.signed_at ? timestamp_text(*of.signed_at) : std::string());
  add_bool(to, "verified", !of.failure);
  add_text(to, "reason", of.failure ? of.failure->message : std::string());
  to.close_object();
}

void add_verifier(json::writer& to, const named_verdict& of) {
  const signatures::image_verdict verdict = of.verdict.value_or(signatures::image_verdict());
  to.open_object();
  add_text(to, "name", of.verifier);
  add_bool(to, "verified", verdict.is_verified);
  add_text(to, "reason", verdict.reason);
  add_text(to, "error", of.verdict ? std::string() : of.verdict.error().message);
  add_text(to, "signed_digest", verdict.signed_tag ? verdict.signed_tag->digest : std::string());
  to.key("signatures");
  to.open_array();
  for (const signature_report& one : verdict.signatures) add_signature(to, one);
  to.close_array();
  to.key("unreadable");
  to.open_array();
  for (const std::string& one : verdict.unreadable) to.string(valid_utf8(one));
  to.close_array();
  to.key("left_out");
  to.number(std::uint64_t{verdict.left_out});
  to.close_object();
}

}  // namespace

std::string verify_table(const std::vector<verified_image>& images) {
  std::string out;
  for (const verified_image& one : images) {
    if (!one.digest) {
      out += fmt::format("{}\n  could not be looked up: {}\n", one.ref.written(), one.digest.error().message);
      continue;
    }
    const std::string digest = one.ref.is_pinned() ? std::string() : "@" + one.digest->to_string();
    out += fmt::format("{}{}\n", one.ref.written(), digest);
    for (const named_verdict& verdict : one.verdicts) add_verdict(out, verdict);
  }
  return out;
}

std::string verify_json(const std::vector<verified_image>& images) {
  json::writer out(2);
  out.open_array();
  for (const verified_image& one : images) {
    out.open_object();
    add_text(out, "reference", one.ref.written());
    add_text(out, "canonical", one.ref.canonical());
    add_text(out, "digest", one.digest ? one.digest->to_string() : std::string());
    add_bool(out, "verified", one.is_verified());
    add_text(out, "error", one.digest ? std::string() : one.digest.error().message);
    out.key("verifiers");
    out.open_array();
    for (const named_verdict& verdict : one.verdicts) add_verifier(out, verdict);
    out.close_array();
    out.close_object();
  }
  out.close_array();
  return std::move(out).text() + "\n";
}

int verify_exit_code(const std::vector<verified_image>& images) {
  if (std::ranges::any_of(images, &verified_image::is_unknown)) return exit_lookup;
  return std::ranges::all_of(images, &verified_image::is_verified) ? exit_good : exit_failed;
}

}  // namespace pinhook::cli
