"""A small client of OCI registries for the scripts here: reads and writes manifests and blobs.

Credentials are those that `docker login`, `buildah login` or `skopeo login` stored, also by credential helpers. They are sent to the
registry and its token service alone, never to where an answer redirects. One thread. What fails is a RegistryError that names the
request; an answer 404 is None where a thing is read.

https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md, https://distribution.github.io/distribution/spec/auth/token/,
https://docs.docker.com/reference/cli/docker/login/#credential-helpers, containers-auth.json(5)
"""
import base64, hashlib, json, os, pathlib, re, ssl, subprocess, urllib.error, urllib.parse, urllib.request

ACCEPT = ", ".join(("application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
                    "application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json"))
TIMEOUT = 60  # seconds that one answer may take to begin
LARGEST = 1 << 30  # bytes of one answer: a layer of the image is a few MB


class RegistryError(Exception):
    pass


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def split_reference(reference):
    """registry, repository, and the tag or digest of `registry/repository[:tag][@digest]`; the digest wins."""
    match = re.fullmatch(r"([^/@]+)/([a-z0-9._/-]+)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?", reference)
    host = match and match[1]
    if not match or not ("." in host or ":" in host or host == "localhost"):
        raise RegistryError(f"{reference!r} is not the name of a pushed image: it must be registry/repository with :tag or @sha256:…")
    if not (match[3] or match[4]):
        raise RegistryError(f"{reference!r} names neither a tag nor a digest")
    return host, match[2], match[4] or match[3]


def credential_files():
    explicit = os.environ.get("REGISTRY_AUTH_FILE")
    home = pathlib.Path(os.environ.get("HOME", "/"))
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    docker = pathlib.Path(os.environ.get("DOCKER_CONFIG") or home / ".docker")
    return [pathlib.Path(explicit)] if explicit else [pathlib.Path(runtime) / "containers/auth.json", pathlib.Path(f"/run/containers/{os.getuid()}/auth.json"),
                                                      home / ".config/containers/auth.json", docker / "config.json"]


def stored_credential(host):
    """`user:password` for a registry, or None."""
    names = [host] + (["https://index.docker.io/v1/"] if host == "docker.io" else [])
    for file in credential_files():
        try:
            config = json.loads(file.read_text())
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise RegistryError(f"cannot read the credentials in {file}: {error}") from error
        for name in names:
            helper = config.get("credHelpers", {}).get(name) or (config.get("credsStore") if name in config.get("auths", {}) else None)
            if helper:
                done = subprocess.run([f"docker-credential-{helper}", "get"], input=name, capture_output=True, text=True, timeout=TIMEOUT)
                if done.returncode != 0:
                    raise RegistryError(f"docker-credential-{helper} gives no credential for {name} (exit code {done.returncode})")
                answer = json.loads(done.stdout)
                return f"{answer['Username']}:{answer['Secret']}"
            if auth := config.get("auths", {}).get(name, {}).get("auth"):
                return base64.b64decode(auth).decode()
    return None


class Registry:
    """One repository of a registry."""

    def __init__(self, host, repository, plain_http=False, ca_file=None):
        self.scheme = "http" if plain_http else "https"
        self.host, self.repository = host, repository
        self.authorization = None
        self.opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca_file)))

    def manifest(self, reference):
        """The bytes and media type of a manifest, or None; what a digest names has that digest."""
        answer = self._ask("GET", f"manifests/{reference}", headers={"Accept": ACCEPT}, missing=404)
        if answer is None:
            return None
        if reference.startswith("sha256:"):
            self._check(reference, answer[0])
        return answer[0], answer[1].get_content_type()

    def blob(self, digest):
        body, _ = self._ask("GET", f"blobs/{digest}")
        self._check(digest, body)
        return body

    def put_blob(self, data):
        digest = digest_of(data)
        if self._ask("HEAD", f"blobs/{digest}", missing=404) is None:
            _, headers = self._ask("POST", "blobs/uploads/", b"")
            place = urllib.parse.urljoin(self._url("blobs/uploads/"), headers["Location"])
            self._send("PUT", place + ("&" if "?" in place else "?") + urllib.parse.urlencode({"digest": digest}), data,
                       {"Content-Type": "application/octet-stream"})

    def put_manifest(self, reference, media_type, data):
        self._ask("PUT", f"manifests/{reference}", data, {"Content-Type": media_type})

    def referrers_served(self, digest):
        """Whether the registry itself lists what refers to a manifest."""
        return self._ask("GET", f"referrers/{digest}", missing=404) is not None

    def _check(self, digest, body):
        if digest_of(body) != digest:
            raise RegistryError(f"{self.host} answered {digest} with bytes that are {digest_of(body)}")

    def _url(self, path):
        return f"{self.scheme}://{self.host}/v2/{self.repository}/{path}"

    def _ask(self, method, path, body=None, headers=None, missing=None):
        return self._send(method, self._url(path), body, headers, missing)

    def _send(self, method, url, body=None, headers=None, missing=None):
        for is_last in (False, True):
            request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
            # An upload may continue at another host, whose address then holds all that it needs.
            if self.authorization and urllib.parse.urlsplit(url).netloc == self.host:
                request.add_unredirected_header("Authorization", self.authorization)
            try:
                with self.opener.open(request, timeout=TIMEOUT) as answer:
                    data = answer.read(LARGEST + 1)
                    if len(data) > LARGEST:
                        raise RegistryError(f"{method} {url}: the answer is larger than {LARGEST} bytes")
                    return data, answer.headers
            except urllib.error.HTTPError as error:
                if error.code == 401 and not is_last:
                    self._log_in(error.headers.get("WWW-Authenticate", ""))
                    continue
                if error.code == missing:
                    return None
                detail = error.read(500).decode(errors="replace")
                raise RegistryError(f"{method} {url} was answered {error.code} {error.reason}: {detail!r}") from error
            except OSError as error:
                raise RegistryError(f"{method} {url} failed: {getattr(error, 'reason', error)}") from error

    def _log_in(self, challenge):
        credential = stored_credential(self.host)
        basic = credential and "Basic " + base64.b64encode(credential.encode()).decode()
        if challenge.lower().startswith("basic"):
            if not basic:
                raise RegistryError(f"{self.host} requires a login and none is stored: docker login {self.host}")
            self.authorization = basic
            return
        parameters = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        realm = parameters.get("realm", "")
        if not challenge.lower().startswith("bearer ") or not realm.startswith(f"{self.scheme}://"):
            raise RegistryError(f"{self.host} requires a login of an unknown kind: {challenge[:200]!r}")
        query = urllib.parse.urlencode({"service": parameters.get("service", ""), "scope": f"repository:{self.repository}:pull,push"})
        request = urllib.request.Request(realm + ("&" if "?" in realm else "?") + query)
        if basic:
            request.add_unredirected_header("Authorization", basic)
        try:
            with self.opener.open(request, timeout=TIMEOUT) as answer:
                token = json.loads(answer.read(1 << 20))
        except (OSError, ValueError) as error:
            raise RegistryError(f"{realm} gave no token for {self.repository}: {error}") from error
        self.authorization = f"Bearer {token.get('token') or token.get('access_token', '')}"
