// Files of real shape, pinned and unpinned: tests/corpus.
#include "support/golden.hpp"
#include "support/paths.hpp"
#include "support/pin_trial.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::testing {
namespace {

namespace fs = std::filesystem;

const fs::path corpus = fs::path(testing::source_dir()) / "tests/corpus";

struct corpus_case {
  const char* file;
  /// Images that are found, and those of them that get a digest.
  std::size_t slots, pinned;
  /// Pinned and unpinned it is not the same text, since a value was not written as it reads.
  bool is_respelled = false;
  /// It is JSON, where no comment can hold the tag: by digest alone there is no way back.
  bool is_json = false;
};

void PrintTo(const corpus_case& c, std::ostream* out) { *out << c.file; }

const corpus_case cases[] = {
    {"charts/hooks-crlf.yaml", 4, 4},
    {"charts/rendered.yaml", 4, 4},
    {"ci/.buildkite/pipeline.yml", 2, 2},
    {"ci/.circleci/config.yml", 4, 3},
    {"ci/.drone.yml", 3, 2},
    {"ci/.github/workflows/ci.yml", 7, 5},
    {"ci/.gitlab-ci.yml", 7, 6},
    {"ci/.gitpod.yml", 1, 1},
    {"ci/.semaphore/semaphore.yml", 2, 2},
    {"ci/.woodpecker/build.yaml", 4, 4},
    {"ci/action/action.yml", 1, 1},
    {"ci/azure-pipelines.yml", 3, 2},
    {"ci/bitbucket-pipelines.yml", 7, 7},
    {"ci/cloudbuild.yaml", 3, 2},
    {"ci/objects/tekton-bundles.yaml", 4, 3},
    {"compose/flow/docker-compose.yaml", 2, 2, false, true},
    {"compose/old/docker-compose.yml", 2, 2},
    {"compose/shop/compose.yaml", 6, 4},
    {"json/deployment-compact.json", 3, 3, false, true},
    {"json/deployment-escapes.json", 3, 3, true, true},
    {"json/deployment-tabs.json", 3, 3, false, true},
    {"json/deployment.json", 3, 3, false, true},
    {"json/lines.json", 3, 3, false, true},
    {"json/list.json", 6, 6, false, true},
    {"kustomizations/at-key/kustomization.yml", 2, 2},
    {"kustomizations/component/kustomization.yaml", 1, 1},
    {"kustomizations/flow/kustomization.yaml", 2, 2},
    {"kustomizations/none/kustomization.yaml", 0, 0},
    {"kustomizations/overlay/kustomization.yaml", 4, 2},
    {"objects/argo-rollout.yaml", 1, 1},
    {"objects/argo-workflow.yaml", 4, 2},
    {"objects/argocd-application.yaml", 3, 3},
    {"objects/crd.yaml", 0, 0},
    {"objects/cronjob.yaml", 2, 2},
    {"objects/custom-resources.yaml", 5, 5},
    {"objects/deployment-bom-crlf-no-final-newline.yaml", 4, 4},
    {"objects/deployment-bom.yaml", 4, 4},
    {"objects/deployment-crlf.yaml", 4, 4},
    {"objects/deployment-ends-with-image.yaml", 1, 1},
    {"objects/deployment-four-spaces.yaml", 2, 2},
    {"objects/deployment-lists-at-key.yml", 3, 3},
    {"objects/deployment-tabs-in-comments.yaml", 3, 3},
    {"objects/deployment.yaml", 4, 4},
    {"objects/documents.yaml", 2, 2},
    {"objects/empty.yaml", 0, 0},
    {"objects/gitops-mixed.yaml", 3, 2},
    {"objects/helmrelease.yaml", 2, 2},
    {"objects/images-in-parts.yaml", 10, 9},
    {"objects/knative.yaml", 1, 1},
    {"objects/list.yaml", 3, 3},
    {"objects/only-comments.yaml", 0, 0},
    {"objects/operator-images.yaml", 3, 3},
    {"objects/placeholders.yaml", 5, 0},
    {"objects/pod-already-pinned.yaml", 4, 1},
    {"objects/pod-anchor-shared-with-text.yaml", 1, 1, true},
    {"objects/pod-anchors.yaml", 5, 5},
    {"objects/pod-block-scalars.yaml", 3, 3},
    {"objects/pod-escapes.yaml", 3, 3, true},
    {"objects/pod-flow.yaml", 4, 4},
    {"objects/pod-merge-keys.yaml", 3, 3},
    {"objects/pod-odd-values.yaml", 3, 1},
    {"objects/pod-odd-whitespace.yaml", 3, 3},
    {"objects/pod-one-line.yaml", 3, 3},
    {"objects/pod-quoted-keys.yaml", 4, 4},
    {"objects/pod-tags-and-numbers.yaml", 4, 4},
    {"objects/pods-skip-label.yaml", 2, 1},
    {"objects/policy-pattern.yaml", 2, 0},
    {"objects/resource-list.yaml", 1, 1},
    {"objects/statefulset-image-volumes.yaml", 3, 3},
    {"objects/tekton-nested.yaml", 1, 1},
    {"objects/tekton.yaml", 5, 4},
    {"objects/unknown-kind.yaml", 3, 3},
    {"objects/values-in-quotes.yaml", 6, 6},
    {"objects/values-in-text.yaml", 6, 6},
    {"values/beside/values.yaml", 5, 5},
    {"values/bitnami/values.yaml", 4, 4},
    {"values/plain/values.yaml", 5, 4},
    {"values/prod/values-prod.yml", 2, 1},
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == '\n')
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

void remove_all(std::string& text, const std::string& part) {
  if (part.empty()) return;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part)) text.erase(at, part.size());
}

