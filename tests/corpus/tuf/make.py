#!/usr/bin/env python3
"""Makes the repositories of this folder with python-tuf.

    python3 -m venv v && v/bin/pip install tuf==7.0.1 'securesystemslib[crypto]==1.6.0' && v/bin/python make.py

Each folder is one repository as a server has it, with `case.json`: the root file to begin with, the moment, and the
expected result. The keys are made for one run and thrown away, so each run makes other files.

python-tuf's own client (Updater, 7.0.1) decides each case in the same way but two, in which pinhook is stricter: it counts
one key under two names as two signers (bad-one-key-under-two-names), and it does not read the target (bad-trusted-root).
"""
import copy, datetime, hashlib, json, os, shutil
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (DelegatedRole, Delegations, Key, Metadata, MetaFile, Root, Snapshot, SuccinctRoles,
                              TargetFile, Targets, Timestamp)

HERE = os.path.dirname(os.path.abspath(__file__))
NOW = datetime.datetime(2027, 1, 10, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
TARGET = json.dumps({"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1", "tlogs": [],
                     "certificateAuthorities": [], "ctlogs": [], "timestampAuthorities": []}).encode()


class Repository:
    """Three generations of keys of the four roles; `root` holds the roots so far."""

    def __init__(self, make=CryptoSigner.generate_ed25519, threshold=1, consistent=True, hashes=True):
        self.make, self.hashes = make, hashes
        self.signers = {r: [make() for _ in range(threshold)] for r in ("root", "timestamp", "snapshot", "targets")}
        root = Root(expires=NOW + 365 * DAY, consistent_snapshot=consistent)
        for role, signers in self.signers.items():
            for signer in signers:
                root.add_key(signer.public_key, role)
            root.roles[role].threshold = threshold
        self.root, self.files = root, {}
        self.targets = Targets(expires=NOW + 90 * DAY)
        self.snapshot = Snapshot(expires=NOW + 30 * DAY)
        self.timestamp = Timestamp(expires=NOW + 2 * DAY)
        self.delegated = {}  # role -> (Targets, signers)
        self.contents = {}
        self.sign_root(self.signers["root"])

    def signed(self, content, signers):
        metadata = Metadata(content)
        for signer in signers:
            metadata.sign(signer, append=True)
        return metadata.to_bytes()

    def sign_root(self, signers):
        self.files[f"{self.root.version}.root.json"] = self.signed(self.root, signers)

    def rotate_root(self, signers=None):
        """The keys of root, timestamp and snapshot are changed."""
        old = self.signers["root"]
        self.root = copy.deepcopy(self.root)
        for role in ("root", "timestamp", "snapshot"):
            for signer in self.signers[role]:
                self.root.revoke_key(signer.public_key.keyid, role)
            self.signers[role] = [self.make() for _ in self.signers[role]]
            for signer in self.signers[role]:
                self.root.add_key(signer.public_key, role)
        self.root.version += 1
        self.sign_root((old + self.signers["root"]) if signers is None else signers(old, self.signers["root"]))

    def add(self, path, content, by=None):
        self.contents[path] = content
        (by or self.targets).targets[path] = TargetFile.from_data(path, content, ["sha256"])

    def meta(self, version, data):
        if not self.hashes:
            return MetaFile(version)
        return MetaFile(version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})

    def publish(self):
        """All files but the roots; returns them by name."""
        out, consistent = dict(self.files), self.root.consistent_snapshot
        named = lambda name, version: f"{version}.{name}" if consistent else name
        for name, (content, signers) in self.delegated.items():
            out[named(f"{name}.json", content.version)] = data = self.signed(content, signers)
            self.snapshot.meta[f"{name}.json"] = self.meta(content.version, data)
        out[named("targets.json", self.targets.version)] = data = self.signed(self.targets, self.signers["targets"])
        self.snapshot.meta["targets.json"] = self.meta(self.targets.version, data)
        out[named("snapshot.json", self.snapshot.version)] = data = self.signed(self.snapshot, self.signers["snapshot"])
        self.timestamp.snapshot_meta = self.meta(self.snapshot.version, data)
        out["timestamp.json"] = self.signed(self.timestamp, self.signers["timestamp"])
        for path, content in self.contents.items():
            folder, _, base = path.rpartition("/")
            prefix = hashlib.sha256(content).hexdigest() + "." if consistent else ""
            out[f"targets/{folder + '/' if folder else ''}{prefix}{base}"] = content
        return out

    def next(self):
        """The same repository, one version later."""
        for content in (self.targets, self.snapshot, self.timestamp):
            content.version += 1


