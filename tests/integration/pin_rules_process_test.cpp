// The effect of the operator's rules on pin, unpin, lock and fn, as processes.
#include "support/file_commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class PinRulesProcess : public FileCommands {
 protected:
  PinRulesProcess() {
    write("pinhook.yaml",
          "rules:\n"
          "  - {name: left, images: [\"**/a\"], namespaces: [shop], pin: never}\n"
          "  - {name: readable, images: [\"**/b\"], format: tag-and-digest}\n");
  }

  // Of no namespace.
  static std::string job(const std::string& image, const std::string& behind = "") {
    return "apiVersion: batch/v1\nkind: Job\nspec:\n  template:\n    spec:\n      containers:\n      - name: job\n"
           "        image: " +
           image + behind + "\n";
  }
};

TEST_F(PinRulesProcess, PinLeavesWhatARuleSaysNeverOf) {
  write("web.yaml", deployment_file(image("a:1")));
  write("job.yaml", job(image("b:2")));
  const auto seen = run("pinhook pin --config pinhook.yaml -i web.yaml job.yaml");
  EXPECT_EQ(seen.exit_code, 0);
  EXPECT_EQ(seen.errors,
            "pinhook pin: rule left leaves 1 image as it is: it says pin: never\n"
            "pinhook pin: pinned 1 image in 1 file; 1 left as it is\n");
  EXPECT_EQ(read("web.yaml"), deployment_file(image("a:1")));
  EXPECT_EQ(read("job.yaml"), job(image("b:2@") + digest('b')));
  EXPECT_THAT(registry_.requests("HEAD", "/v2/a/manifests/1"), IsEmpty());
}

TEST_F(PinRulesProcess, WhatARuleDeniesForItsRegistryIsNeitherAskedForNorWritten) {
  write("pinhook.yaml",
        "rules:\n  - {name: ours, kinds: [Job], require: {registry: [docker.io]}, action: deny, message: have it "
        "copied}\n");
  write("web.yaml", deployment_file(image("a:1")));
  write("job.yaml", job(image("b:2")));
  const std::string why = ": rule ours: have it copied; take it from docker.io\n";
  for (const auto& [command, outcome] :
       {std::pair{"pinhook pin --config pinhook.yaml -i web.yaml job.yaml", "\" is not pinned"},
        std::pair{"pinhook lock --config pinhook.yaml web.yaml job.yaml", "\" is not locked"}}) {
    const auto seen = run(command);
    EXPECT_EQ(seen.exit_code, 1) << command;
    EXPECT_THAT(seen.errors, AllOf(HasSubstr(image("b:2") + outcome + why), HasSubstr("nothing is written")));
    EXPECT_EQ(read("web.yaml"), deployment_file(image("a:1")));
  }
  EXPECT_EQ(run("pinhook pin --config pinhook.yaml -i --keep-going web.yaml job.yaml").exit_code, 1);
  EXPECT_EQ(read("web.yaml"), deployment_file(image("a@") + digest('a'), " # " + image("a:1")));
  EXPECT_EQ(read("job.yaml"), job(image("b:2")));
  EXPECT_THAT(registry_.requests("HEAD", "/v2/b/manifests/2"), IsEmpty());
}

TEST_F(PinRulesProcess, AKustomizationGetsNoEntryForWhatARuleDenies) {
  write("pinhook.yaml",
        "rules:\n  - {name: ours, require: {registry: [docker.io]}, action: deny, message: have it copied}\n");
  write("web.yaml", deployment_file(image("a:1")));
  write("kustomization.yaml", "resources: [web.yaml]\n");
  const auto seen = run("pinhook pin --config pinhook.yaml -i --keep-going kustomization.yaml");
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_THAT(seen.errors,
              HasSubstr("\"" + image("a:1") + "\" is not pinned: rule ours: have it copied; take it from docker.io"));
  EXPECT_EQ(read("kustomization.yaml"), "resources: [web.yaml]\n");
  EXPECT_THAT(registry_.requests("HEAD", "/v2/a/manifests/1"), IsEmpty());
}

TEST_F(PinRulesProcess, TheConfigurationOfTheEnvironmentCounts) {
  const auto seen = run("PINHOOK_CONFIG=pinhook.yaml pinhook pin", deployment_file(image("a:1")));
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_EQ(seen.output, deployment_file(image("a:1")));
}

TEST_F(PinRulesProcess, AFormatThatIsSaidBeatsThatOfARule) {
  const auto seen = run("pinhook pin --config pinhook.yaml --format digest", job(image("b:2")));
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_EQ(seen.output, job(image("b@") + digest('b'), " # " + image("b:2")));
}

TEST_F(PinRulesProcess, TheNamespaceThatIsSaidIsThatOfObjectsWithoutOne) {
  EXPECT_EQ(run("pinhook pin --config pinhook.yaml", job(image("a:1"))).output,
            job(image("a@") + digest('a'), " # " + image("a:1")));
  EXPECT_EQ(run("pinhook pin --config pinhook.yaml --namespace shop", job(image("a:1"))).output, job(image("a:1")));
  EXPECT_EQ(run("pinhook pin --config pinhook.yaml --namespace other", deployment_file(image("a:1"))).output,
            deployment_file(image("a:1")));
}

