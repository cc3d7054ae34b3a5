#include <pinhook/files/known_forms.hpp>

#include <pinhook/base/glob.hpp>
#include <pinhook/files/node_access.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

// Visited nodes, times their cost, in the look at one document's shape.
constexpr std::size_t shape_budget = std::size_t{1024} * 1024;

constexpr std::array rows{
    known_form{.title = "GitHub workflow",
               .files = ".github/workflows/*.yml .github/workflows/*.yaml .gitea/workflows/*.yml "
                        ".gitea/workflows/*.yaml .forgejo/workflows/*.yml .forgejo/workflows/*.yaml",
               .shape = "on jobs/*/runs-on",
               .images = "jobs/*/container jobs/*/container/image jobs/*/services/* jobs/*/services/*/image",
               .uris = "jobs/*/steps/*/uses",
               .source = "https://docs.github.com/actions/reference/workflow-syntax-for-github-actions"},
    known_form{.title = "GitHub action",
               .files = "action.yml action.yaml",
               .uris = "runs/image runs/steps/*/uses",
               .source = "https://docs.github.com/actions/reference/metadata-syntax-for-github-actions"},
    known_form{.title = "GitLab CI",
               .files = ".gitlab-ci.yml .gitlab-ci.yaml *.gitlab-ci.yml *.gitlab-ci.yaml .gitlab/ci/*.yml "
                        ".gitlab/ci/*.yaml .gitlab/ci/*/*.yml .gitlab-ci/*.yml .gitlab-ci/*.yaml",
               .shape = "*/script */stage",
               .images = "image image/name services/* services/*/name */image */image/name */services/* "
                         "*/services/*/name",
               .others = "variables include workflow stages spec cache",
               .source = "https://docs.gitlab.com/ci/yaml/"},
    known_form{.title = "CircleCI",
               .files = ".circleci/*.yml .circleci/*.yaml .circleci/*/*.yml .circleci/*/*.yaml",
               .shape = "version **/docker/*/image",
               .images = "**/docker/*/image",
               .source = "https://circleci.com/docs/reference/configuration-reference/#docker"},
    known_form{.title = "Drone",
               .files = ".drone.yml .drone.yaml drone.yml drone.yaml",
               .shape = "kind=pipeline steps/*/image",
               .images = "steps/*/image services/*/image pipeline/*/image",
               .source = "https://docs.drone.io/pipeline/docker/syntax/"},
    known_form{.title = "Woodpecker",
               .files = ".woodpecker.yml .woodpecker.yaml .woodpecker/*.yml .woodpecker/*.yaml .woodpecker/*/*.yml "
                        ".woodpecker/*/*.yaml",
               .images = "steps/*/image services/*/image clone/*/image pipeline/*/image",
               .source = "https://woodpecker-ci.org/docs/usage/workflow-syntax"},
    known_form{.title = "Bitbucket Pipelines",
               .files = "bitbucket-pipelines.yml bitbucket-pipelines.yaml",
               .images = "image image/name **/step/image **/step/image/name definitions/services/*/image "
                         "definitions/services/*/image/name",
               .uris = "**/script/*/pipe **/after-script/*/pipe",
               .source = "https://support.atlassian.com/bitbucket-cloud/docs/docker-image-options/"},
    known_form{.title = "Cloud Build",
               .files = "cloudbuild.yaml cloudbuild.yml cloudbuild.json cloudbuild-*.yaml cloudbuild-*.yml "
                        "cloudbuild.*.yaml cloudbuild.*.yml "
                        "*.cloudbuild.yaml *.cloudbuild.yml .cloudbuild/*.yaml .cloudbuild/*.yml",
               .images = "steps/*/name",
               .source = "https://cloud.google.com/build/docs/build-config-file-schema"},
    known_form{.title = "Azure Pipelines",
               .files = "azure-pipelines.yml azure-pipelines.yaml azure-pipelines-*.yml azure-pipelines-*.yaml "
                        "azure-pipelines.*.yml "
                        ".azure-pipelines/*.yml .azure-pipelines/*.yaml",
               .images = "resources/containers/*/image **/container/image",
               .names = "**/container",
               .source = "https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/"},
    known_form{.title = "Buildkite",
               .files = ".buildkite/*.yml .buildkite/*.yaml",
               // The older form is a list of steps alone.
               .images = "image */image **/steps/*/image **/plugins/*/*/image",
               .names = "**/agents/image",
               .source = "https://buildkite.com/docs/pipelines/configure/step-types/command-step"},
    known_form{.title = "Semaphore",
               .files = ".semaphore/*.yml .semaphore/*.yaml",
               .images = "**/agent/containers/*/image",
               .source = "https://docs.semaphore.io/reference/pipeline-yaml"},
    known_form{.title = "Gitpod",
               .files = ".gitpod.yml",
               .images = "image",
               .source = "https://www.gitpod.io/docs/classic/user/references/gitpod-yml"},
    known_form{.title = "Fleet bundle",
               .files = "fleet.yaml fleet.yml",
               .values = "helm/values targetCustomizations/*/helm/values",
               .source = "https://fleet.rancher.io/ref-fleet-yaml"},
    known_form{.title = "Helmfile",
               .files = "helmfile.yaml helmfile.yml helmfile.d/*.yaml helmfile.d/*.yml",
               .values = "releases/*/values/*",
               .source = "https://helmfile.readthedocs.io/en/latest/"},
    known_form{.title = "DevSpace",
               .files = "devspace.yaml devspace.yml",
               .images = "dev/*/devImage",
               .values = "deployments/*/helm/values",
               .source = "https://www.devspace.sh/docs/configuration/reference"},
    known_form{.title = "Okteto",
               .files = "okteto.yml okteto.yaml .okteto/*.yml .okteto/*.yaml",
               .images = "dev/*/image test/*/image deploy/image destroy/image",
               .source = "https://www.okteto.com/docs/reference/okteto-manifest/"},
    known_form{.title = "Task definition of Amazon ECS",
               .shape = "containerDefinitions/*/image",
               .images = "containerDefinitions/*/image",
               .source = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html"},
    known_form{.title = "werf",
               .files = "werf.yaml werf.yml",
               .images = "from",
               .source = "https://werf.io/docs/v2/reference/werf_yaml.html"},
    known_form{.title = "pre-commit",
               .files = ".pre-commit-config.yaml .pre-commit-hooks.yaml",
               .names = "repos/*/hooks/*[language=docker_image]/entry *[language=docker_image]/entry",
               .source = "https://pre-commit.com/#docker_image"},
    known_form{.title = "Ansible",
               .shape = "**/community.docker.docker_container/image|**/docker_container/image|"
                        "**/containers.podman.podman_container/image|**/podman_container/image",
               .images = "**/community.docker.docker_container/image **/docker_container/image "
                         "**/containers.podman.podman_container/image **/podman_container/image",
               .source = "https://docs.ansible.com/ansible/latest/collections/community/docker/index.html"},
    known_form{.title = "Dev container",
               .files = "devcontainer.json .devcontainer.json",
               .images = "image",
               .syntax = file_syntax::json_with_comments,
               .source = "https://containers.dev/implementors/json_reference/"},
    known_form{
        .title = "Dockerfile",
        .files = "Dockerfile Dockerfile.* *.Dockerfile *.dockerfile Containerfile Containerfile.* *.Containerfile",
        .syntax = file_syntax::dockerfile,
        .source = "https://docs.docker.com/reference/dockerfile/"},
    known_form{.title = "Environment variables",
               .files = ".env .env.* *.env",
               .syntax = file_syntax::variables,
               .source = "https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/"},
    known_form{.title = "Docker Bake file",
               .files = "docker-bake.hcl docker-bake.*.hcl",
               .syntax = file_syntax::hcl,
               .source = "https://docs.docker.com/build/bake/reference/"},
    known_form{.title = "Docker Bake file in JSON",
               .files = "docker-bake.json docker-bake.*.json",
               .uris = "target/*/contexts/*",
               .scheme = "docker-image://",
               .source = "https://docs.docker.com/build/bake/reference/#targetcontexts"},
    known_form{.title = "Nomad job",
               .files = "*.nomad *.nomad.hcl",
               .syntax = file_syntax::hcl,
               .source = "https://developer.hashicorp.com/nomad/docs/job-specification"},
    known_form{.title = "JSON patch",
               .shape = "*/op */path",
               .images = "*/value",
               .is_patch = true,
               .source = "https://www.rfc-editor.org/rfc/rfc6902"},
    known_form{.title = "Tekton bundle",
               .group = "tekton.dev",
               .images = "**/taskRef[resolver=bundles]/params/*[name=bundle]/value "
                         "**/pipelineRef[resolver=bundles]/params/*[name=bundle]/value "
                         "**/ref[resolver=bundles]/params/*[name=bundle]/value "
                         "**/taskRef/bundle **/pipelineRef/bundle",
               .source = "https://tekton.dev/docs/pipelines/bundle-resolver/"},
    // The path leads to a mapping, which find_in_oci_repository reads.
    known_form{.title = "Flux OCI artefact",
               .group = "source.toolkit.fluxcd.io",
               .images = "spec/ref",
               .source = "https://fluxcd.io/flux/components/source/ocirepositories/#reference"},
    known_form{
        .title = "Image stream of OpenShift",
        .group = "image.openshift.io",
        .images = "spec/tags/*/from[kind=DockerImage]/name",
        .source = "https://docs.openshift.com/container-platform/latest/openshift_images/image-streams-manage.html"},
    known_form{.title = "Build of OpenShift",
               .group = "build.openshift.io",
               .images = "spec/strategy/*/from[kind=DockerImage]/name spec/source/images/*/from[kind=DockerImage]/name",
               .source = "https://docs.openshift.com/container-platform/latest/cicd/builds/build-strategies.html"},
    // Objects that no cluster has: configuration of tools.
    known_form{.title = "kind cluster",
               .group = "kind.x-k8s.io",
               .images = "nodes/*/image",
               .source = "https://kind.sigs.k8s.io/docs/user/configuration/#kubernetes-version"},
    known_form{.title = "k3d cluster",
               .group = "k3d.io",
               .names = "image registries/create/image",
               .source = "https://k3d.io/stable/usage/configfile/"},
    known_form{.title = "Scorecard of the Operator SDK",
               .group = "scorecard.operatorframework.io",
               .images = "stages/*/tests/*/image",
               .source = "https://sdk.operatorframework.io/docs/testing-operators/scorecard/#config-file"},
    known_form{.title = "Crossplane package",
               .group = "pkg.crossplane.io",
               .images = "spec/package",
               .source = "https://docs.crossplane.io/latest/packages/providers/"},
};

// Files whose names a row's globs match, and which are something else.
constexpr std::array<std::string_view, 2> other_endings{".dockerignore", ".md"};

// A word of every GitHub workflow; documents of the other shapes with images hold the word "image".
constexpr std::string_view shape_word = "runs-on";

// Of all patterns, the most slashes in one; and one more.
constexpr std::size_t most_parts = [] {
  std::ptrdiff_t out = 0;
  for (const known_form& row : rows)
    for (std::string_view rest = row.files; !rest.empty();
         rest.remove_prefix(std::min(rest.find(' '), rest.size() - 1) + 1))
      out = std::max(out, std::ranges::count(rest.substr(0, rest.find(' ')), '/'));
  return static_cast<std::size_t>(out) + 1;
}();

// The last parts of the path, as many as a pattern with this number of slashes has; empty when it has fewer.
std::string_view last_parts(std::string_view path, std::size_t slashes) {
  std::size_t begin = path.size();
  for (std::size_t i = 0; i <= slashes; ++i) {
    const std::size_t at = begin == 0 ? std::string_view::npos : path.rfind('/', begin - 1);
    if (at == std::string_view::npos) return i == slashes ? path : std::string_view();
    begin = at;
  }
  return path.substr(begin + 1);
}

std::vector<std::string_view> parts_of(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::vector<std::string_view> words_of(std::string_view text) { return parts_of(text, ' '); }

// A row with its texts read.
class compiled_form {
 public:
  explicit compiled_form(const known_form& form)
      : form_(&form), images_(form.images, form.uris, form.names), values_(form.values) {
    for (const std::string_view word : words_of(form.files))
      names_.push_back({glob(word), static_cast<std::size_t>(std::ranges::count(word, '/'))});
    for (const std::string_view word : words_of(form.shape)) {
      std::vector<demand>& either = shape_.emplace_back();
      for (const std::string_view one : parts_of(word, '|')) {
        const std::size_t sign = std::min(one.find('='), one.size());
        const std::string_view path = one.substr(0, sign);
        either.push_back({node_paths(path), key_of(path), one.substr(std::min(sign + 1, one.size()))});
      }
    }
  }

  [[nodiscard]] const known_form& form() const { return *form_; }
  [[nodiscard]] const node_paths& images() const { return images_; }
  [[nodiscard]] const node_paths& values() const { return values_; }

  // `parts`: the last parts of the path, by their number of slashes.
  [[nodiscard]] bool is_name(std::span<const std::string_view, most_parts> parts) const {
    return std::ranges::any_of(names_, [&](const name& one) { return one.pattern.matches(parts[one.slashes]); });
  }

  // `held`: the keys of shapes that the document has.
  [[nodiscard]] bool is_shape(const yaml::source_document& doc, const std::vector<std::string_view>& held) const {
    const auto has_key = [&](const demand& one) { return std::ranges::find(held, one.key) != held.end(); };
    const auto is_met = [&](const demand& one) { return has_key(one) && meets(doc, one); };
    // A walk costs far more than a look at the keys.
    return !shape_.empty() &&
           std::ranges::all_of(shape_, [&](const auto& either) { return std::ranges::any_of(either, has_key); }) &&
           std::ranges::all_of(shape_, [&](const auto& either) { return std::ranges::any_of(either, is_met); });
  }

  void add_keys(std::vector<std::string_view>& out) const {
    for (const std::vector<demand>& either : shape_)
      for (const demand& one : either)
        if (std::ranges::find(out, one.key) == out.end()) out.push_back(one.key);
  }

 private:
  struct name {
    glob pattern;
    std::size_t slashes = 0;
  };
  struct demand {
    node_paths path;
    /// A document without it has no such path.
    std::string_view key;
    /// Empty: any node.
    std::string_view text;
  };

  // The longest key of a path without conditions: the rarest.
  static std::string_view key_of(std::string_view path) {
    const auto keys = parts_of(path, '/');
    return *std::ranges::max_element(keys, {}, &std::string_view::size);
  }

  // A document that cannot be walked has no form.
  static bool meets(const yaml::source_document& doc, const demand& wanted) {
    bool is_met = false;
    std::size_t budget = shape_budget;
    const auto ok = wanted.path.walk(doc, doc.root, budget, [&](const path_match& m) {
      is_met = wanted.text.empty() || scalar_at(doc, m.node) == wanted.text;
      return !is_met;
    });
    return ok && is_met;
  }

  const known_form* form_;
  std::vector<name> names_;
  // Of each, one must be met.
  std::vector<std::vector<demand>> shape_;
  node_paths images_;
  node_paths values_;
};

const std::vector<compiled_form>& compiled_forms() {
  static const std::vector<compiled_form> all(rows.begin(), rows.end());
  return all;
}

// The keys of shapes, and those of them that the document has: one pass over its nodes for all shapes.
class shape_keys {
 public:
  shape_keys() {
    for (const compiled_form& one : compiled_forms()) one.add_keys(all_);
    for (const std::string_view key : all_) sizes_[static_cast<unsigned char>(key.front())] |= size_bit(key);
  }

  [[nodiscard]] std::vector<std::string_view> held_by(const yaml::source_document& doc) const {
    std::vector<std::string_view> out;
    for (const yaml::source_node& n : doc.nodes) {
      if (n.text.empty() || (sizes_[static_cast<unsigned char>(n.text.front())] & size_bit(n.text)) == 0) continue;
      const auto key = std::ranges::find(all_, n.text);
      if (key != all_.end() && std::ranges::find(out, *key) == out.end()) out.push_back(*key);
    }
    return out;
  }

 private:
  static std::uint64_t size_bit(std::string_view key) {
    return std::uint64_t{1} << std::min<std::size_t>(key.size(), 63);
  }

  std::vector<std::string_view> all_;
  // By the first letter of keys: the sizes of those that begin with it, as bits; long ones share one.
  std::array<std::uint64_t, 256> sizes_{};
};

const known_form* form_by_name(std::string_view path) {
  if (std::ranges::any_of(other_endings, [&](std::string_view ending) { return path.ends_with(ending); }))
    return nullptr;
  std::array<std::string_view, most_parts> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = last_parts(path, i);
  const auto found =
      std::ranges::find_if(compiled_forms(), [&](const compiled_form& one) { return one.is_name(parts); });
  return found == compiled_forms().end() ? nullptr : &found->form();
}

}  // namespace

std::span<const known_form> known_forms() { return rows; }

// The same file is asked about several times in a row.
const known_form* form_of_file(std::string_view path) {
  thread_local std::pair<std::string, const known_form*> last{{}, form_by_name({})};
  if (last.first != path) last = {std::string(path), form_by_name(path)};
  return last.second;
}

file_syntax syntax_of_file(std::string_view path) {
  const known_form* form = form_of_file(path);
  return form == nullptr ? file_syntax::yaml : form->syntax;
}

const known_form* form_of_shape(const yaml::source_document& doc) {
  static const shape_keys keys;
  const auto held = keys.held_by(doc);
  const auto found =
      std::ranges::find_if(compiled_forms(), [&](const compiled_form& one) { return one.is_shape(doc, held); });
  return found == compiled_forms().end() ? nullptr : &found->form();
}

const known_form* form_of_group(std::string_view group) {
  const auto found =
      std::ranges::find_if(rows, [&](const known_form& one) { return !one.group.empty() && one.group == group; });
  return found == rows.end() ? nullptr : &*found;
}

bool may_be_known_form(std::string_view text, std::string_view path) {
  if (form_of_file(path) != nullptr || text.contains(shape_word)) return true;
  return std::ranges::any_of(rows,
                             [&](const known_form& one) { return !one.group.empty() && text.contains(one.group); });
}

const node_paths& image_paths_of(const known_form& form) {
  return compiled_forms()[static_cast<std::size_t>(&form - rows.data())].images();
}

const node_paths& values_paths_of(const known_form& form) {
  return compiled_forms()[static_cast<std::size_t>(&form - rows.data())].values();
}

}  // namespace pinhook::files