def case(name, files, expect="good", reason="", root="1.root.json", now=NOW, targets=("trusted_root.json",), stored=None):
    folder = os.path.join(HERE, name)
    shutil.rmtree(folder, ignore_errors=True)
    for path, content in files.items():
        to = os.path.join(folder, "repository", path)
        os.makedirs(os.path.dirname(to), exist_ok=True)
        with open(to, "wb") as f:
            f.write(content)
    for path, content in (stored or {}).items():
        os.makedirs(os.path.join(folder, "stored"), exist_ok=True)
        with open(os.path.join(folder, "stored", path), "wb") as f:
            f.write(content)
    with open(os.path.join(folder, "case.json"), "w") as f:
        json.dump({"root": root, "now": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "targets": list(targets), "expect": expect,
                   "reason": reason}, f, indent=1)
        f.write("\n")


def plain(**options):
    out = Repository(**options)
    out.add("trusted_root.json", TARGET)
    return out


def stored(files, version=1):
    at = lambda name: files.get(f"{version}.{name}", files.get(name))
    return {"tuf.root.json": files["1.root.json"], "tuf.timestamp.json": files["timestamp.json"],
            "tuf.snapshot.json": at("snapshot.json")}


# Good ones, by kinds of keys and forms.
odd = plain()
odd.targets.unrecognized_fields = {"x-é": "a \"quoted\" \\ text\n\t\u007f é \u2028 😀", "x-a": {"": [], "b": [1, -2, True, None, {}]}, "x-B": 9007199254740993}
case("good-ed25519", odd.publish())
# For tests that run the program, which has the clock of the machine.
lasting = plain()
for content in (lasting.root, lasting.timestamp, lasting.snapshot, lasting.targets):
    content.expires = datetime.datetime(2200, 1, 1, tzinfo=datetime.timezone.utc)
lasting.sign_root(lasting.signers["root"])
case("good-lasting", lasting.publish())
case("good-ecdsa", plain(make=CryptoSigner.generate_ecdsa, threshold=2).publish())
case("good-rsa", plain(make=CryptoSigner.generate_rsa).publish())
case("good-plain-names", plain(consistent=False).publish(), targets=("trusted_root.json",))
case("good-versions-alone", plain(hashes=False).publish())
rotated = plain(threshold=2)
rotated.rotate_root(), rotated.rotate_root(), rotated.rotate_root()
case("good-root-rotated", rotated.publish())

# A root in the middle has expired; only the newest counts.
late = plain()
late.root.expires = NOW - 100 * DAY
late.sign_root(late.signers["root"])
late.rotate_root()
late.root.expires = NOW + 100 * DAY
late.rotate_root()
case("good-root-expired-in-the-middle", late.publish())

foreign = plain()
foreign.rotate_root(lambda before, after: after)
case("bad-root-not-signed-by-the-one-before", foreign.publish(), "denied",
     "\"2.root.json\" (role root): it is not signed by the keys of the root before it")
case("bad-root-not-signed-by-itself", (lambda r: (r.rotate_root(lambda before, after: before), r.publish())[1])(plain()),
     "denied", "\"2.root.json\" (role root): it is not signed by the keys of the root before it")
half = plain(threshold=2)
half.rotate_root(lambda before, after: before[:1] + after)
case("bad-root-threshold-of-the-one-before", half.publish(), "denied", "\"2.root.json\" (role root)")
skipped = plain()
skipped.rotate_root(), skipped.rotate_root()
files = skipped.publish()
files["2.root.json"] = files["3.root.json"]
case("bad-root-skipped", files, "denied", "\"2.root.json\" (role root): it says that it is version 3")