TEST_F(PinRulesProcess, AnUpdateLeavesAPinThatARuleSaysNeverOf) {
  write("pinhook.yaml", "rules:\n  - {name: left, images: [\"**/a:1\"], pin: never}\n");
  const auto text = deployment_file(image("a@") + digest('c'), " # " + image("a:1"));
  const auto seen = run("pinhook pin --config pinhook.yaml --update", text);
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_EQ(seen.output, text);
  EXPECT_THAT(registry_.requests(), IsEmpty());
}

TEST_F(PinRulesProcess, UnpinTakesEveryPinBack) {
  const auto seen =
      run("pinhook unpin --config pinhook.yaml", deployment_file(image("a@") + digest('a'), " # " + image("a:1")));
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_EQ(seen.output, deployment_file(image("a:1")));
}

TEST_F(PinRulesProcess, AKustomizationGetsNoEntryOfIt) {
  write("web.yaml", deployment_file(image("a:1")));
  write("job.yaml", job(image("b:2")));
  write("kustomization.yaml", "resources: [web.yaml, job.yaml]\n");
  const auto seen = run("pinhook pin --config pinhook.yaml kustomization.yaml");
  EXPECT_EQ(seen.exit_code, 0);
  EXPECT_THAT(seen.errors,
              HasSubstr(image("a:1") + " gets no entry: rule left says pin: never of the image in web.yaml"));
  EXPECT_THAT(seen.output,
              AllOf(HasSubstr("- name: " + image("b") +
                              "\n  newTag: \"2\" # entry added by pinhook pin for 2\n  digest: " + digest('b')),
                    Not(HasSubstr("name: " + image("a")))));
}

TEST_F(PinRulesProcess, LockHoldsNothingOfIt) {
  write("web.yaml", deployment_file(image("a:1")));
  write("job.yaml", job(image("b:2")));
  const auto seen = run("pinhook lock --config pinhook.yaml web.yaml job.yaml");
  EXPECT_EQ(seen.exit_code, 0);
  EXPECT_EQ(seen.errors,
            "pinhook lock: rule left leaves 1 image out: it says pin: never\n"
            "pinhook lock: locked 1 image: 1 new\n");
  EXPECT_THAT(read("pinhook.lock"), AllOf(HasSubstr(image("b:2")), Not(HasSubstr(image("a:1")))));
  EXPECT_EQ(run("pinhook pin --config pinhook.yaml --lock pinhook.lock -i web.yaml job.yaml").exit_code, 0);
  EXPECT_EQ(read("job.yaml"), job(image("b:2@") + digest('b')));
  EXPECT_EQ(run("pinhook lock --config pinhook.yaml --namespace shop --file x.lock job.yaml", "").exit_code, 0);
}

TEST_F(PinRulesProcess, FnLeavesItAndSaysSo) {
  const auto list = [](const std::string& image) {
    return "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- apiVersion: v1\n  kind: Pod\n"
           "  metadata: {name: p}\n  spec:\n    containers:\n    - name: web\n      image: " +
           image + "\n";
  };
  auto seen = run("pinhook fn --config pinhook.yaml --namespace shop", list(image("a:1")));
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_EQ(seen.errors, "");
  EXPECT_THAT(seen.output, AllOf(HasSubstr(list(image("a:1"))), HasSubstr("rule left says pin: never")));
  seen = run("pinhook fn --config pinhook.yaml", list(image("a:1")));
  EXPECT_THAT(seen.output, HasSubstr(image("a@") + digest('a')));
  seen = run("pinhook fn --config pinhook.yaml", list(image("b:2")));
  EXPECT_THAT(seen.output, HasSubstr(image("b:2@") + digest('b')));
}

TEST_F(PinRulesProcess, InvalidRulesAreTwoAndNothingIsDone) {
  write("web.yaml", deployment_file(image("a:1")));
  write("bad.yaml", "rules:\n  - {name: a, pinn: never}\n");
  for (const char* line : {"pinhook pin --config bad.yaml -i web.yaml", "pinhook lock --config bad.yaml web.yaml",
                           "pinhook unpin --config bad.yaml -i web.yaml", "pinhook fn --config bad.yaml"}) {
    const auto seen = run(line);
    EXPECT_EQ(seen.exit_code, 2) << line;
    EXPECT_EQ(seen.output, "") << line;
    EXPECT_THAT(seen.errors, HasSubstr("bad.yaml: line 2, column ")) << line;
  }
  EXPECT_EQ(read("web.yaml"), deployment_file(image("a:1")));
  EXPECT_FALSE(is_there("pinhook.lock"));
}

}  // namespace
}  // namespace pinhook::testing
