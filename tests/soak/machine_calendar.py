"""The calendar of the replicas, set while they run, as NTP or `date -s` sets that of a node: their other clocks, and timers, go on.

libfaketime is not for this: it moves timers of the steady clock, too (findings/libfaketime-0.9.10-absolute-monotonic-timers.sh), and
Asio's timers for "at once" then fire seconds late or never, which no node's clock does to a program.
"""
import os, pathlib, struct

LIBRARY = "build/release/tests/libpinhook_calendar.so"  # tests/support/calendar


class Calendar:
    """Processes that have `environment` read the system's time plus the seconds that were last `set`."""

    def __init__(self, library, file):
        self.library, self.file = pathlib.Path(library).resolve(), file
        file.write_bytes(bytes(8))

    def environment(self):
        return {"LD_PRELOAD": str(self.library), "TEST_CALENDAR": str(self.file)}

    def set(self, seconds):
        # In place: the file is mapped.
        with self.file.open("r+b", buffering=0) as file:
            file.write(struct.pack("=q", seconds))
