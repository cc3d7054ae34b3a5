"""What the benchmarks of commands share: nginx with a certificate, and a line that holds every byte for a while."""
import asyncio, os, pathlib, shutil, signal, socket, statistics, subprocess, sys, threading, time

PATH = os.environ["PATH"] + ":/usr/sbin"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Relay:
    """Carries bytes both ways, each piece `delay` seconds after it came; in a thread of its own. When pieces came is in `came`."""

    def __init__(self, target, delay):
        self.target, self.delay, self.port, self.came = target, delay, None, []
        self.loop = asyncio.new_event_loop()
        is_up = threading.Event()

        def run():
            asyncio.set_event_loop(self.loop)
            server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=1024))
            self.port = server.sockets[0].getsockname()[1]
            is_up.set()
            self.loop.run_forever()

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        is_up.wait()

    async def serve(self, reader, writer):
        try:
            upstream = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self.carry(reader, upstream[1]), self.carry(upstream[0], writer))

    async def carry(self, reader, writer):
        def put(piece):
            if not writer.is_closing():
                writer.write(piece)

        try:
            while piece := await reader.read(65536):
                self.came.append(time.monotonic())
                self.loop.call_later(self.delay, put, piece)
        except OSError:
            pass
        self.loop.call_later(self.delay, writer.close)


def timed(command, **more):
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, **more)
    return time.monotonic() - start, done


def median_ms(values):
    return 1000 * statistics.median(values)


def want_programs(*names):
    for name in names:
        if not shutil.which(name, path=PATH):
            sys.exit(f"{name} is missing: make deps")


def make_certificate(d):
    """cert.pem and key.pem of localhost, for a day."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", d / "key.pem", "-out", d / "cert.pem"], check=True, capture_output=True)


class Nginx:
    """Runs in the folder `d` with this configuration while the block lasts, and answers at `port`."""

    def __init__(self, d, configuration, port):
        self.d, self.port = pathlib.Path(d), port
        (self.d / "nginx.conf").write_text(configuration)

    def __enter__(self):
        self.process = subprocess.Popen([shutil.which("nginx", path=PATH), "-p", self.d, "-c", self.d / "nginx.conf"],
                                        stderr=(self.d / "nginx.err").open("w"))
        for _ in range(200):
            if self.process.poll() is not None:
                sys.exit(f"nginx ended at start: {(self.d / 'nginx.err').read_text()}")
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.02)
        self.__exit__()
        sys.exit("nginx does not answer")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)
