#include "support/yaml_maker.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::testing {
namespace {

// SplitMix64: the standard library's distributions differ between libraries.
class dice {
 public:
  explicit dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t below(std::uint64_t n) {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return (z ^ (z >> 31U)) % n;
  }
  /// True so many times in a hundred.
  bool chance(std::uint64_t percent) { return below(100) < percent; }
  std::string_view of(std::initializer_list<std::string_view> words) { return words.begin()[below(words.size())]; }

 private:
  std::uint64_t state_;
};

class maker {
 public:
  explicit maker(std::uint64_t seed) : dice_(seed) {}

  made_file make() {
    step_ = 2 * (1 + dice_.below(2));
    lists_at_key_ = dice_.chance(40);
    comments_ = dice_.below(3) * 25;
    switch (dice_.below(10)) {
      case 0:
        file_.path = "overlay/kustomization.yaml";
        kustomization();
        break;
      case 1:
        file_.path = "chart/values.yaml";
        values();
        break;
      case 2:
        file_.path = "compose.yaml";
        compose();
        break;
      default:
        file_.path = "objects.yaml";
        objects();
    }
    finish();
    return std::move(file_);
  }

 private:
  std::string image() {
    std::string out(
        dice_.of({"", "", "ghcr.io/acme/", "localhost:5000/", "registry.example.com:8443/team/sub/", "acme/"}));
    out += dice_.of({"nginx", "redis", "web", "a", "with-dash", "with_underscore", "with.dot"});
    if (!dice_.chance(15))
      out += std::string(":") + std::string(dice_.of({"1", "1.25", "v2.0.1-rc.1", "latest", "2026-11-21", "A_b.C-1"}));
    return out;
  }

  std::string indent(std::size_t depth) const { return std::string(depth * step_, ' '); }

  void maybe_comment(std::size_t depth) {
    if (!dice_.chance(comments_ / 2)) return;
    line(indent(depth) + std::string(dice_.of({"# a note", "#image: nginx:1.25", "# nginx:1.25", "#",
                                               "# über \xf0\x9f\x9a\x80", "# - image: x"})));
  }
  std::string trailer() {
    if (dice_.chance(10)) return std::string(dice_.of({" ", "  ", "\t", " \t "}));
    if (!dice_.chance(comments_)) return {};
    return std::string(
        dice_.of({" # keep", "  # see nginx:1.25", "\t# tab", " #", " # x # y", " # \xf0\x9f\x9a\x80", " #nginx"}));
  }
  void line(std::string_view text) {
    file_.text += text;
    file_.text += '\n';
  }
  void blank() {
    if (dice_.chance(8)) line(dice_.of({"", "", "  "}));
  }

  std::string key(std::string_view name) {
    const auto choice = dice_.below(12);
    const std::string quote = choice == 0 ? "\"" : choice == 1 ? "'" : "";
    return quote + std::string(name) + quote + ":";
  }

  std::string with_escape(const std::string& text) {
    // One character by its number; in JSON's way, which is YAML's too.
    static constexpr std::string_view hex = "0123456789abcdef";
    const auto at = dice_.below(text.size());
    const auto c = static_cast<unsigned char>(text[at]);
    std::string out = "\"" + text.substr(0, at) + "\\u00";
    out += hex[c >> 4U];
    out += hex[c & 15U];
    return out + text.substr(at + 1) + "\"";
  }

  // A scalar on the line of its key.
  std::string scalar(const std::string& text) {
    switch (dice_.below(8)) {
      case 0:
      case 1:
        return "\"" + text + "\"";
      case 2:
        return "'" + text + "'";
      case 3:
        if (!dice_.chance(20)) return text;
        file_.has_respelled = true;
        return with_escape(text);
      default:
        return text;
    }
  }

