#include <pinhook/kube/kubeconfig.hpp>

#include <pinhook/base/base64.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/http/endpoint.hpp>
#include <pinhook/kube/bearer_token.hpp>
#include <pinhook/kube/exec_credential.hpp>
#include <pinhook/kube/kubeconfig_section.hpp>
#include <pinhook/kube/names.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::kube {
namespace {

using section = kubeconfig_section;

constexpr std::string_view exec_extension = "client.authentication.k8s.io/exec";

std::unexpected<error> wrong(const kubeconfig& in, std::size_t line, std::string_view problem) {
  return fail(error_code::invalid_input, fmt::format("{}, line {}: {}", in.file, line, problem));
}

/// An entry of "clusters", "users" or "contexts": {name: …, cluster: {…}}.
struct entry {
  const kubeconfig* file = nullptr;
  const yaml::node* content = nullptr;  // the value of `cluster`; null: none
  const yaml::node* at = nullptr;
};

struct list_kind {
  std::string_view list;     // "clusters"
  std::string_view content;  // "cluster"
};

result<std::optional<entry>> find_entry(const kubeconfig& in, list_kind kind, const std::string& name) {
  std::optional<entry> out;
  const yaml::node* list = in.root.find(kind.list);
  if (list == nullptr || list->is_null()) return out;
  if (list->kind != yaml::node_kind::sequence)
    return wrong(in, list->line, fmt::format("{} must be a list, not {}", kind.list, yaml::to_string(list->kind)));
  for (const yaml::node& one : list->items) {
    const yaml::node* entry_name = one.find("name");
    if (entry_name == nullptr || entry_name->kind != yaml::node_kind::scalar)
      return wrong(in, one.line, fmt::format("an entry of {} without a name", kind.list));
    if (entry_name->text != name) continue;
    if (out) return wrong(in, one.line, fmt::format("{} {} is listed twice", kind.list, quoted(name)));
    out = entry{&in, one.find(kind.content), &one};
  }
  return out;
}

/// The entry of the first file that has it. `named_by`: the place that names it.
result<entry> find_entry(const std::vector<kubeconfig>& files, list_kind kind, const std::string& name,
                         std::string_view named_by) {
  for (const kubeconfig& one : files) {
    auto found = find_entry(one, kind, name);
    if (!found) return fail(std::move(found.error()));
    if (!*found) continue;
    if ((*found)->content != nullptr) return **found;
    return wrong(one, (*found)->at->line, fmt::format("{} {} has no \"{}\"", kind.list, quoted(name), kind.content));
  }
  return fail(error_code::invalid_input, fmt::format("{}: {} names {}, which is not in {}", files.front().file,
                                                     named_by, quoted(name), kind.list));
}

section section_of(const entry& e, list_kind kind, const std::string& name) {
  return {*e.file, fmt::format("{} {}", kind.list, quoted(name)), *e.content};
}

/// YAML's core schema, as far as JSON has it.
void append_json(std::string& out, const yaml::node& n) {
  if (n.kind == yaml::node_kind::sequence) {
    out += '[';
    for (const yaml::node& one : n.items) {
      if (&one != &n.items.front()) out += ',';
      append_json(out, one);
    }
    out += ']';
  } else if (n.kind == yaml::node_kind::mapping) {
    out += '{';
    for (const yaml::member& one : n.members) {
      if (&one != &n.members.front()) out += ',';
      json::append_string(out, one.key);
      out += ':';
      append_json(out, one.value);
    }
    out += '}';
  } else if (n.is_null()) {
    out += "null";
  } else if (n.style == yaml::scalar_style::plain && json::parse(n.text).has_value()) {
    out += n.text;  // a number or a boolean
  } else {
    json::append_string(out, n.text);
  }
}

std::string exec_config_of(section& from) {
  const yaml::node* all = from.find("extensions");
  if (all == nullptr) return {};
  for (const yaml::node& one : all->items) {
    const yaml::node* name = one.find("name");
    const yaml::node* content = one.find("extension");
    if (name == nullptr || content == nullptr || name->text != exec_extension) continue;
    std::string out;
    append_json(out, *content);
    return out;
  }
  return {};
}

void read_server(section& from, cluster& out) {
  out.server = from.text("server");
  while (out.server.ends_with('/')) out.server.pop_back();
  if (out.server.empty()) return from.refuse("server", "is missing");
  if (const auto to = http::parse_endpoint(out.server); !to) return from.refuse("server", "is " + to.error().message);
  if (!out.server.starts_with("https://") && !out.server.starts_with("http://"))
    return from.refuse("server", "must begin with https://");
  if (out.server.find_first_of("?#") != std::string::npos) from.refuse("server", "must not have a query");
}

void read_cluster(section& from, cluster& out) {
  read_server(from, out);
  out.tls.verify = !from.boolean("insecure-skip-tls-verify");
  if (auto authority = from.pem("certificate-authority"); !authority.is_empty()) {
    if (!out.tls.verify)
      from.refuse("insecure-skip-tls-verify", "is set beside a certificate authority; remove one of them");
    out.tls.authorities.push_back(std::move(authority));
    out.tls.system_authorities = false;
  }
  out.tls.server_name = from.text("tls-server-name");
  if (!from.text("proxy-url").empty())
    from.refuse("proxy-url", "asks for a proxy to the API server, which pinhook does not use", error_code::unsupported);
}

std::vector<std::string> read_args(section& from) {
  std::vector<std::string> out;
  const yaml::node* all = from.find("args");
  if (all == nullptr) return out;
  if (all->kind != yaml::node_kind::sequence) from.refuse("args", "must be a list");
  for (const yaml::node& one : all->items) {
    if (one.kind != yaml::node_kind::scalar) from.refuse("args", "must be a list of texts");
    out.push_back(one.text);
  }
  return out;
}

std::vector<std::string> read_environment(section& from) {
  std::vector<std::string> out;
  const yaml::node* all = from.find("env");
  if (all == nullptr) return out;
  if (all->kind != yaml::node_kind::sequence) from.refuse("env", "must be a list");
  for (const yaml::node& one : all->items) {
    const yaml::node* name = one.find("name");
    const yaml::node* value = one.find("value");
    const bool has_name = name != nullptr && name->kind == yaml::node_kind::scalar && !name->text.empty() &&
                          name->text.find('=') == std::string::npos;
    if (!has_name || (value != nullptr && value->kind != yaml::node_kind::scalar)) {
      from.refuse("env", "must be a list of names and values");
      continue;
    }
    out.push_back(name->text + "=" + (value == nullptr || value->is_null() ? std::string() : value->text));
  }
  return out;
}

exec_plugin read_plugin(section& from) {
  exec_plugin out;
  out.api_version = from.text("apiVersion");
  if (!is_exec_version(out.api_version))
    from.refuse("apiVersion", "must be client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1",
                error_code::unsupported);
  out.command = from.text("command");
  if (out.command.empty()) from.refuse("command", "is missing");
  if (out.command.find('/') != std::string::npos) out.command = from.resolved(out.command);
  out.args = read_args(from);
  out.environment = read_environment(from);
  out.install_hint = from.text("installHint");
  out.wants_cluster = from.boolean("provideClusterInfo");
  const std::string mode = from.text("interactiveMode");
  if (mode == "Always")
    from.refuse("interactiveMode", "is Always, and there is no terminal", error_code::unsupported);
  else if (!mode.empty() && mode != "Never" && mode != "IfAvailable")
    from.refuse("interactiveMode", "must be Never, IfAvailable or Always");
  return out;
}

void read_user_token(section& from, cluster& out) {
  const std::string token = from.text("token");
  const std::string file = from.path("tokenFile");
  if (!token.empty() && !is_token(token)) from.refuse("token", "has an invalid character");
  if (!file.empty())
    out.login = token_file{file, secret(token)};
  else if (!token.empty())
    out.login = secret("Bearer " + token);
}

void read_password(section& from, cluster& out) {
  const std::string user = from.text("username");
  const secret pair(user + ":" + from.text("password"));
  if (pair.reveal() == ":") return;
  if (user.empty()) from.refuse("password", "is set without a username");
  if (user.find(':') != std::string::npos) from.refuse("username", "must not have a colon");
  if (!std::holds_alternative<std::monostate>(out.login))
    from.refuse("username", "is set beside a token; remove one of them");
  out.login = secret("Basic " + encode_base64(pair.reveal()));
}

void refuse_unsupported(section& from) {
  if (from.has("auth-provider"))
    from.refuse("auth-provider", "is no longer part of Kubernetes; a credential plugin (exec) takes its place",
                error_code::unsupported);
  // Ignored, they would make our requests run with the permissions of another user.
  for (const std::string_view key : {"as", "as-uid", "as-groups", "as-user-extra"})
    if (from.has(key)) from.refuse(key, "asks to impersonate, which pinhook does not do", error_code::unsupported);
}

std::optional<error> read_user(section& from, const entry& e, const std::string& where, std::string cluster_config,
                               cluster& out) {
  refuse_unsupported(from);
  out.tls.certificate = from.pem("client-certificate");
  out.tls.key = from.pem("client-key");
  if (out.tls.certificate.is_empty() != out.tls.key.is_empty())
    from.refuse(out.tls.key.is_empty() ? "client-certificate" : "client-key",
                "is set alone: a certificate needs its key");
  read_user_token(from, out);
  read_password(from, out);
  if (const yaml::node* exec = from.find("exec"); exec != nullptr) {
    section plugin(*e.file, where + " exec", *exec);
    exec_plugin read = read_plugin(plugin);
    if (plugin.problem()) return plugin.problem();
    read.cluster_config = std::move(cluster_config);
    // As with kubectl, a plugin does not run when there is a token.
    if (std::holds_alternative<std::monostate>(out.login)) out.login = std::move(read);
  }
  return from.problem();
}

const kubeconfig* names_context(const std::vector<kubeconfig>& files) {
  const auto found = std::ranges::find_if(files, [](const kubeconfig& one) {
    const yaml::node* at = one.root.find("current-context");
    return at != nullptr && at->kind == yaml::node_kind::scalar && !at->is_null() && !at->text.empty();
  });
  return found == files.end() ? nullptr : &*found;
}

}  // namespace

