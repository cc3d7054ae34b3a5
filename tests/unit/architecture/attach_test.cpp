// .ci/attach on images in Debian's docker-registry, which has no referrers API and may require a login.
#include "support/docker_registry.hpp"
#include "support/paths.hpp"
#include "support/script_stage.hpp"
#include "support/strict_json.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* commit = "0123456789abcdef0123456789abcdef01234567";
// htpasswd -nbBC 5 tester 'correct horse', and base64 of tester:correct horse
constexpr const char* htpasswd = "tester:$2y$05$xZkeSGQtt54eKntHW.EfZOhJTryykuKC3RUfZbt3TaH7t/nx5/X8a\n";
constexpr const char* encoded = "dGVzdGVyOmNvcnJlY3QgaG9yc2U=";

// Pushes an image of two platforms to argument 1, with the label of argument 2; prints its digest, then those of the
// platforms.
constexpr const char* pusher = R"(
import io, json, os, sys, tarfile
sys.path.insert(0, ".ci"); sys.dont_write_bytecode = True
from oci_registry import Registry, digest_of
registry = Registry(sys.argv[1], "tools/pinhook", plain_http=True)
OCI = "application/vnd.oci.image."
def described(kind, data): return {"mediaType": OCI + kind, "digest": digest_of(data), "size": len(data)}
children = []
for architecture in ("amd64", "arm64"):
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w:gz") as tar:
        for name, text in (("pinhook.spdx.json", "{}"), ("pinhook.cdx.json", "[]"),
                           ("pinhook.materials", "docker://debian sha256:aa\npkg:deb/debian/g@1?arch=" + architecture + " -\n")):
            if name in sys.argv[3:]: continue
            entry = tarfile.TarInfo("./usr/share/doc/pinhook/" + name); entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    config = json.dumps({"os": "linux", "architecture": architecture, "created": "2026-11-29T00:00:00Z", "config": {"Labels": {
        "org.opencontainers.image.revision": sys.argv[2], "org.opencontainers.image.source": "https://git.example/pinhook",
        "org.opencontainers.image.version": "0.1.0"}}}).encode()
    raw = json.dumps({"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "config": described("config.v1+json", config),
                      "layers": [described("layer.v1.tar+gzip", layer.getvalue())]}).encode()
    for blob in (config, layer.getvalue()): registry.put_blob(blob)
    registry.put_manifest(digest_of(raw), OCI + "manifest.v1+json", raw)
    children.append({**described("manifest.v1+json", raw), "platform": {"os": "linux", "architecture": architecture}})
