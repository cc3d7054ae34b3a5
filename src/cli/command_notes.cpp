#include <pinhook/cli/command_notes.hpp>

#include <array>

namespace pinhook::cli {
namespace {

// A paragraph is one line here; help and manual pages wrap it.
struct note {
  cli::command command;
  const char* text;
};

constexpr std::array<note, 18> notes{{
    {command::pin,
     "Standard input is written to standard output, pinned. A directory gives its *.yaml, *.yml and *.json files that "
     "git does not ignore. Only the bytes of the image change. Without -i nothing is written but the result; with it, "
     "no file is touched when any look-up fails, unless --keep-going.\n"
     "\n"
     "Examples:\n"
     "  pinhook pin -i deploy/                       pin every manifest below a directory\n"
     "  pinhook pin --diff deploy/ 'base/*.yaml'     show the changes, as a patch\n"
     "  pinhook pin -i --update deploy/              move pins to the digests that their tags have now\n"
     "  pinhook pin -i --update --cooldown 72h deploy/   but only to digests that were seen for three days\n"
     "  pinhook pin -i --lock pinhook.lock deploy/   take the digests of a lock file\n"
     "  helm template web ./chart | pinhook pin -    pin a rendered chart\n"
     "\n"
     "Exit codes: 0 done; 2 wrong usage, or a file that cannot be read or understood; 3 a look-up failed. 1 when a "
     "rule denies an image for its registry or signatures, or the result could not be written."},
    {command::unpin,
     "A pin becomes the tag in its reference or in the comment behind it. Pins without a tag stay.\n"
     "\n"
     "Examples:\n"
     "  pinhook unpin -i deploy/              put the tags back\n"
     "  pinhook unpin --diff deploy/          show the changes\n"
     "  pinhook unpin <web.yaml >plain.yaml   from standard input to standard output\n"
     "\n"
     "Exit codes: 0 done; 2 wrong usage, or a file that cannot be read or understood. 1 when the result could not be "
     "written."},
    {command::check,
     "Only --drift contacts registries, unless --lock gives the digests of tags. A PATH in which no image is found is "
     "named on standard error.\n"
     "\n"
     "Examples:\n"
     "  pinhook check deploy/                          images not pinned, without a tag, or at latest\n"
     "  pinhook check --drift deploy/                  and pins with a moved tag\n"
     "  pinhook check --lock pinhook.lock deploy/      compared with a lock file\n"
     "  pinhook check -o sarif deploy/ >images.sarif   for code scanning\n"
     "  pinhook check -o github .                      annotations of a GitHub workflow\n"
     "\n"
     "Exit codes: 0 nothing found; 1 findings, with --strict also notes, unread values and a PATH without an image; 2 "
     "wrong usage, or "
     "a file that cannot be read or understood; 3 a look-up failed. When several apply: 2, then 3, then 1."},
    {command::lock,
     "Images that are locked already keep their digest unless --update, and stay although these files do not use them "
     "unless --prune. Lines are sorted, one an image, so that branches merge. Files that pin one tag to different "
     "digests are named and decide nothing.\n"
     "\n"
     "Examples:\n"
     "  pinhook lock deploy/                   write pinhook.lock\n"
     "  pinhook lock --update deploy/          resolve everything again\n"
     "  pinhook lock --update --cooldown 72h deploy/   take a moved tag three days after it was seen first\n"
     "  pinhook lock --prune .                 and drop what no file uses any more\n"
     "  pinhook lock --offline deploy/         fail when something is not locked\n"
     "  pinhook lock --as kbld --file images.lock.yml deploy/   write an ImagesLock of kbld\n"
     "\n"
     "Exit codes: 0 done; 1 a rule denies an image for its registry or signatures; 2 wrong usage, or a file that "
     "cannot be read or "
     "understood; 3 a look-up failed. Nothing is written after these, unless --keep-going. 1 when the lock file could "
     "not be written."},
    {command::resolve,
     "One line a reference, in their order, written as pin would write it.\n"
     "\n"
     "Examples:\n"
     "  pinhook resolve nginx:1.25 ghcr.io/acme/api:v2\n"
     "  pinhook resolve --platform linux/arm64 nginx:1.25\n"
     "  pinhook resolve -o json nginx:1.25\n"
     "\n"
     "Exit codes: 0 all known; 2 wrong usage, or an invalid reference; 3 a look-up failed."},
    {command::verify,
     "Says for each signature beside an image what holds and what does not, who made it and when. One that holds is "
     "enough. Read are signatures of cosign (both layouts), of Notation, and with content_trust in the configuration "
     "those of Docker Content Trust. Without an option that says who may sign, each verifier of the configuration is "
     "asked, and one that accepts an image is enough. Nothing but the registry (and a Notary server) is contacted.\n"
     "\n"
     "Examples:\n"
     "  pinhook verify --key acme.pub acme/app:v1      a key of your own\n"
     "  pinhook verify --verifier github acme/app:v1   a verifier of the configuration\n"
     "  pinhook verify -o json acme/app:v1             all of them, for programs\n"
     "\n"
     "Exit codes: 0 every image is verified; 1 one is not; 2 wrong usage, or a verifier that cannot be used; 3 it "
     "could "
     "not be looked up."},
    {command::fn,
     "Reads a ResourceList from standard input and writes it to standard output with the images of its items pinned "
     "and a report in `results`. Options come from its functionConfig.\n"
     "\n"
     "Examples:\n"
     "  kpt fn source deploy/ | pinhook fn | kpt fn sink out/\n"
     "  pinhook fn <resource-list.yaml\n"
     "\n"
     "Exit codes: 0 done; 2 wrong usage, or input that cannot be understood; 3 a look-up failed. 1 when a rule denies "
     "an image for its registry or signatures, or the result could not be written."},
    {command::rules,
     "FILE is a list of images with the expected result of the rules for each, and nothing else:\n"
     "\n"
     "  - {image: nginx, namespace: shop, kind: Deployment, container: web,\n"
     "     expect: {deny: [no-latest], pin: never}}\n"
     "  - {image: \"ghcr.io/acme/api:v2\", in: file, expect: {}}\n"
     "\n"
     "Keys beside these: type, pull-policy, moved (default false), resolves (default true); of expect: warn, audit, "
     "format, pullPolicy, "
     "cooldown.\n"
     "\n"
     "Examples:\n"
     "  pinhook rules test --config pinhook.yaml rules-test.yaml\n"
     "\n"
     "Exit codes: 0 all as expected; 1 some are not; 2 wrong usage, rules or file, or there are no rules."},
    {command::serve,
     "Settings come from the file, then PINHOOK_… variables, then flags; the later wins. SIGTERM ends it in good "
     "order: unready, no new connections, answers under way, exit 0.\n"
     "\n"
     "Exit codes: 0 ended in good order; 1 it could not serve; 2 wrong usage or configuration."},
    {command::report,
     "Reads workloads, Pods and namespaces, and changes nothing without --write-reports. Every tag and every pinned "
     "digest is asked for once, "
     "with the credentials of Docker's config.json and of the configuration, and with --pull-secrets with those of the "
     "Pods.\n"
     "\n"
     "Examples:\n"
     "  pinhook report -A                           a summary of all namespaces, then the findings\n"
     "  pinhook report -n shop -n web -o json       every image of two namespaces\n"
     "  pinhook report -A --no-registry             what is written and what runs\n"
     "  pinhook report -A --what-if enforce         what opting in would deny\n"
     "  pinhook report -A -o html >images.html      a page to send\n"
     "  pinhook report -A --write-reports           and the findings as OpenReports in the cluster\n"
     "  pinhook report -A --store history.db --moves-file moves.yaml --cooldown 72h   for the webhook's cooldown\n"
     "\n"
     "Exit codes: 0 nothing found; 1 findings; 2 wrong usage or configuration; 3 something could not be read or "
     "looked up. When several apply: 2, then 3, then 1."},
    {command::console,
     "Watches workloads, Pods and namespaces, and changes nothing but the ConfigMap of --moves-configmap. On loopback "
     "whoever reaches the port sees "
     "everything: use `kubectl port-forward`, or ssh. Elsewhere a viewer sends a bearer token of the cluster, needs "
     "the right to `get` the path /pinhook, and sees the namespaces in which the user may list pods. SIGTERM ends it "
     "in good order.\n"
     "\n"
     "Examples:\n"
     "  pinhook console                                            http://127.0.0.1:8088\n"
     "  pinhook console --store history.db --interval 6h           with history, and fewer pulls\n"
     "  pinhook console -n shop -n lab -l app=web                  a part of the cluster\n"
     "  pinhook console --listen 0.0.0.0:8443 --tls-cert tls.crt --tls-key tls.key\n"
     "\n"
     "Exit codes: 0 ended in good order; 1 it could not serve; 2 wrong usage or configuration, no kubeconfig, or a "
     "store that cannot be used."},
    {command::adopt,
     "For each image that a workload writes by tag, the digest that its ready Pods run is written to the workload's "
     "annotation pinhook.dev/pins, by a server-side apply of that annotation alone. Nothing restarts. In a namespace "
     "that "
     "has opted in, the next rollout is pinned to the bytes that run today. What cannot be adopted is left, with the "
     "reason and what to do. A second run changes nothing.\n"
     "\n"
     "--restart rolls out the Deployments, StatefulSets and DaemonSets that are recorded, one by one, as kubectl "
     "rollout "
     "restart does, if the webhook pins them to what is recorded. It stops at the first that does not become ready.\n"
     "\n"
     "Examples:\n"
     "  pinhook adopt -n shop --dry-run=server      show it, and let the API server check it\n"
     "  pinhook adopt -n shop deployment/web        one workload\n"
     "  pinhook adopt -A                            all namespaces\n"
     "  pinhook adopt -n shop --restart             and roll out what is recorded, one workload at a time\n"
     "\n"
     "Exit codes: 0 all images are recorded; 1 some are left, or a workload is not restarted; 2 wrong usage, or no "
     "such workload; 3 the cluster or a "
     "part "
     "of it could not be read or written."},
    {command::trust,
     "Walks a TUF repository from a root file that is trusted to its newest trusted_root.json, and stores that with "
     "the "
     "metadata (tuf.*.json) with which the next update notices versions that go back. Each root file has to be signed "
     "by the one before it and by itself; every other file by its role, and not expired. Nothing is written unless all "
     "of it holds. pinhook never does this by itself: run it by hand, or as a CronJob, and copy the files to where "
     "there "
     "is no network.\n"
     "\n"
     "Examples:\n"
     "  pinhook trust update --tuf-url https://tuf-repo-cdn.sigstore.dev --root root.json --out /etc/pinhook/trust\n"
     "  pinhook trust update --tuf-url URL --root root.json --configmap pinhook/trust\n"
     "\n"
     "Exit codes: 0 the newest files are stored; 1 what the repository has does not hold, and nothing was written; 2 "
     "wrong usage, root file or stored file; 3 the repository or the cluster could not be asked."},
    {command::explain,
     "Examples:\n"
     "  pinhook explain nginx\n"
     "  pinhook explain --try -n web ghcr.io/acme/api:v2\n"
     "  pinhook explain --kinds -o json\n"
     "\n"
     "Exit codes: 0 understood, and with --try found; 2 wrong usage, or an invalid reference; 3 tried, and not found. "
     "1 another failure."},
    {command::demo, "Exit codes: 0 shown; 1 something in it failed; 2 wrong usage."},
    {command::completion,
     "Examples:\n"
     "  pinhook completion bash >/etc/bash_completion.d/pinhook\n"
     "  pinhook completion zsh >\"${fpath[1]}/_pinhook\"\n"
     "  pinhook completion fish >~/.config/fish/completions/pinhook.fish\n"
     "  source <(pinhook completion bash)\n"
     "\n"
     "Exit codes: 0 printed; 2 wrong usage."},
    {command::version, "Exit codes: 0 printed; 2 wrong usage."},
    {command::help,
     "Examples:\n"
     "  pinhook help\n"
     "  pinhook help check\n"
     "\n"
     "Exit codes: 0 printed; 2 wrong usage, or no such command."},
}};

}  // namespace

std::string program_notes() {
  return "`pinhook help COMMAND` shows more, with examples.\n"
         "\n"
         "Exit codes: 0 fine; 1 findings or a failure of this machine; 2 wrong usage or input; 3 a look-up failed.";
}

std::string notes_of(cli::command command) {
  for (const auto& one : notes)
    if (one.command == command) return one.text;
  return program_notes();
}

}  // namespace pinhook::cli