result<kubeconfig> parse_kubeconfig(std::string_view text, std::string file) {
  const yaml::parse_limits limits{.size = max_kubeconfig_size};
  auto root = yaml::parse(text, limits);
  if (!root) return fail(error_code::invalid_input, fmt::format("{}, {}", file, root.error().message));
  kubeconfig out{std::move(file), *std::move(root)};
  if (out.root.is_null()) return out;
  if (out.root.kind != yaml::node_kind::mapping)
    return wrong(out, out.root.line, fmt::format("a kubeconfig is a mapping, not {}", yaml::to_string(out.root.kind)));
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> fixed{
      {{"kind", "Config"}, {"apiVersion", "v1"}}};
  for (const auto& [key, value] : fixed) {
    const yaml::node* found = out.root.find(key);
    if (found != nullptr && !found->is_null() && found->text != value)
      return wrong(out, found->line, fmt::format("{} must be {}", key, value));
  }
  return out;
}

result<cluster> choose_cluster(const std::vector<kubeconfig>& files, std::string_view chosen) {
  constexpr list_kind contexts{"contexts", "context"};
  constexpr list_kind clusters{"clusters", "cluster"};
  constexpr list_kind users{"users", "user"};
  if (files.empty()) return fail(error_code::invalid_input, "no kubeconfig");
  const kubeconfig* naming = chosen.empty() ? names_context(files) : &files.front();
  if (naming == nullptr) return wrong(files.front(), files.front().root.line, "there is no current-context");
  const std::string name(chosen.empty() ? naming->root.find("current-context")->text : chosen);

  const auto context_entry = find_entry(files, contexts, name, chosen.empty() ? "current-context" : "--context");
  if (!context_entry) return fail(context_entry.error());
  section context = section_of(*context_entry, contexts, name);
  const std::string cluster_name = context.text("cluster");
  const std::string user_name = context.text("user");
  const std::string ns = context.text("namespace");
  if (cluster_name.empty()) context.refuse("cluster", "is missing");
  if (!ns.empty() && !is_namespace_name(ns)) context.refuse("namespace", "is not a valid name of a namespace");
  if (context.problem()) return fail(*context.problem());

  cluster out;
  if (!ns.empty()) out.ns = ns;
  out.origin = fmt::format("kubeconfig {}, context {}", naming->file, quoted(name));
  const std::string named_by = fmt::format("context {}", quoted(name));
  const auto cluster_entry = find_entry(files, clusters, cluster_name, named_by);
  if (!cluster_entry) return fail(cluster_entry.error());
  section server = section_of(*cluster_entry, clusters, cluster_name);
  read_cluster(server, out);
  if (server.problem()) return fail(*server.problem());
  if (user_name.empty()) return out;

  const auto user_entry = find_entry(files, users, user_name, named_by);
  if (!user_entry) return fail(user_entry.error());
  section user = section_of(*user_entry, users, user_name);
  if (auto problem =
          read_user(user, *user_entry, fmt::format("users {}", quoted(user_name)), exec_config_of(server), out))
    return fail(*std::move(problem));
  return out;
}

}  // namespace pinhook::kube
