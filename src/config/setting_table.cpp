#include <pinhook/config/setting_table.hpp>

#include <pinhook/base/nearest_word.hpp>
#include <pinhook/config/setting_types.hpp>

#include <algorithm>

namespace pinhook::config {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;

// The place of a member, through the members that contain it; of const settings and of mutable ones.
template <class... Members>
auto at(Members... members) {
  return [members...](auto& s) -> auto& { return (s.*....*members); };
}

// `place` gives the member of the settings, of const and of mutable ones.
template <class Type, class Place>
setting row(std::string_view key, Type type, Place place, std::string_view help, std::string_view when) {
  setting out;
  out.key = key;
  out.type = type.name();
  out.help = help;
  out.when = when;
  out.is_structured = std::is_same_v<Type, text_list_type> || std::is_same_v<Type, registry_list_type> ||
                      std::is_same_v<Type, rules_type> || std::is_same_v<Type, verifiers_type> ||
                      std::is_same_v<Type, kinds_type> || std::is_same_v<Type, paths_type> ||
                      std::is_same_v<Type, registries_type> || std::is_same_v<Type, networks_type> ||
                      std::is_same_v<Type, mirrors_type> || std::is_same_v<Type, clouds_type>;
  out.needs_value = std::is_same_v<Type, rules_type> || std::is_same_v<Type, verifiers_type>;
  out.read = [type, place](const yaml::node& n, settings& s) -> std::expected<void, value_problem> {
    auto value = type.read(n);
    if (!value) return std::unexpected(std::move(value.error()));
    place(s) = std::move(*value);
    return {};
  };
  out.write = [type, place](const settings& s) { return type.write(place(s)); };
  return out;
}

std::vector<setting> make_table() {
  const word_type<pin::pin_format> formats{
      {{"digest", pin::pin_format::digest}, {"tag-and-digest", pin::pin_format::tag_and_digest}}};
  const word_type<log::level> levels{{{"debug", log::level::debug},
                                      {"info", log::level::info},
                                      {"warning", log::level::warning},
                                      {"error", log::level::error}}};
  const word_type<std::optional<log::format>> shapes{
      {{"auto", std::nullopt}, {"json", log::format::json}, {"text", log::format::text}}};
  const word_type<resolve::pull_order> pull_orders{{{"off", resolve::pull_order::off},
                                                    {"warn", resolve::pull_order::warn},
                                                    {"enforce", resolve::pull_order::enforce}}};
  const word_type<switch_state> switches{
      {{"auto", switch_state::automatic}, {"on", switch_state::on}, {"off", switch_state::off}}};
  return {
      row("listen", address_type{}, at(&settings::listen), "Where API servers reach the webhook (HTTPS).",
          "Change it when the Service's target port is another one. Port 0 takes any free port and logs it."),
      row("admin.listen", address_type{}, at(&settings::admin_listen),
          "Where /livez, /readyz and /metrics are served (plain HTTP).",
          "Change it when probes or Prometheus come by another port."),
      row("threads", integer_type<std::uint32_t>{0, 1024}, at(&settings::threads),
          "Threads that serve requests; 0 takes as many as the cores this process may use (affinity and cgroup).",
          "Set 1 or 2 to leave cores to others on a machine without a CPU limit."),
      row("namespace", text_type{}, at(&settings::own_namespace),
          "The namespace pinhook runs in, which it never changes; empty takes POD_NAMESPACE, else the service "
          "account's.",
          "Set it when neither is there, for example outside a cluster."),
      row("tls.cert_file", text_type{}, at(&settings::tls, &settings::tls_settings::cert_file),
          "PEM file with the server's certificate and those between it and the authority; without it pinhook makes its "
          "own and keeps it in the cluster.",
          "Set it to a mounted Secret where cert-manager or another tool makes certificates."),
      row("tls.key_file", text_type{}, at(&settings::tls, &settings::tls_settings::key_file),
          "PEM file with the certificate's private key.", "Set it together with tls.cert_file."),
      row("tls.reload_interval", duration_type{100ms, 24h},
          at(&settings::tls, &settings::tls_settings::reload_interval),
          "The interval at which the two files are checked; changed ones serve new connections.",
          "Lower it when certificates live for minutes."),
      row("tls.secret", text_type{}, at(&settings::tls, &settings::tls_settings::secret),
          "The Secret, in pinhook's namespace, that holds the certificate it makes itself.",
          "Change it together with the Role that names it."),
      row("tls.webhook_configuration", text_type{}, at(&settings::tls, &settings::tls_settings::webhook_configuration),
          "The MutatingWebhookConfiguration whose caBundles are to trust the certificate.",
          "Change it together with the ClusterRole that names it."),
      row("tls.service", text_type{}, at(&settings::tls, &settings::tls_settings::service),
          "The Service that API servers call; the certificate pinhook makes is for its names.",
          "Change it when the Service has another name."),
      row("tls.names", text_list_type{}, at(&settings::tls, &settings::tls_settings::names),
          "Further DNS names and addresses that the certificate pinhook makes is for.",
          "Name the host of a webhook that is called by URL."),
      row("tls.lifetime", duration_type{1h, 87600h}, at(&settings::tls, &settings::tls_settings::lifetime),
          "The life of a certificate that pinhook makes; it is renewed after two thirds of that.",
          "Lower it where a policy asks for it."),
      row("tls.authority_lifetime", duration_type{2h, 175200h},
          at(&settings::tls, &settings::tls_settings::authority_lifetime),
          "The life of an authority that pinhook makes; it is succeeded after two thirds of that.",
          "Lower it where a policy asks for it; it has to be longer than tls.lifetime."),
      row("tls.settle", duration_type{0s, 1h}, at(&settings::tls, &settings::tls_settings::settle),
          "The time a new authority is in all caBundles before a certificate of it is served.",
          "Raise it when API servers take longer to learn of a changed configuration."),
      row("tls.check_interval", duration_type{100ms, 1h}, at(&settings::tls, &settings::tls_settings::check_interval),
          "The interval at which the Secret and the caBundles are checked.",
          "Lower it to heal sooner; a look is two requests to the API server."),
      row("callers.client_ca", text_type{}, at(&settings::callers, &settings::caller_settings::client_ca),
          "PEM file with the authorities of callers' client certificates, read again when it changes; empty: whoever "
          "reaches the port is answered.",
          "Set it where the API servers' flag --admission-control-config-file can be set (docs/callers.md)."),
      row("callers.names", text_list_type{}, at(&settings::callers, &settings::caller_settings::names),
          "Callers that are answered: globs on the common name, the DNS names, addresses and URIs of their "
          "certificates; "
          "\"*\" is any name.",
          "Name the API servers' certificate: an authority may have signed others, too."),
      row("callers.required", bool_type{}, at(&settings::callers, &settings::caller_settings::required),
          "Whether callers without such a certificate are refused; without client_ca it has no effect.",
          "Set false until pinhook_callers_total shows that all API servers have theirs."),
      row("callers.labelled_namespaces", switches,
          at(&settings::callers, &settings::caller_settings::labelled_namespaces),
          "Whether credentials are used only for namespaces that have the label pinhook.dev/pin, which takes `get` on "
          "namespaces; auto: where callers are not verified and RBAC allows it.",
          "Set off where your webhook configuration selects namespaces by something else."),
      row("callers.lookups", integer_type<std::size_t>{0, 10'000'000},
          at(&settings::callers, &settings::caller_settings::lookups),
          "Look-ups with pull secrets that one address may cause in a minute, unless its client certificate counts; "
          "one "
          "that finds nothing counts ten times. 0: any number.",
          "Raise it where pinhook_withheld_lookups_total rises; API servers behind one address share it."),
      row("pin.format", formats, at(&settings::pin, &pin::policy::format),
          "The format of a pin: name@sha256:… or name:tag@sha256:….",
          "Choose tag-and-digest when people read tags and every runtime takes both; a change rolls out at the next "
          "apply."),
      row("pin.updates", update_rule_type(), at(&settings::pin, &pin::policy::updates),
          "Whether an update keeps the digest recorded for a tag, or asks the registry again.",
          "Choose refresh when re-applying a manifest must move images to the current digests of their tags."),
      row("pin.kinds", kinds_type{}, at(&settings::pin, &pin::policy::kinds),
          "Custom resources whose images are at other paths; * in a group or kind is any text.",
          "For example [{group: example.com, kind: Engine, paths: [\"spec.image\", \"spec.workers[*].image\"]}]."),
      row("pin.custom_resources", bool_type{}, at(&settings::pin, &pin::policy::searches_keys),
          "Pin custom resources of unknown kinds by the names of keys (image, imageName, initImage), as in files.",
          "Set it when the operators take digests; the API server must send the kinds. What a registry does not know "
          "is left, with a warning."),
      row("pin.foreign_controllers", bool_type{}, at(&settings::pin, &pin::policy::pin_foreign_controllers),
          "Pin Pods whose controller is not a built-in workload.",
          "Set it when no operator in the cluster compares the images of its Pods; one that does fights pins."),
      row("pin.excluded_namespaces", text_list_type{}, at(&settings::pin, &pin::policy::excluded_namespaces),
          "Namespaces never changed, beside kube-system, kube-public, kube-node-lease and pinhook's own.",
          "Add namespaces that must come up while registries are out of reach."),
      row("pin.verify_pull", pull_orders, at(&settings::resolver, &settings::resolver_settings::verify_pull),
          "Whether the places are asked from which nodes pull the digest, where these are others than the one that "
          "answered for the tag; warn: an image that they do not have is pinned with a warning; enforce: it counts as "
          "not "
          "resolved. What no place may serve by digest stays a tag, with a warning.",
          "Set enforce where a Pod that cannot start is worse than one that is refused, off to spare registries a "
          "request."),
      row("rules", rules_type{}, at(&settings::rules),
          "Rules on images: their orders (pin, format, pullPolicy) or requirements (require); for each effect "
          "the first rule that matches decides.",
          "For example [{name: sidecars, images: \"**/istio/proxyv2\", pin: never}, {preset: recommended}]; "
          "`pinhook explain REF` says which match, `pinhook rules test FILE` tries them."),
      row("verifiers", verifiers_type{}, at(&settings::verifiers),
          "Who may sign images: keys and certificates of cosign, trust policies of Notation, servers of Docker Content "
          "Trust, each under a name.",
          "Set it to have rules require signed images, and for pinhook verify; docs/signatures.md has examples."),
      row("help", help_type{}, at(&settings::help),
          "Text or URL for people whose image is refused: it ends every refusal, and warnings that have room; "
          "{namespace} stands for the request's namespace.",
          "For example \"https://wiki.example.com/pins?namespace={namespace}\", or \"chat: #platform\"."),
      row("lock.file", text_type{}, at(&settings::lock, &settings::lock_settings::file),
          "Path of a lock file (pinhook.lock, or kbld's): images that it holds get its digests, no registry is asked; "
          "read again when it changes.",
          "Set it to a mounted ConfigMap when the same bytes must go through every cluster."),
      row("lock.required", bool_type{}, at(&settings::lock, &settings::lock_settings::required),
          "An image that lock.file does not hold cannot be resolved; the namespace's mode decides what happens then.",
          "Set it where nothing may run that was not locked before."),
      row("moves.file", text_type{}, at(&settings::moves, &settings::moves_settings::file),
          "Path of a file of moved tags, as `pinhook report --moves-file` writes it, for rules with `cooldown` and "
          "`unmoved`; read again when it changes.",
          "Set it to a mounted ConfigMap that a scheduled report writes; docs/cooldown.md shows how."),
      row("files.paths", paths_type{}, at(&settings::files, &settings::file_settings::paths),
          "The places of images in files that are not Kubernetes objects, for pin, unpin, check and lock; `files` is a "
          "glob "
          "on the path.",
          "For example [{files: \"**/engine.yaml\", paths: [\"server.image\", \"jobs[*].image\"]}]."),
      row("files.exclude", text_list_type{}, at(&settings::files, &settings::file_settings::exclude),
          "Files and directories that pin, unpin, check and lock leave out, even when they are named: patterns as in "
          ".gitignore, from the working directory.",
          "For example [\"vendor/\", \"**/testdata/**\", \"*.tmpl.yaml\"]."),
      row("deadline.limit", duration_type{100ms, 30s}, at(&settings::deadline, &settings::deadline_settings::limit),
          "The longest a request may take, whatever time the API server gives.",
          "Lower it when a slow registry must not hold up requests."),
      row("deadline.margin", duration_type{0ms, 10s}, at(&settings::deadline, &settings::deadline_settings::margin),
          "Time kept of the API server's timeout for the way back; never more than half of the timeout.",
          "Raise it when API servers report timeouts although pinhook answered."),
      row("cache.ttl", duration_type{0s, 24h}, at(&settings::cache, &resolve::cache_options::ttl),
          "The time a digest is taken from the cache before its registry is asked again.",
          "Raise it to ask registries less, lower it when tags move often."),
      row("cache.negative_ttl", duration_type{0s, 5min}, at(&settings::cache, &resolve::cache_options::negative_ttl),
          "The time for which it is remembered that a registry has no such image, or refused it.",
          "Lower it when images are pushed right after the objects that name them."),
      row("cache.stale_for", duration_type{0s, 168h}, at(&settings::cache, &resolve::cache_options::stale_for),
          "The time after its expiry for which a digest still serves when the registry cannot be asked.",
          "Raise it to ride out longer outages of a registry."),
      row("cache.entries", integer_type<std::size_t>{1, 10'000'000},
          at(&settings::cache, &resolve::cache_options::capacity),
          "Tags remembered at most; about 1 KB each in all. Namespaces share them.",
          "Lower it in a very small memory limit."),
      row("signatures.ttl", duration_type{0s, 720h},
          at(&settings::verdicts, &signatures::verdict_options::accepted_for),
          "The time for which it is remembered that a verifier accepts an image; a changed verifier asks again.",
          "Lower it where certificates or signatures that end must count sooner."),
      row("signatures.negative_ttl", duration_type{0s, 1h},
          at(&settings::verdicts, &signatures::verdict_options::refused_for),
          "The time for which it is remembered that a verifier does not accept an image.",
          "Lower it when images are signed right after the objects that name them."),
      row("signatures.entries", integer_type<std::size_t>{1, 10'000'000},
          at(&settings::verdicts, &signatures::verdict_options::capacity),
          "Images whose verification is remembered, and as many that were not accepted; some 500 bytes each.",
          "Raise it when more images are in use."),
      row("resolver.host_concurrency", integer_type<std::size_t>{1, 1000},
          at(&settings::resolver, &settings::resolver_settings::host_concurrency),
          "Requests to one registry at the same time, one of them kept for a namespace that has none under way.",
          "Lower it when a registry limits connections."),
      row("resolver.lookup_limit", duration_type{1s, 5min},
          at(&settings::resolver, &settings::resolver_settings::lookup_limit),
          "The longest one look-up may take; it goes on after its request was answered and fills the cache.",
          "Raise it for a registry that is slow but certain: the webhook gives up a request that brings no data for a "
          "third of it (10 s at least), so 60s gives each answer 20 s; a command waits all of it."),
      row("resolver.source_limit", duration_type{100ms, 1min},
          at(&settings::resolver, &settings::resolver_settings::source_limit),
          "The longest a look-up waits for one source of credentials (a plugin, a cloud); then the next is tried.",
          "Raise it for a plugin that is slow but certain."),
      row("registries", registries_type{}, at(&settings::registries),
          "Connection settings of single registries: plain_http (default: true for a loopback name without ca_file, "
          "else "
          "false), ca_file (authorities trusted beside the system's; default: none), realm_hosts (token servers that "
          "may get its credentials; default: any that may be asked). The webhook asks a registry on this machine "
          "(loopback) only when it is named here; commands that a person types ask it like any other.",
          "For example {\"registry.example.com:5000\": {ca_file: /etc/ca.pem, realm_hosts: [auth.example.com]}}."),
      row("registry.verify_by_get", bool_type{}, at(&settings::verify_by_get),
          "Always fetch the manifest and hash it instead of trusting the registry's word for its digest.",
          "Set it when registries are not trusted to name digests; each look-up then counts as a pull at Docker Hub."),
      row("registry.allow", text_list_type{}, at(&settings::allowed_registries),
          "Registries that may be asked, as globs with an optional path; empty allows all.",
          "For example [docker.io, \"*.example.com\", \"ghcr.io/acme/*\"]; always behind a proxy, which resolves names "
          "out of pinhook's sight."),
      row("registry.deny", text_list_type{}, at(&settings::denied_registries),
          "Registries that are never asked, also as mirror, realm or target of a redirect; wins over registry.allow.",
          "For example [\"*.cluster.local\", \"*.svc\"]."),
      row("networks.allow", networks_type{}, at(&settings::networks, &http::address_rules::allow),
          "Networks that may be connected to for an image; empty allows all but those that are never.",
          "For example [10.20.0.0/16] where all registries are in one network."),
      row("networks.deny", networks_type{}, at(&settings::networks, &http::address_rules::deny),
          "Networks that are never connected to for an image; metadata services, link-local and unspecified addresses "
          "never are.",
          "Name the cluster's Pod and Service networks when no registry is in them."),
      row("networks.private", bool_type{}, at(&settings::networks, &http::address_rules::private_networks),
          "Whether registries in private networks (RFC 1918, unique local, carrier-grade NAT) may be asked.",
          "Set false where all registries are public."),
      row("mirrors.certs_dirs", text_list_type{}, at(&settings::mirrors, &settings::mirror_settings::certs_dirs),
          "Directories with containerd's <registry>/hosts.toml, as nodes have them; read again when they change.",
          "Mount the nodes' /etc/containerd/certs.d and name it when images are pulled through mirrors."),
      row("mirrors.hosts", mirrors_type{}, at(&settings::mirrors, &settings::mirror_settings::hosts),
          "Mirrors of registries, asked in their order before the registry; they win over mirrors.certs_dirs. Values "
          "of headers are not printed.",
          "For example {docker.io: [{url: \"https://mirror.example.com\", ca: [/etc/ca.pem]}]}."),
      row("mirrors.registries_conf", text_list_type{},
          at(&settings::mirrors, &settings::mirror_settings::registries_conf),
          "registries.conf of nodes with CRI-O (OpenShift) or podman, and directories whose *.conf files follow it; "
          "read "
          "again when they change. Its entries win over mirrors.certs_dirs.",
          "For example [/etc/containers/registries.conf, /etc/containers/registries.conf.d], as nodes have them."),
      row("mirrors.openshift", bool_type{}, at(&settings::mirrors, &settings::mirror_settings::openshift),
          "Whether ImageDigestMirrorSet, ImageTagMirrorSet and ImageContentSourcePolicy are read through the "
          "Kubernetes "
          "API; they win over mirrors.registries_conf.",
          "Set true on OpenShift where images are mirrored; it needs `list` on these kinds."),
      row("mirrors.registries_yaml", text_type{}, at(&settings::mirrors, &settings::mirror_settings::registries_yaml),
          "registries.yaml of nodes with k3s or RKE2, read at the start; it wins over mirrors.certs_dirs.",
          "For example /etc/rancher/k3s/registries.yaml, from a Secret when it holds passwords."),
      row("mirrors.default_endpoint", bool_type{}, at(&settings::mirrors, &settings::mirror_settings::default_endpoint),
          "Whether nodes with mirrors.registries_yaml ask a registry after its mirrors.",
          "Set false where k3s or RKE2 run with --disable-default-registry-endpoint."),
      row("mirrors.short_names", bool_type{}, at(&settings::mirrors, &settings::mirror_settings::short_names),
          "Whether a name without a registry (nginx) means what mirrors.registries_conf makes of it; where that may be "
          "another image than Docker Hub's, the pin names its registry. Without such files it is Docker Hub's.",
          "Set false where nodes read short names otherwise than these files say."),
      row("mirrors.complete", registry_list_type{}, at(&settings::mirrors, &settings::mirror_settings::complete),
          "Registries whose mirrors have signatures, too: of what all of them lack the registry is not asked, so an "
          "image is unsigned where its signature is not on a mirror. _default: every registry.",
          "Set [_default] behind an air gap, where signatures are copied with the images."),
      row("pull_secrets.mode", switches, at(&settings::pull_secrets, &settings::pull_secret_settings::mode),
          "Whether imagePullSecrets of Pods and service accounts are read through the Kubernetes API; auto: where "
          "there "
          "is one.",
          "Set off where pinhook may not read Secrets; it needs `get` on secrets and serviceaccounts."),
      row("pull_secrets.ttl", duration_type{1s, 1h}, at(&settings::pull_secrets, &settings::pull_secret_settings::ttl),
          "The time for which a Secret or ServiceAccount that was read is used.",
          "Lower it when changed secrets must count at once."),
      row("pull_secrets.namespaces", text_list_type{},
          at(&settings::pull_secrets, &settings::pull_secret_settings::namespaces),
          "Namespaces whose secrets are read; empty: all.",
          "Set it when RBAC lets pinhook read in some namespaces alone."),
      row("kubeconfig", text_type{}, at(&settings::kubeconfig),
          "Path of a kubeconfig for the Kubernetes API; empty: the service account's files, else $KUBECONFIG.",
          "Set it outside a cluster."),
      row("plugins.config", text_type{}, at(&settings::plugins, &settings::plugin_settings::config),
          "The kubelet's CredentialProviderConfig: a file, or a directory of them.",
          "Set it to the value of the nodes' kubelets' --image-credential-provider-config."),
      row("plugins.bin_dir", text_type{}, at(&settings::plugins, &settings::plugin_settings::bin_dir),
          "Directory with the programs of plugins.config.",
          "Set it to the value of the nodes' kubelets' --image-credential-provider-bin-dir."),
      row("clouds", clouds_type{}, at(&settings::clouds),
          "Clouds whose registries are asked with the identity that this process has there: aws, google, azure.",
          "Set [] when the identity of the Pod or the node must not open registries."),
      row("docker_config", text_type{}, at(&settings::docker_config),
          "Path of a config.json with registry credentials, read again when it changes; empty: $DOCKER_CONFIG, else "
          "none.",
          "Set it to a mounted pull secret."),
      row("credential_helpers", bool_type{}, at(&settings::credential_helpers),
          "Run the credential helper programs that config.json names.",
          "Set it when such a program is in the image; it gets to run in pinhook's container."),
      row("limits.body", size_type{64 * kib, 64 * mib}, at(&settings::limits, &settings::server_limits::body),
          "The largest request body.",
          "API servers send 3 MiB per object at most; lower it in a very small memory limit."),
      row("limits.header", size_type{1 * kib, 1 * mib}, at(&settings::limits, &settings::server_limits::header),
          "The largest request header.", "Raise it when a proxy before pinhook adds more."),
      row("limits.idle", duration_type{1s, 1h}, at(&settings::limits, &settings::server_limits::idle),
          "The time a connection may wait for a request.",
          "Keep it above 90s, after which API servers close idle connections themselves."),
      row("limits.request", duration_type{100ms, 5min}, at(&settings::limits, &settings::server_limits::request),
          "The time a request may take to arrive.", "Raise it on very slow networks."),
      row("limits.handshake", duration_type{100ms, 1min}, at(&settings::limits, &settings::server_limits::handshake),
          "The time a TLS handshake may take.", "Raise it on very slow networks."),
      row("limits.connections", integer_type<std::size_t>{1, 1'000'000},
          at(&settings::limits, &settings::server_limits::connections),
          "Connections at the same time; about 100 KiB each. At the limit, one that waits for a request makes room.",
          "Lower it in a very small memory limit."),
      row("shutdown.delay", duration_type{0s, 5min}, at(&settings::shutdown, &settings::shutdown_settings::delay),
          "Time between being unready and taking no more connections, in which API servers learn of it.",
          "Set 0s where nothing balances over several replicas."),
      row("shutdown.limit", duration_type{0s, 10min}, at(&settings::shutdown, &settings::shutdown_settings::limit),
          "The time requests under way may take until the process ends without them.",
          "Keep delay and limit together below the Pod's terminationGracePeriodSeconds."),
      row("log.level", levels, at(&settings::log, &settings::log_settings::level),
          "The least important lines that are written.", "debug also tells of objects that needed no change."),
      row("log.format", shapes, at(&settings::log, &settings::log_settings::format),
          "One JSON object a line, or text; auto writes text on a terminal.",
          "Choose json to have it on a terminal, too."),
  };
}

std::string_view leaf(std::string_view key) { return key.substr(key.rfind('.') + 1); }

}  // namespace

std::span<const setting> setting_table() {
  static const std::vector<setting> table = make_table();
  return table;
}

const setting* find_setting(std::string_view key) {
  for (const auto& one : setting_table())
    if (one.key == key) return &one;
  return nullptr;
}

std::string_view nearest_key(std::string_view key) {
  if (key.size() > max_slip_size) return {};
  // A known name in a wrong section first, then small slips.
  for (const auto& one : setting_table())
    if (leaf(one.key) == leaf(key)) return one.key;
  std::vector<std::string_view> known;
  for (const auto& one : setting_table()) {
    known.push_back(one.key);
    known.push_back(one.key.substr(0, one.key.find('.')));
  }
  return nearest_word(key, known);
}

}  // namespace pinhook::config