index = json.dumps({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": children}).encode()
registry.put_manifest("1", OCI + "index.v1+json", index)
foreign = dict(children[0], artifactType="application/vnd.example.signature", annotations={"by": "another"})
registry.put_manifest(digest_of(index).replace(":", "-"), OCI + "index.v1+json",
                      json.dumps({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": [foreign]}).encode())
print(digest_of(index), *[c["digest"] for c in children])
)";

class Attach : public ::testing::Test {
 protected:
  Attach() { stage_.write("pusher.py", pusher); }

  int run(const std::string& command) const {
    return stage_.run(
        fmt::format("cd '{}' && HOME=$WORK XDG_RUNTIME_DIR=$WORK /usr/bin/python3 {}", source_dir(), command));
  }
  // The digests of the image, its first and its second platform.
  std::string push(const docker_registry& registry, const std::string& label = commit,
                   const std::string& without = "") {
    EXPECT_EQ(run(fmt::format("$WORK/pusher.py {} '{}' {}", registry.host(), label, without)), 0)
        << stage_.read("errors");
    return stage_.read("out");
  }
  int attach(const docker_registry& registry, const std::string& more = "", const std::string& tag = "1") const {
    return run(fmt::format(".ci/attach --plain-http {}/tools/pinhook:{} {}", registry.host(), tag, more));
  }
  // What lists the referrers of a digest.
  std::string listed(const docker_registry& registry, std::string digest, const std::string& login = "") const {
    digest.replace(6, 1, "-");
    EXPECT_EQ(stage_.run(fmt::format("curl -sS {} -H 'Accept: application/vnd.oci.image.index.v1+json' "
                                     "{}/v2/tools/pinhook/manifests/{}",
                                     login, registry.url(), digest)),
              0);
    return stage_.read("out");
  }

  script_stage stage_;
};

TEST_F(Attach, ListsTheSbomOfEachPlatformAndTheProvenanceOfTheWhole) {
  const docker_registry registry;
  const std::string digests = push(registry);
  ASSERT_EQ(attach(registry, "--builder https://ci.example/7"), 0) << stage_.read("errors");
  const std::string whole = listed(registry, digests.substr(0, 71));
  EXPECT_TRUE(read_strict_json(whole)) << whole;
  EXPECT_THAT(whole, HasSubstr(R"("artifactType":"application/vnd.in-toto+json")"));
  EXPECT_THAT(whole, Not(HasSubstr("spdx")));
  // What somebody else attached stays, with all that is said of it.
  EXPECT_THAT(whole, HasSubstr(R"("artifactType":"application/vnd.example.signature","annotations":{"by":"another"})"));
  for (const std::size_t at : {std::size_t{72}, std::size_t{144}}) {
    const std::string platform = listed(registry, digests.substr(at, 71));
    EXPECT_THAT(platform, HasSubstr(R"("artifactType":"application/spdx+json")"));
    EXPECT_THAT(platform, HasSubstr(R"("artifactType":"application/vnd.cyclonedx+json")"));
    EXPECT_THAT(platform, Not(HasSubstr("in-toto")));
  }
  ASSERT_EQ(attach(registry, "--builder https://ci.example/7"), 0);
  EXPECT_EQ(listed(registry, digests.substr(0, 71)), whole) << "attached twice is attached once";
}

TEST_F(Attach, TheProvenanceNamesTheCommitTheBuilderAndWhatWasThere) {
  const docker_registry registry;
  const std::string digests = push(registry);
  ASSERT_EQ(attach(registry, "--builder https://ci.example/7 --out $WORK/documents"), 0) << stage_.read("errors");
  std::string folder = digests.substr(0, 71);
  folder.replace(6, 1, "-");
  const std::string text = stage_.read("documents/" + folder + "/provenance.json");
  EXPECT_TRUE(read_strict_json(text)) << text;
  for (const std::string& part :
       {std::string(R"("predicateType":"https://slsa.dev/provenance/v1")"),
        fmt::format(R"("uri":"git+https://git.example/pinhook@{0}","digest":{{"gitCommit":"{0}"}})", commit),
        std::string(R"({"uri":"docker://debian","digest":{"sha256":"aa"}})"),
        std::string(R"({"uri":"pkg:deb/debian/g@1?arch=amd64"},{"uri":"pkg:deb/debian/g@1?arch=arm64"})"),
        std::string(R"("platforms":["linux/amd64","linux/arm64"])"),
        std::string(R"("builder":{"id":"https://ci.example/7"})"),
        fmt::format(R"("digest":{{"sha256":"{}"}})", digests.substr(7, 64)),
        fmt::format(R"("digest":{{"sha256":"{}"}})", digests.substr(72 + 7, 64))})
    EXPECT_THAT(text, HasSubstr(part));
  // Nothing was pushed.
  EXPECT_THAT(listed(registry, digests.substr(0, 71)), Not(HasSubstr("in-toto")));
}

TEST_F(Attach, RefusesWhatItCannotVouchFor) {
  const docker_registry registry;
  struct {
    std::string label;
    std::string without;
    std::string tag;
    std::string message;
  } const cases[] = {
      {std::string(commit) + "-changed", "", "1", "is not built from a commit"},
      {commit, "pinhook.spdx.json", "1", "has no /usr/share/doc/pinhook/pinhook.spdx.json"},
      {commit, "", "2", "has no 2: push the image first"},
  };
  for (const auto& one : cases) {
    const std::string digests = push(registry, one.label, one.without);
    EXPECT_EQ(attach(registry, "", one.tag), 1) << one.message;
    EXPECT_THAT(stage_.read("errors"), HasSubstr(one.message));
    EXPECT_THAT(stage_.read("errors"), Not(HasSubstr("Traceback")));
    EXPECT_THAT(listed(registry, digests.substr(0, 71)), Not(HasSubstr("in-toto")));
  }
  EXPECT_EQ(run(".ci/attach tools/pinhook:1"), 1);
  EXPECT_THAT(stage_.read("errors"), HasSubstr("'tools/pinhook:1' is not the name of a pushed image"));
}

TEST_F(Attach, LogsInAsDockerDoes) {
  docker_registry_options options;
  options.htpasswd = htpasswd;
  const docker_registry registry(options);
  EXPECT_EQ(attach(registry), 1);
  EXPECT_THAT(stage_.read("errors"), HasSubstr("requires a login and none is stored"));
  const std::string file = fmt::format(R"({{"auths":{{"{}":{{"auth":"{}"}}}}}})", registry.host(), encoded);
  stage_.write(".docker-config", file);
  ASSERT_EQ(stage_.run("mkdir -p $WORK/.docker && cp $WORK/.docker-config $WORK/.docker/config.json"), 0);
  const std::string digests = push(registry);
  ASSERT_EQ(attach(registry), 0) << stage_.read("errors");
  EXPECT_THAT(listed(registry, digests.substr(0, 71), "-u 'tester:correct horse'"), HasSubstr("in-toto"));
  // By a program that keeps the password.
  stage_.put_program("docker-credential-test", R"(read -r name; echo "$1 $name" >$WORK/asked
echo '{"Username":"tester","Secret":"correct horse"}')");
  stage_.write(".docker/config.json", fmt::format(R"({{"credHelpers":{{"{}":"test"}}}})", registry.host()));
  EXPECT_EQ(attach(registry), 0) << stage_.read("errors");
  EXPECT_EQ(stage_.read("asked"), fmt::format("get {}\n", registry.host()));
}

}  // namespace
}  // namespace pinhook::testing
