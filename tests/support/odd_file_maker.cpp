#include "support/dice.hpp"
#include "support/odd_file_maker.hpp"

#include <fmt/core.h>

#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::testing {
namespace {

const std::string digest = "sha256:" + std::string(63, '0') + "1";

struct node {
  std::string scalar{};
  std::vector<std::pair<std::string, node>> members{};
  std::vector<node> items{};
  [[nodiscard]] bool is_scalar() const { return members.empty() && items.empty(); }
};

node mapping(std::vector<std::pair<std::string, node>> members) { return {{}, std::move(members), {}}; }
node list(std::vector<node> items) { return {{}, {}, std::move(items)}; }
node text(std::string_view scalar) { return {std::string(scalar), {}, {}}; }

// As they are written; every one may stand in a block and between brackets.
const std::vector<std::string> odd_scalars{
    "",
    "~",
    "null",
    "''",
    "\"\"",
    "[]",
    "{}",
    "[a, [b]]",
    "{a: b}",
    "{image: nginx, name: web}",
    "[nginx]",
    "*text",
    "*map",
    "*list",
    "*digest",
    "&again nginx:1",
    "&none",
    "!!str 5",
    "!!null nginx",
    "!custom nginx:2",
    "!!binary aGk=",
    digest,
    "nginx@" + digest,
    "nginx:1.25@" + digest,
    "\"@" + digest + "\"",
    "v1@" + digest,
    "sha256",
    "\"a:b:c\"",
    "nginx:",
    "\":v1\"",
    "nginx@",
    "\"{{ .Values.image }}\"",
    "\"${TAG}\"",
    "$(params.image)",
    "1.10",
    "0x10",
    "010",
    "1e3",
    "20240101",
    "-1",
    "true",
    ".inf",
    "2024-01-01",
    "'a b'",
    "\"a\\nb\"",
    "\"\\u00e4\"",
    "\xC3\xA4\xF0\x9F\x90\xB3",
    "localhost:5000",
    "localhost:5000/a/b:v1",
    "UPPER/case",
    "web.*",
    "'[a-z]'",
    std::string(200, 'a'),
    std::string(1'500, 'b') + ":v1",
    "\"" + std::string(300, ' ') + "\"",
    "'nginx:1.25'",
    "\"nginx:1.25\"",
};

const std::vector<std::string> block_scalars{"|\n%nginx:1.25\n", "|-\n%nginx:1.25\n%\n", ">-\n%nginx\n%redis:7\n",
                                             ">\n%" + digest + "\n"};

const std::vector<std::string> comments{"nginx:1.25",      "nginx",    "keep me", "nginx:1.25 # redis:7 # ours",
                                        "nginx@" + digest, "\"x\": y", "",        "{\"$imagepolicy\": \"a:b:tag\"}"};

class maker {
 public:
  explicit maker(std::uint64_t seed) : dice_(static_cast<unsigned>(seed)) {}

  odd_file make() {
    odd_file out;
    node root;
    switch (dice_.roll(4)) {
      case 0:
        out.path = "kustomization.yaml";
        root = kustomization();
        break;
      case 1:
        out.path = "values.yaml";
        root = values();
        break;
      case 2:
        out.path = "compose.yaml";
        root = compose();
        break;
      default:
        out.path = "objects.yaml";
        root = object();
    }
    disturb(root, 0);
    // Anchors for the aliases above; without one the file is refused.
    if (!dice_.once_in(8))
      text_ += fmt::format(
          "x-text: &text nginx:1.25\nx-digest: &digest {}\nx-list: &list [nginx, {{name: a}}]\n"
          "x-map: &map {{name: nginx, newTag: v1, image: \"nginx:2\", tag: v3}}\n",
          digest);
    if (dice_.once_in(16)) text_.insert(0, "\xEF\xBB\xBF");
    if (dice_.once_in(12)) {
      flow(root);
      text_ += "\n";
    } else if (root.is_scalar()) {
      text_ += root.scalar + "\n";
    } else {
      block(root, 0);
    }
    if (dice_.once_in(12)) text_ += "---\n- another\n";
    if (dice_.once_in(8)) to_crlf();
    out.text = std::move(text_);
    return out;
  }

 private:
  node image_text() { return text(dice_.one_of({"nginx", "nginx:1.25", "quay.io/acme/web:v1", "redis@" + digest})); }

  node entry() {
    std::vector<std::pair<std::string, node>> out;
    for (const std::string_view key : {"name", "newName", "newTag", "digest", "tagSuffix"}) {
      if (!dice_.once_in(key == "name" ? 8 : 2)) {
        if (key != "name") continue;
      } else if (key == "name") {
        continue;
      }
      const bool is_name = key == "name" || key == "newName";
      out.emplace_back(key, is_name           ? image_text()
                            : key == "digest" ? text(digest)
                            : key == "newTag" ? text(dice_.one_of({"v1", "\"1.25\"", "v2@" + digest}))
                                              : text("-arm"));
    }
    return out.empty() ? text("nginx") : mapping(std::move(out));
  }

  node kustomization() {
    std::vector<node> entries;
    for (std::size_t i = 1 + dice_.roll(4); i > 0; --i) entries.push_back(entry());
    std::vector<std::pair<std::string, node>> out{{"resources", list({text("web.yaml")})},
                                                  {"images", list(std::move(entries))}};
    if (dice_.once_in(3)) out.emplace_back("kind", text("Component"));
    return mapping(std::move(out));
  }

  node value_image() {
    std::vector<std::pair<std::string, node>> out{{"repository", text("quay.io/acme/web")}};
    if (dice_.once_in(3)) out.emplace_back("registry", text("registry.example.com"));
    if (!dice_.once_in(3)) out.emplace_back("tag", text("v1"));
    if (dice_.once_in(3)) out.emplace_back("digest", text(dice_.one_of({"", digest})));
    if (dice_.once_in(3)) out.emplace_back("pullPolicy", text("Always"));
    return mapping(std::move(out));
  }

  node values() {
    return mapping({{"image", value_image()},
                    {"sidecar", mapping({{"image", image_text()}})},
                    {"jobs", list({mapping({{"image", value_image()}}), text("a")})}});
  }

  node compose() {
    return mapping({{"services", mapping({{"web", mapping({{"image", image_text()}, {"pull_policy", text("always")}})},
                                          {"db", mapping({{"image", image_text()}, {"build", text(".")}})}})}});
  }

  node container() {
    return mapping({{"name", text("a")}, {"image", image_text()}, {"imagePullPolicy", text("Always")}});
  }

  node pod_spec() {
    return mapping(
        {{"containers", list({container(), container()})},
         {"initContainers", list({container()})},
         {"volumes", list({mapping({{"name", text("v")}, {"image", mapping({{"reference", image_text()}})}})})}});
  }

  node object() {
    if (dice_.once_in(4)) {
      return mapping({{"apiVersion", text("v1")}, {"kind", text("List")}, {"items", list({pod(), pod()})}});
    }
    return dice_.once_in(2) ? custom() : pod();
  }

  node parameter(std::string_view name, node value) {
    return mapping({{"name", text(std::string(name))}, {"value", std::move(value)}});
  }

  // Kinds whose images are found by tables and by the names of keys.
  node custom() {
    const auto named = [&](const char* version, const char* kind, node spec) {
      return mapping({{"apiVersion", text(version)},
                      {"kind", text(kind)},
                      {"metadata", mapping({{"name", text("web")}})},
                      {"spec", std::move(spec)}});
    };
    switch (dice_.roll(4)) {
      case 0:
        return named("helm.toolkit.fluxcd.io/v2", "HelmRelease", mapping({{"values", values()}}));
      case 1:
        return named(
            "argoproj.io/v1alpha1", "Application",
            mapping({{"source",
                      mapping({{"helm", mapping({{"parameters", list({parameter("image.repository", text("a/b")),
                                                                      parameter("image.tag", text("v1")),
                                                                      parameter("job.image", image_text())})},
                                                 {"valuesObject", values()}})},
                               {"kustomize", mapping({{"images", list({text("web=nginx:1.25"), image_text()})}})}})}}));
      case 2:
        return named("kustomize.toolkit.fluxcd.io/v1", "Kustomization",
                     mapping({{"images", list({entry(), entry()})}}));
      default:
        return named("example.com/v1", "Engine",
                     mapping({{"image", value_image()},
                              {"sidecarImage", image_text()},
                              {"images", list({image_text(), value_image()})},
                              {"env", list({parameter("WORKER_IMAGE", image_text())})},
                              {"objects", list({pod(), object()})}}));
    }
  }

  node pod() {
    const bool is_pod = dice_.once_in(2);
    return mapping({{"apiVersion", text(is_pod ? "v1" : "apps/v1")},
                    {"kind", text(is_pod ? "Pod" : "Deployment")},
                    {"metadata", mapping({{"name", text("web")}, {"labels", mapping({{"app", text("web")}})}})},
                    {"spec", is_pod ? pod_spec() : mapping({{"template", mapping({{"spec", pod_spec()}})}})}});
  }

  // One node in so many is replaced; sometimes a key is a duplicate or in a merge key.
  void disturb(node& n, std::size_t depth) {
    if (depth > 0 && dice_.once_in(14)) {
      n = text(dice_.one_of(odd_scalars));
      return;
    }
    for (auto& [key, value] : n.members) disturb(value, depth + 1);
    for (node& one : n.items) disturb(one, depth + 1);
    if (!n.members.empty() && dice_.once_in(20))
      n.members.emplace_back("<<", text(dice_.one_of({"*map", "*list", "~", "x"})));
    if (!n.members.empty() && dice_.once_in(40)) {
      auto again = n.members.front();
      n.members.push_back(std::move(again));
    }
  }

  void block(const node& n, std::size_t indent) {
    for (const auto& [key, value] : n.members) {
      text_ += fmt::format("{:{}}{}:", "", indent, key_text(key));
      value_of(value, indent, true);
    }
    for (const node& one : n.items) {
      text_ += fmt::format("{:{}}-", "", indent);
      value_of(one, indent, false);
    }
  }

  void value_of(const node& n, std::size_t indent, bool is_member) {
    if (n.is_scalar() && is_member && dice_.once_in(30)) {
      std::string lines = dice_.one_of(block_scalars);
      for (auto at = lines.find('%'); at != std::string::npos; at = lines.find('%'))
        lines.replace(at, 1, std::string(indent + 2, ' '));
      text_ += " " + lines;
    } else if (n.is_scalar()) {
      text_ += n.scalar.empty() ? "" : " " + n.scalar;
      end_line();
    } else if (dice_.once_in(6)) {
      text_ += " ";
      flow(n);
      end_line();
    } else {
      if (dice_.once_in(24)) text_ += fmt::format(" &a{}", text_.size());
      text_ += "\n";
      block(n, indent + 2);
    }
  }

  void flow(const node& n) {
    if (n.is_scalar()) {
      text_ += n.scalar;
      return;
    }
    bool is_first = true;
    text_ += n.members.empty() ? "[" : "{";
    for (const auto& [key, value] : n.members) {
      text_ += fmt::format("{}{}: ", std::exchange(is_first, false) ? "" : ", ", key_text(key));
      flow(value);
    }
    for (const node& one : n.items) {
      text_ += std::exchange(is_first, false) ? "" : ", ";
      flow(one);
    }
    text_ += n.members.empty() ? "]" : "}";
  }

  std::string key_text(const std::string& key) { return dice_.once_in(40) ? "\"" + key + "\"" : key; }

  void end_line() {
    if (dice_.once_in(6)) text_ += "  # " + dice_.one_of(comments);
    text_ += "\n";
  }

  void to_crlf() {
    std::string out;
    for (const char c : text_) out += c == '\n' ? "\r\n" : std::string(1, c);
    text_ = std::move(out);
  }

  dice dice_;
  std::string text_;
};

}  // namespace

odd_file make_odd_file(std::uint64_t seed) { return maker(seed).make(); }

}  // namespace pinhook::testing