# Each role expired.
for role in ("root", "timestamp", "snapshot", "targets"):
    late = plain()
    content = getattr(late, role)
    content.expires = NOW - DAY
    if role == "root":
        late.sign_root(late.signers["root"])
    name = {"timestamp": "timestamp.json"}.get(role, f"1.{role}.json")
    case(f"bad-expired-{role}", late.publish(), "denied", f"\"{name}\" (role {role}): it has expired (2027-01-09T00:00:00Z)")

# Too few signatures: one of two, and one key twice under two names.
for role in ("timestamp", "snapshot", "targets"):
    few = plain(threshold=2)
    few.signers[role] = few.signers[role][:1]
    name = {"timestamp": "timestamp.json"}.get(role, f"1.{role}.json")
    case(f"bad-threshold-{role}", few.publish(), "denied", f"\"{name}\" (role {role}): it is not signed by 2 of the keys")
twice = plain()
key = twice.signers["timestamp"][0].public_key
again = Key.from_dict("another-name", key.to_dict())
twice.root.add_key(again, "timestamp")
twice.root.roles["timestamp"].threshold = 2
twice.sign_root(twice.signers["root"])
files = twice.publish()
metadata = json.loads(files["timestamp.json"])
metadata["signatures"].append({"keyid": "another-name", "sig": metadata["signatures"][0]["sig"]})
files["timestamp.json"] = json.dumps(metadata).encode()
case("bad-one-key-under-two-names", files, "denied", "\"timestamp.json\" (role timestamp): it is not signed by 2")

# Versions that go back, against what was stored.
going = plain()
before = going.publish()
going.next()
after = going.publish()
case("good-newer-than-stored", {**before, **after}, stored=stored(before))
case("good-nothing-new", before, stored={**stored(before), "trusted_root.json": TARGET})
case("bad-rollback-timestamp", before, "denied", "it is version 1, and 2 was seen", stored=stored(after, 2))
back = plain()
seen = (back.next(), back.publish())[1]
back.snapshot.version, back.timestamp.version = 1, 3
case("bad-rollback-snapshot", back.publish(), "denied", "it lists version 1 of snapshot.json, and 2 was seen", stored=stored(seen, 2))
back = plain()
seen = (back.next(), back.publish())[1]
back.targets.version, back.snapshot.version, back.timestamp.version = 1, 3, 3
case("bad-rollback-targets", back.publish(), "denied", "it lists version 1 of \"targets.json\", and 2 was seen", stored=stored(seen, 2))
# After a change of keys the stored versions of the old ones do not count (a fast-forward attack is mended so).
stolen = plain()
stolen.timestamp.version, stolen.snapshot.version = 1000, 1000
forward = stolen.publish()
stolen.timestamp.version, stolen.snapshot.version = 2, 2
stolen.rotate_root()
case("good-after-fast-forward", stolen.publish(), stored=stored(forward, 1000))

# Files that are others, missing, cut.
files = plain().publish()
target = next(n for n in files if n.startswith("targets/"))
case("bad-hash-target", {**files, target: TARGET[:-1] + b" "}, "denied", "it does not have the sha256 that was signed for")
case("bad-length-target", {**files, target: TARGET + b" "}, "denied", "bytes")
case("bad-missing-target", {k: v for k, v in files.items() if k != target}, "not_found", "it is not there")
case("bad-missing-timestamp", {k: v for k, v in files.items() if k != "timestamp.json"}, "not_found", "\"timestamp.json\" (role timestamp): it is not there")
case("bad-missing-snapshot", {k: v for k, v in files.items() if k != "1.snapshot.json"}, "not_found", "\"1.snapshot.json\" (role snapshot): it is not there")
case("bad-missing-targets", {k: v for k, v in files.items() if k != "1.targets.json"}, "not_found", "\"1.targets.json\" (role targets): it is not there")
case("bad-swapped-files", {**files, "1.snapshot.json": files["1.targets.json"], "1.targets.json": files["1.snapshot.json"]}, "denied", "(role snapshot)")
case("bad-timestamp-is-snapshot", {**files, "timestamp.json": files["1.snapshot.json"]}, "malformed", "it says that it is another one")
case("bad-other-repository", {**plain().publish(), "1.root.json": files["1.root.json"]}, "denied", "\"timestamp.json\" (role timestamp): it is not signed")
other = plain(hashes=False)
files = other.publish()
other.targets.version = 2
case("bad-version-not-listed", {**files, "1.targets.json": other.signed(other.targets, other.signers["targets"])}, "denied", "it is version 2, and 1 was signed for")
case("bad-unknown-target", files, "not_found", "the repository has no target \"other.json\"", targets=("other.json",))

