"""The memory limit of the manifests for one replica, where the kernel lets us set one: a cgroup of its own."""
import os, pathlib

ROOT = pathlib.Path("/sys/fs/cgroup")


class MemoryLimit:
    """Each process that calls `enter` between fork and exec counts; `what` says what holds the limit."""

    def __init__(self, name, mebibytes):
        self.folder = None
        for parent, limit, peak, hits in ((ROOT / "memory", "memory.limit_in_bytes", "memory.max_usage_in_bytes", "memory.failcnt"),
                                          (ROOT, "memory.max", "memory.peak", "memory.events")):
            folder = parent / f"pinhook-soak-{os.getpid()}-{name}"
            try:
                folder.mkdir()
                (folder / limit).write_text(str(mebibytes << 20))
            except OSError:
                if folder.exists():
                    folder.rmdir()
                continue
            self.folder, self.peak_file, self.hits_file = folder, folder / peak, folder / hits
            return

    def enter(self):
        if self.folder:
            (self.folder / "cgroup.procs").write_text("0")

    def peak(self):
        """MiB with the kernel's share, or None where nothing is limited."""
        try:
            return int(self.peak_file.read_text()) / (1 << 20) if self.folder else None
        except OSError:  # a kernel before 5.19 has no memory.peak
            return 0.0

    def remove(self):
        try:
            if self.folder:
                self.folder.rmdir()
        except OSError:
            pass