  // "image: …" in one of the ways that take lines of their own, or one line.
  void image_line(const std::string& before, std::size_t depth) {
    ++file_.images;
    const auto choice = dice_.below(20);
    if (!anchors_.empty() && choice < 3) {
      line(before + key("image") + " *" + anchors_[dice_.below(anchors_.size())] + trailer());
      return;
    }
    const std::string text = image();
    if (choice == 4) {
      line(before + key("image") + " " + std::string(dice_.of({">-", "|-", ">", "|"})) +
           std::string(dice_.of({"", " # folded"})));
      line(indent(depth + 1) + text);
    } else if (choice == 5) {
      line(before + key("image") + std::string(dice_.of({"", " # below"})));
      line(indent(depth + 1) + text + trailer());
    } else if (choice == 6) {
      anchors_.push_back("a" + std::to_string(anchors_.size()));
      line(before + key("image") + " &" + anchors_.back() + " " + scalar(text) + trailer());
    } else if (choice == 7) {
      line(before + key("image") + " !!str " + scalar(text) + trailer());
    } else {
      line(before + key("image") + std::string(1 + dice_.below(3), ' ') + scalar(text) + trailer());
    }
  }

  std::string flow_container() {
    ++file_.images;
    const std::string name = "name: c" + std::to_string(dice_.below(100));
    const std::string shown = "image: " + scalar(image());
    std::string inner = dice_.chance(50) ? name + ", " + shown : shown + ", " + name;
    if (dice_.chance(20)) inner = " " + inner + " ";
    return "{" + inner + "}";
  }

  void containers(std::string_view list, std::size_t depth) {
    const auto count = 1 + dice_.below(3);
    if (dice_.chance(15)) {
      std::string all;
      for (std::uint64_t i = 0; i < count; ++i) all += (i == 0 ? "" : ", ") + flow_container();
      line(indent(depth) + key(list) + " [" + all + "]" + trailer());
      return;
    }
    line(indent(depth) + key(list) + (dice_.chance(10) ? " # several" : ""));
    const std::string dash = lists_at_key_ ? indent(depth) : indent(depth + 1);
    for (std::uint64_t i = 0; i < count; ++i) {
      maybe_comment(depth + 1);
      if (dice_.chance(10)) {
        line(dash + "- " + flow_container() + trailer());
        continue;
      }
      const std::string inside(dash.size() + 2, ' ');
      const std::size_t next = inside.size() / step_ + 1;
      if (dice_.chance(50)) {
        line(dash + "- " + key("name") + " c" + std::to_string(i));
        blank();
        image_line(inside, next);
      } else {
        image_line(dash + "- ", next);
        line(inside + key("name") + " 'c" + std::to_string(i) + "'");
      }
      if (dice_.chance(30)) line(inside + "args: [\"--image\", nginx:1.25]" + trailer());
    }
  }

  void pod_spec(std::size_t depth) {
    if (dice_.chance(20)) line(indent(depth) + "restartPolicy: Never" + trailer());
    if (dice_.chance(30)) containers("initContainers", depth);
    containers("containers", depth);
    if (dice_.chance(20)) {
      line(indent(depth) + "volumes:");
      line(indent(depth + 1) + "- name: v");
      ++file_.images;
      line(indent(depth + 1) + "  image: {reference: " + scalar(image()) + "}" + trailer());
    }
  }

  void object() {
    anchors_.clear();
    maybe_comment(0);
    const bool is_pod = dice_.chance(30);
    line(is_pod ? "apiVersion: v1" : "apiVersion: apps/v1");
    line(is_pod ? "kind: Pod"
                : std::string("kind: ") + std::string(dice_.of({"Deployment", "StatefulSet", "DaemonSet"})));
    blank();
    line("metadata: {name: " + std::string(dice_.of({"web", "\"w\"", "'x'"})) + "}" + trailer());
    line("spec:");
    if (is_pod) {
      pod_spec(1);
      return;
    }
    line(indent(1) + "template:");
    maybe_comment(2);
    line(indent(2) + "spec:");
    pod_spec(3);
    if (dice_.chance(20)) line(indent(1) + "replicas: 3" + trailer());
  }

  void config_map() {
    line("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:");
    line(indent(1) + "image: nginx:1.25" + trailer());
    line(indent(1) + "text: |\n" + indent(2) + "image: nginx:1.25 # text\n" + indent(2) + "---");
  }