# Delegations.
KEYS = b"keys of a registry\n"


def delegating(paths=None, prefixes=None, terminating=False, threshold=1):
    out = plain()
    signers = [CryptoSigner.generate_ecdsa() for _ in range(threshold)]
    role = DelegatedRole("registry.npmjs.org", [s.public_key.keyid for s in signers], threshold, terminating, paths, prefixes)
    out.targets.delegations = Delegations({s.public_key.keyid: s.public_key for s in signers}, {role.name: role})
    content = Targets(expires=NOW + 90 * DAY)
    out.add("registry.npmjs.org/keys.json", KEYS, content)
    out.delegated[role.name] = (content, signers)
    return out


both = ("trusted_root.json", "registry.npmjs.org/keys.json")
case("good-delegation", delegating(["registry.npmjs.org/*"]).publish(), targets=both)
digest = hashlib.sha256(b"registry.npmjs.org/keys.json").hexdigest()
case("good-delegation-by-hash", delegating(prefixes=[digest[:4]]).publish(), targets=both)
case("bad-delegation-path", delegating(["registry.npmjs.org/*/*"]).publish(), "not_found", "the repository has no target", targets=both)
few = delegating(["registry.npmjs.org/*"], threshold=2)
few.delegated["registry.npmjs.org"] = (few.delegated["registry.npmjs.org"][0], few.delegated["registry.npmjs.org"][1][:1])
case("bad-delegation-threshold", few.publish(), "denied", "it is not signed by 2 of the keys", targets=both)
late = delegating(["registry.npmjs.org/*"])
late.delegated["registry.npmjs.org"][0].expires = NOW - DAY
case("bad-delegation-expired", late.publish(), "denied", "(role \"registry.npmjs.org\"): it has expired", targets=both)
# A role that is terminating ends the search, also for what a later one has.
ending = delegating(["registry.npmjs.org/*"])
empty, signer = Targets(expires=NOW + 90 * DAY), CryptoSigner.generate_ed25519()
ending.targets.delegations.keys[signer.public_key.keyid] = signer.public_key
last = DelegatedRole("first", [signer.public_key.keyid], 1, True, ["registry.npmjs.org/*"])
ending.targets.delegations.roles = {"first": last, **ending.targets.delegations.roles}
ending.delegated["first"] = (empty, [signer])
case("bad-delegation-terminated", ending.publish(), "not_found", "the repository has no target", targets=both)
bins = plain()
signer = CryptoSigner.generate_ed25519()
succinct = SuccinctRoles([signer.public_key.keyid], 1, 3, "bin")
bins.targets.delegations = Delegations({signer.public_key.keyid: signer.public_key}, succinct_roles=succinct)
mine = succinct.get_role_for_target("registry.npmjs.org/keys.json")
for name in succinct.get_roles():
    content = Targets(expires=NOW + 90 * DAY)
    if name == mine:
        bins.add("registry.npmjs.org/keys.json", KEYS, content)
    bins.delegated[name] = (content, [signer])
case("good-delegation-bins", {k: v for k, v in bins.publish().items() if "bin-" not in k or mine in k}, targets=both)

# A trusted root that is none.
odd = Repository()
odd.add("trusted_root.json", b"{}")
case("bad-trusted-root", odd.publish(), "malformed", "trusted_root.json: the media type")
