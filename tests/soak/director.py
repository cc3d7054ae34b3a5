"""The two replicas of the soak, and the director that breaks things around and in them, one after the other."""
import json, os, pathlib, signal, socket, subprocess, time, urllib.request

from stand_ins import FAULTS

# Seconds after a fault in which its back-off may still refuse new tags: the longest rests of docs/backoff.md, and a second.
GRACE, GRACE_OF_429 = 37.0, 73.0


class State:
    """What the processes of the soak share."""

    def __init__(self, context, registries):
        self.faults = context.Array("i", registries, lock=False)
        self.excused_until = context.Array("d", registries, lock=False)
        self.generation, self.oldest = context.Value("i", 0, lock=False), context.Value("i", 0, lock=False)
        self.ready = context.Array("i", 2, lock=False)
        self.api_ends = context.Value("d", 0.0, lock=False)
        self.api_down = context.Value("i", 0, lock=False)
        self.turn = 0

    def pick(self):
        """A replica that is ready, in turn; with none any."""
        self.turn ^= 1
        return self.turn if self.ready[self.turn] or not self.ready[1 - self.turn] else 1 - self.turn

    def is_api_away(self):
        """And for a moment after that, in which it answers before all of it is there."""
        return self.api_down.value or time.monotonic() < self.api_ends.value + 2.0

    def excuses(self, kind, registry):
        """Whether a refusal is right: a new tag of a registry in trouble, a secret that cannot be read."""
        now = time.monotonic()
        if kind in ("fresh", "private") and (self.faults[registry] or now < self.excused_until[registry]):
            return True
        return kind == "private" and (self.api_down.value or now < self.api_ends.value + GRACE)


class Replica:
    def __init__(self, number, options, folder, environment, ports, limit):
        self.number, self.options, self.folder, self.environment, self.limit = number, options, folder, environment, limit
        self.port, self.admin = ports
        self.process, self.restarts = None, 0

    def start(self):
        log = (self.folder / f"replica-{self.number}.log").open("a")
        self.process = subprocess.Popen(
            [self.options.program, "serve", "--config", self.folder / "pinhook.yaml", "--listen", f"127.0.0.1:{self.port}",
             "--admin-listen", f"127.0.0.1:{self.admin}", "--tls-cert", self.folder / "tls.crt", "--tls-key", self.folder / "tls.key"],
            stderr=log, env=self.environment, preexec_fn=self.limit.enter)

    def is_ready(self):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/readyz", timeout=0.5).status == 200
        except OSError:
            return False

    def sample(self):
        """Resident MiB and open descriptors, or None while it does not run."""
        place = pathlib.Path(f"/proc/{self.process.pid}")
        try:
            rss = int((place / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
            return rss, len(os.listdir(place / "fd"))
        except OSError:
            return None

    def end(self, how):
        """Ends it; the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(how)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return time.monotonic() - began


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def replace(path, text):
    """As the kubelet does: a reader sees the old file or the new one."""
    new = path.with_suffix(".new")
    new.write_bytes(text if isinstance(text, bytes) else text.encode())
    new.rename(path)


class Director:
    """A schedule of faults: generators that begin one, yield the seconds that it lasts, and end it."""

    def __init__(self, stage):
        self.stage = stage
        self.events = []  # name, begin, end; in seconds from the start
        self.rounds = 0

    def schedule(self):
        """One round through all faults; each goes to another registry or replica than in the round before."""
        s = self.rounds
        registry = [(f"registry: {FAULTS[n]}", lambda n=n: self.registry_fault((n + s) % len(self.stage.registries), n)) for n in range(1, len(FAULTS))]
        others = [("replica: kill -9", lambda: self.kill(s % 2)), ("certificates rotated", self.rotate),
                  ("configuration changed", self.configure), ("replica: SIGTERM", lambda: self.terminate((s + 1) % 2)),
                  ("pull secrets changed", self.secrets), ("API server restarted", self.api_restart)]
        if self.stage.cluster:
            others.insert(2, ("replica: SIGSTOP", lambda: self.freeze(s % 2)))
        if self.stage.calendar:
            others.append(("clock jumps an hour", self.clock))
        only = self.stage.options.faults
        registry, others = ([f for f in part if only in f[0]] for part in (registry, others))
        if not registry and not others:
            raise SystemExit(f'no fault has "{only}" in its name')
        self.rounds += 1
        # Faults inside and outside in turn.
        while registry or others:
            if registry:
                yield registry.pop(0)
            if others:
                yield others.pop(0)

    def registry_fault(self, at, fault):
        state = self.stage.state
        state.faults[at] = fault
        yield self.stage.hold
        state.faults[at] = 0
        state.excused_until[at] = time.monotonic() + (GRACE_OF_429 if FAULTS[fault].startswith("429") else GRACE)

    def kill(self, number):
        self.stage.replicas[number].end(signal.SIGKILL)
        self.stage.state.ready[number] = 0
        yield min(3.0, self.stage.hold)
        yield from self.start(number)

    def terminate(self, number):
        replica = self.stage.replicas[number]
        replica.process.send_signal(signal.SIGTERM)
        for _ in range(450):
            if replica.process.poll() is not None:
                break
            yield 0.1
        if replica.process.poll() != 0:
            self.stage.failures.append(f"replica {number} ended with {replica.process.poll()} after SIGTERM")
        self.stage.state.ready[number] = 0
        yield from self.start(number)

    def freeze(self, number):
        """It is not ready, and its endpoint is taken out; what has reached it is answered late."""
        process = self.stage.replicas[number].process
        process.send_signal(signal.SIGSTOP)
        yield min(3.0, self.stage.hold)
        process.send_signal(signal.SIGCONT)

    def start(self, number):
        replica = self.stage.replicas[number]
        replica.restarts += 1
        replica.start()
        for _ in range(100):
            if replica.is_ready():
                if not self.stage.warm_up(replica):
                    self.stage.failures.append(f"replica {number} does not pin the warm tags after its start")
                return
            yield 0.1
        self.stage.failures.append(f"replica {number} is not ready 10 s after its start")

    def rotate(self):
        self.stage.write_certificate()
        yield self.stage.hold

    def configure(self):
        self.stage.write_configuration(self.rounds)
        yield self.stage.hold

    def secrets(self):
        # The registry takes the old password until nobody holds it: pull_secrets.ttl and a look-up under way.
        state = self.stage.state
        state.generation.value += 1
        self.stage.write_secrets()
        yield 40.0 if self.stage.hold > 5 else self.stage.hold
        if self.stage.hold > 5:
            state.oldest.value = state.generation.value

    def api_restart(self):
        state = self.stage.state
        state.api_down.value = 1
        self.stage.stop_api()
        yield min(5.0, self.stage.hold)
        self.stage.start_api()
        while not self.stage.is_api_ready():
            yield 0.2
        state.api_down.value, state.api_ends.value = 0, time.monotonic()

    def clock(self):
        """Ahead, behind and right again: a jump of one hour, of two, and of one."""
        for seconds in (3600, -3600, 0):
            self.stage.calendar.set(seconds)
            yield self.stage.hold / 2
