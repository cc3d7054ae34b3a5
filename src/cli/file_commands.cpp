#include <pinhook/cli/file_commands.hpp>

#include <pinhook/cli/option_parts.hpp>

#include <CLI/CLI.hpp>

#include <string>

namespace pinhook::cli {
namespace {

void add_paths(CLI::App& app, arguments& out) {
  app.add_option("PATH", out.files.paths, "Files, directories, globs; - or nothing: standard input")->type_name("");
}

void add_namespace(CLI::App& app, arguments& out) {
  one_namespace(app.add_option("-n,--namespace", out.files.ns,
                               "The namespace of objects that name none, for rules that ask for it"));
}

void add_format(CLI::App& app, arguments& out) {
  one_of(app.add_option("--format", out.files.format, "By digest with the tag in a comment, or both in the reference"),
         {"digest", "tag-and-digest"});
}

void add_digests(CLI::App& app, arguments& out) {
  app.add_option("--lock", out.files.lock_file, "Take digests from this lock file; a missing image is an error")
      ->type_name("FILE");
  app.add_flag("--offline", out.files.offline, "Ask no registry");
}

void add_sights(CLI::App& app, arguments& out) {
  app.add_option(
         "--store", out.files.store,
         "With --cooldown: what `pinhook report --store` has seen counts, too, not this lock file's sights alone")
      ->type_name("FILE");
}

void add_quiet(CLI::App& app, arguments& out) {
  app.add_flag("-q,--quiet", out.files.quiet, "Print errors and results alone");
}

void add_rewriting(CLI::App& app, arguments& out) {
  app.add_flag("-i,--in-place", out.files.in_place,
               "Write the files themselves: all or none, and none that was changed meanwhile");
  app.add_flag("--diff", out.files.diff, "Print the changes as a diff, and write nothing");
  app.add_flag("--keep-going", out.files.keep_going, "Write the files that succeed although something failed");
}

}  // namespace

void declare_pin(CLI::App& app, arguments& out) {
  add_paths(app, out);
  add_rewriting(app, out);
  app.add_flag("--update", out.files.update, "Resolve the tags of pinned images again, too");
  add_cooldown(app, out.files.cooldown,
               "With --update: a moved tag keeps its digest until the new one was seen for so long (72h); the lock "
               "file (--lock, else pinhook.lock) remembers it");
  add_sights(app, out);
  add_format(app, out);
  add_digests(app, out);
  add_namespace(app, out);
  add_quiet(app, out);
  add_config(app, out);
}

void declare_unpin(CLI::App& app, arguments& out) {
  add_paths(app, out);
  add_rewriting(app, out);
  add_quiet(app, out);
  add_config(app, out);
}

void declare_check(CLI::App& app, arguments& out) {
  add_paths(app, out);
  app.add_flag("--drift", out.files.drift, "Compare pins with the digests that their tags have now");
  app.add_flag("-v,--verbose", out.files.verbose, "List values that look like images and are not read, too");
  app.add_flag(
      "--strict", out.files.strict,
      "Fail for notes, for values that look like images and are not read, and for a PATH without an image, too");
  one_of(app.add_option("-o,--output", out.files.output, "How to print the findings"),
         {"table", "json", "sarif", "junit", "github"});
  add_format(app, out);
  add_digests(app, out);
  add_namespace(app, out);
  add_quiet(app, out);
  add_config(app, out);
}

void declare_lock(CLI::App& app, arguments& out) {
  add_paths(app, out);
  app.add_option("--file", out.files.lock_file, "The lock file (default pinhook.lock); - for standard output")
      ->type_name("FILE");
  one_of(app.add_option("--as", out.files.lock_format, "Its format (default: as the file is, else pinhook)"),
         {"pinhook", "kbld"});
  app.add_flag("--update", out.files.update, "Resolve again what is locked already");
  add_cooldown(app, out.files.cooldown,
               "With --update: a moved tag keeps its digest until the new one was seen for so long (72h)");
  add_sights(app, out);
  app.add_flag("--prune", out.files.prune, "Drop what is locked and not in these files");
  app.add_flag("--keep-going", out.files.keep_going, "Write what succeeds although something failed");
  app.add_flag("--offline", out.files.offline, "Ask no registry: fail when something is missing");
  add_namespace(app, out);
  add_quiet(app, out);
  add_config(app, out);
}

void declare_resolve(CLI::App& app, arguments& out) {
  app.add_option("REF", out.files.references, "References, as in a Pod's image; - reads more from standard input")
      ->required()
      ->type_name("");
  app.add_option("--platform", out.files.platform, "The digest of one platform's manifest: linux/arm64")
      ->type_name("OS/ARCH");
  one_of(app.add_option("-o,--output", out.files.output, "How to print them"), {"text", "json"});
  add_quiet(app, out);
  add_config(app, out);
}

void declare_verify(CLI::App& app, arguments& out) {
  verify_arguments& to = out.verify;
  app.add_option("REF", out.files.references, "References, as in a Pod's image; - reads more from standard input")
      ->required()
      ->type_name("");
  const auto text = [&](const char* name, std::string& into, const char* type, const char* help) {
    app.add_option(name, into, help)->type_name(type);
  };
  text("--verifier", to.verifier, "NAME", "A verifier of the configuration (default: each of them)");
  // One value for each option, since REF may follow it.
  app.add_option("--key", to.keys, "PEM file with the public key of a signer; may be repeated")
      ->type_name("FILE")
      ->allow_extra_args(false);
  text("--trusted-root", to.trusted_root, "FILE",
       "Sigstore's trusted_root.json: whose certificates and logs are believed");
  text("--identity", to.identity, "NAME", "The signer in the certificate: an e-mail address or URI");
  text("--identity-regexp", to.identity_regexp, "REGEXP", "The same by a regular expression for the whole text");
  text("--issuer", to.issuer, "URL", "The OIDC issuer in the certificate");
  text("--issuer-regexp", to.issuer_regexp, "REGEXP", "The same by a regular expression for the whole text");
  text("--trust-policy", to.trust_policy, "FILE", "Notation's trustpolicy.json");
  text("--trust-store", to.trust_store, "DIR", "Notation's directory truststore");
  text("--attestation", to.attestation, "TYPE",
       "Ask for an attestation of this predicate type in place of a signature");
  text("--at", to.at, "TIME", "Verify as at this moment, as 2026-11-21T02:45:00Z (default: now)");
  one_of(app.add_option("-o,--output", out.files.output, "How to print it"), {"table", "json"});
  add_quiet(app, out);
  add_config(app, out);
}

void declare_fn(CLI::App& app, arguments& out) {
  add_namespace(app, out);
  add_quiet(app, out);
  add_config(app, out);
}

void declare_rules(CLI::App& app, arguments& out) {
  one_of(app.add_option("ACTION", out.rules_action, "What to do")->required(), {"test"});
  app.add_option("FILE", out.rules_file, "Images, where they are used, and the expected result of the rules")
      ->required()
      ->type_name("");
  add_config(app, out);
}

}  // namespace pinhook::cli
