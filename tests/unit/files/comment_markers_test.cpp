#include <pinhook/files/comment_markers.hpp>

#include "support/paths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace pinhook::files {
namespace {

struct marker_case {
  std::string_view comment;
  // Empty: no marker.
  std::string_view program;
  bool is_alone = false;
};

TEST(CommentMarkers, AreFoundByTheirText) {
  const marker_case table[] = {
      {"# {\"$imagepolicy\": \"flux-system:web\"}", "Flux", true},
      {"#{\"$imagepolicy\":\"flux-system:web:tag\"}", "Flux", true},
      {"## { \"$imagepolicy\" : \"flux-system:web:name\" }", "Flux", true},
      {"# {\"$kpt-set\":\"image\"}", "kpt", true},
      {"# {\"$openapi\":\"image\"}", "kyaml", true},
      {"# {\"$ref\":\"#/definitions/io.k8s.cli.setters.image\"}", "kyaml", true},
      {"# kpt-set: ${image}:${tag}", "kpt", true},
      {"# kpt-merge: shop/web", "kpt", true},
      {"# from-param: ${image}", "Cloud Deploy", true},
      {"# renovate: datasource=docker depName=nginx", "Renovate", true},
      {"# x-release-please-version", "release-please", true},
      {"# ours x-release-please-major", "release-please", true},
      {"#@ data.values.image", "ytt", true},
      {"#@overlay/match missing_ok=True", "ytt", true},
      {"# yamllint disable-line rule:line-length", "yamllint", true},
      {"# @schema type:string", "helm-values-schema-json", true},
      {"# ratchet:exclude", "ratchet"},
      {"# checkov:skip=CKV_K8S_43: a test", "Checkov"},
      {"#trivy:ignore:AVD-KSV-0013", "Trivy"},
      {"# kics-scan ignore-line", "KICS"},
      {"# pragma: allowlist secret", "detect-secrets"},
      {"# nosemgrep: yaml.some-rule", "Semgrep"},
      {"# gitleaks:allow", "gitleaks"},
      {"# trufflehog:ignore", "TruffleHog"},
      {"# zizmor: ignore[unpinned-images]", "zizmor"},
      {"# noqa latest", "ansible-lint"},
      {"# NOSONAR", "SonarQube"},
      {"# keep me", ""},
      {"# nginx:1.25", ""},
      {"# ratchet:nginx:1.25", ""},
      {"# see renovate: it is odd", ""},
      {"# ours {\"$imagepolicy\": \"a:b\"}", ""},
      {"#", ""},
      {"", ""},
      {"nginx # renovate: x", ""},
  };
  for (const marker_case& one : table) {
    const comment_marker* found = marker_of(one.comment);
    EXPECT_EQ(found == nullptr ? "" : found->program, one.program) << one.comment;
    EXPECT_EQ(found != nullptr && found->is_exclusive(), one.is_alone) << one.comment;
  }
}

TEST(CommentMarkers, EveryRowIsFoundAndDocumented) {
  std::ifstream in(testing::source_dir() + "/docs/comments.md");
  std::stringstream guide;
  guide << in.rdbuf();
  for (const comment_marker& one : comment_markers()) {
    const std::string comment = one.place == marker_place::object  ? "# {" + std::string(one.text) + ": \"a\"}"
                                : one.place == marker_place::tight ? "#" + std::string(one.text)
                                                                   : "# " + std::string(one.text);
    EXPECT_EQ(marker_of(comment), &one) << comment;
    EXPECT_TRUE(guide.str().contains("| " + std::string(one.program) + " |")) << one.program;
    EXPECT_TRUE(one.source.contains("://") || one.source.contains("sigs.k8s.io/")) << one.program;
  }
}

TEST(CommentMarkers, AreNotLookedForBehindTheLimit) {
  EXPECT_NE(marker_of("#" + std::string(max_marker_comment - 30, ' ') + "x-release-please-version"), nullptr);
  EXPECT_EQ(marker_of("#" + std::string(max_marker_comment, ' ') + "x-release-please-version"), nullptr);
}

// The program whose marker applies to the line that holds "image", in a text where "^" is its comment, if it has one.
std::string program_at(std::string text, bool is_item = false) {
  const std::size_t sign = text.find('^');
  if (sign != std::string::npos) text[sign] = '#';
  const marked_text marks(text);
  const std::size_t begin = std::min(text.find("image:"), text.find("- image"));
  const std::size_t end = text.find('\n', begin);
  const comment_marker* found = marks.at(begin, sign != std::string::npos ? sign : std::min(end, text.size()), is_item);
  return found == nullptr ? "" : std::string(found->program);
}

TEST(MarkedText, KnowsTheLineAndTheLinesAbove) {
  EXPECT_EQ(program_at("a: 1\nimage: b ^ kpt-set: ${b}\n"), "kpt");
  EXPECT_EQ(program_at("# kpt-set: ${b}\nimage: b\n"), "");
  EXPECT_EQ(program_at("# renovate: datasource=docker\nimage: b\n"), "Renovate");
  EXPECT_EQ(program_at("# renovate: datasource=docker\r\n# ours\r\nimage: b ^ keep\r\n"), "Renovate");
  EXPECT_EQ(program_at("# renovate: datasource=docker\n\nimage: b\n"), "");
  EXPECT_EQ(program_at("# renovate: datasource=docker\na: 1\nimage: b\n"), "");
  EXPECT_EQ(program_at("a: 1 # renovate: datasource=docker\nimage: b\n"), "");
  EXPECT_EQ(program_at("# {\"$imagepolicy\": \"a:b\"}\nimage: b\n"), "");
  EXPECT_EQ(program_at("# {\"$imagepolicy\": \"a:b\"}\n- image\n", true), "Flux");
  EXPECT_EQ(program_at("# yamllint disable-line\nimage: b\n"), "");
  std::string far = "# renovate: datasource=docker\n";
  for (std::size_t i = 1; i < max_lines_above; ++i) far += "# more\n";
  EXPECT_EQ(program_at(far + "image: b\n"), "Renovate");
  EXPECT_EQ(program_at(far + "# more\nimage: b\n"), "");
}

TEST(MarkedText, KnowsRegionsAndFilesOfAnotherSyntax) {
  EXPECT_EQ(program_at("# x-release-please-start-version\na: 1\nimage: b\n# x-release-please-end\n"), "release-please");
  EXPECT_EQ(program_at("# x-release-please-start-version\na: 1\n# x-release-please-end\nimage: b\n"), "");
  EXPECT_EQ(program_at("# x-release-please-start-version\na: 1\nimage: b\n"), "release-please");
  EXPECT_EQ(program_at("image: b\n# x-release-please-start-version\n"), "");
  EXPECT_EQ(program_at("#@ load(\"@ytt:data\", \"data\")\nimage: b\n"), "ytt");
  EXPECT_EQ(program_at("a: \"#@\"\nimage: b\n"), "");
}

TEST(MarkedText, LooksAtSoManySignsOfALine) {
  std::string signs;
  for (std::size_t i = 1; i < max_signs; ++i) signs += " \"a # b\"";
  const std::string marker = " # kpt-set: ${b}\n";
  EXPECT_FALSE(marked_text("a: [" + signs + "]" + marker).is_empty());
  EXPECT_TRUE(marked_text("a: [" + signs + " # " + "]" + marker).is_empty());
  EXPECT_TRUE(marked_text("a: 1\n").is_empty());
  EXPECT_TRUE(marked_text("a: 1 # keep # noqa\n").is_empty());
}

}  // namespace
}  // namespace pinhook::files