// The line without every text of these images: an oracle without knowledge of YAML. Longer words first, since "nginx"
// is a part of "nginx:1.25".
std::string bare(std::string line, const std::vector<files::slot>& slots, const std::vector<files::change>& changes,
                 pin::pin_format format) {
  std::vector<std::string> words;
  for (const auto& c : changes) {
    const auto& ref = *slots[c.slot].ref;
    const std::string name(ref.written_name());
    const std::string digest = c.digest->to_string();
    const std::string tag(ref.effective_tag());
    words.insert(words.end(), {" # " + name + ":" + tag, " # " + name, name + ":" + tag + "@" + digest,
                               name + "@" + digest, name + ":" + tag, name, "@" + digest, digest});
    for (const std::string quote : {"", "'", "\""}) {
      words.push_back("newTag: " + quote + tag + quote);
      // An operator that takes a digest in place of the tag.
      words.push_back("version: " + quote + tag + quote);
      words.push_back("version: " + quote + digest + quote);
      if (format == pin::pin_format::tag_and_digest) words.push_back(", digest: " + quote + digest + quote);
      words.push_back("digest: " + quote + digest + quote);
      words.push_back("digest: " + quote + quote);
    }
  }
  std::ranges::sort(
      words, [](const auto& a, const auto& b) { return a.size() > b.size() || (a.size() == b.size() && a > b); });
  words.emplace_back("digest:");
  for (const auto& word : words) remove_all(line, word);
  return line;
}

class Corpus : public ::testing::TestWithParam<corpus_case> {
 protected:
  void expect_all_else_kept(const std::string& text, const std::string& changed, const pin_trial& t,
                            pin::pin_format format) {
    const auto before = lines_of(text);
    const auto after = lines_of(changed);
    std::size_t at = 0;
    for (const auto& line : after) {
      if (at < before.size() && line == before[at]) {
        ++at;
        continue;
      }
      const auto kept = bare(line, t.before, t.changes, format);
      if (at < before.size() && kept == bare(before[at], t.before, t.changes, format)) {
        ++at;
        continue;
      }
      // A line of its own for a kustomization's digest.
      EXPECT_EQ(std::ranges::count_if(kept, [](char c) { return c != ' ' && c != '\r'; }), 0)
          << "line " << at + 1 << " became: " << line;
    }
    EXPECT_EQ(at, before.size()) << changed;
  }

  void expect_holds(pin::pin_format format) {
    const auto& c = GetParam();
    const auto text = read_file(corpus / c.file);
    const auto t = try_pin(text, c.file, format);
    ASSERT_EQ(t.refusal, "");
    EXPECT_EQ(t.problem, "") << t.pinned;
    EXPECT_EQ(t.before.size(), c.slots) << [&] {
      std::string all;
      for (const auto& s : t.before)
        all += fmt::format("{}:{} {} {} {}\n", s.line, s.column, s.object, s.written, to_string(s.reason));
      return all;
    }();
    EXPECT_EQ(t.changes.size(), c.pinned);
    EXPECT_EQ(t.lost, 0U) << t.pinned;
    if (!t.problem.empty() || c.is_respelled) {
      EXPECT_NE(t.comes_back, true);
      return;
    }
    expect_all_else_kept(text, t.pinned, t, format);
    if (t.tagged > 0)
      expect_all_else_kept(text, t.unpinned, t, format);
    else
      EXPECT_EQ(t.unpinned, text);
  }
};

TEST_P(Corpus, DigestsChangeNothingElse) { expect_holds(pin::pin_format::digest); }
TEST_P(Corpus, TagsAndDigestsChangeNothingElse) { expect_holds(pin::pin_format::tag_and_digest); }

INSTANTIATE_TEST_SUITE_P(Files, Corpus, ::testing::ValuesIn(cases), [](const auto& one) {
  std::string name = one.param.file;
  std::ranges::replace_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

// Every file is in the table, so that none is forgotten.
TEST(CorpusTable, NamesEveryFile) {
  std::set<std::string> named;
  for (const auto& c : cases) named.insert(c.file);
  std::set<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(corpus)) {
    const auto path = fs::relative(entry.path(), corpus).generic_string();
    if (!entry.is_regular_file() || path.starts_with("chart/") || path.starts_with("signatures/") ||
        path.starts_with("trees/") || path.starts_with("tuf/") || path == ".gitattributes")
      continue;
    found.insert(path);
  }
  EXPECT_EQ(named, found);
}

}  // namespace
}  // namespace pinhook::testing