  void list() {
    line("{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [");
    const auto count = 1 + dice_.below(3);
    for (std::uint64_t i = 0; i < count; ++i)
      line("  {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [" + flow_container() + "]}}" +
           (i + 1 < count ? "," : "") + trailer());
    line("]}" + trailer());
  }

  void objects() {
    const auto count = 1 + dice_.below(4);
    for (std::uint64_t i = 0; i < count; ++i) {
      if (i > 0 || dice_.chance(30))
        line(dice_.of({"---", "---", "--- # next", "---\n# Source: chart/templates/x.yaml"}));
      const auto choice = dice_.below(10);
      if (choice == 0)
        config_map();
      else if (choice == 1)
        list();
      else
        object();
      if (dice_.chance(5)) line("...");
    }
  }

  void kustomization() {
    if (dice_.chance(50)) line("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization");
    maybe_comment(0);
    line("resources: [a.yaml]" + trailer());
    line("images:" + trailer());
    const std::string dash = lists_at_key_ ? "" : indent(1);
    const auto count = 1 + dice_.below(3);
    for (std::uint64_t i = 0; i < count; ++i) {
      ++file_.images;
      const std::string tag = quoted_tag();
      maybe_comment(1);
      if (dice_.chance(20)) {
        line(dash + "- {name: nginx, newTag: " + tag + "}" + trailer());
        continue;
      }
      std::vector<std::string> members{"name: nginx" + std::to_string(i), "newTag: " + tag};
      if (dice_.chance(40)) members.push_back("newName: ghcr.io/acme/web");
      if (dice_.chance(30)) std::swap(members.front(), members.back());
      for (std::size_t m = 0; m < members.size(); ++m) line(dash + (m == 0 ? "- " : "  ") + members[m] + trailer());
      blank();
    }
    if (dice_.chance(30)) line("namespace: shop");
  }

  std::string quoted_tag() {
    const std::string tag(dice_.of({"1.25.3", "v1", "2.0.0-rc.1", "latest"}));
    return dice_.chance(30) ? "\"" + tag + "\"" : dice_.chance(30) ? "'" + tag + "'" : tag;
  }

  void values() {
    line("replicas: 1" + trailer());
    const auto count = 1 + dice_.below(3);
    for (std::uint64_t i = 0; i < count; ++i) {
      line("part" + std::to_string(i) + ":");
      ++file_.images;
      if (dice_.chance(25)) {
        line(indent(1) + "image: " + scalar(image()) + trailer());
        continue;
      }
      if (dice_.chance(20)) {
        line(indent(1) + "image: {repository: acme/web, tag: " + quoted_tag() + "}" + trailer());
        continue;
      }
      line(indent(1) + "image:");
      if (dice_.chance(50)) line(indent(2) + "registry: ghcr.io" + trailer());
      line(indent(2) + "repository: acme/web" + trailer());
      maybe_comment(2);
      line(indent(2) + "tag: " + quoted_tag() + trailer());
      if (dice_.chance(50)) line(indent(2) + "digest:" + std::string(dice_.of({"", " \"\"", " ''"})) + trailer());
    }
  }

  void compose() {
    line("services:" + trailer());
    const auto count = 1 + dice_.below(4);
    for (std::uint64_t i = 0; i < count; ++i) {
      maybe_comment(1);
      line(indent(1) + "s" + std::to_string(i) + ":");
      image_line(indent(2), 3);
      if (dice_.chance(40)) line(indent(2) + "restart: always" + trailer());
    }
  }

  void finish() {
    std::string& text = file_.text;
    if (dice_.chance(10)) text.pop_back();
    if (dice_.chance(20)) {
      std::string lines;
      for (const char c : text) {
        if (c == '\n') lines += '\r';
        lines += c;
      }
      text = std::move(lines);
    }
    if (dice_.chance(8)) text.insert(0, "\xef\xbb\xbf");
  }

  dice dice_;
  made_file file_;
  std::vector<std::string> anchors_;
  std::size_t step_ = 2;
  bool lists_at_key_ = false;
  std::uint64_t comments_ = 0;
};

}  // namespace

made_file make_yaml(std::uint64_t seed) { return maker(seed).make(); }

}  // namespace pinhook::testing
