"""A browser over WebDriver (W3C), by Debian's chromium and chromium-driver; plain HTTP, no library."""

import base64
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request


def is_there():
    return bool(shutil.which("chromium") and shutil.which("chromedriver"))


class Browser:
    def __init__(self):
        self._driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._at = ""
        # "ChromeDriver was started successfully on port 41234."
        for line in self._driver.stdout:
            if "started successfully on port" in line:
                self._at = "http://127.0.0.1:" + line.rstrip(".\n").rsplit(" ", 1)[1]
                break
        options = {
            "goog:chromeOptions": {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]},
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        self._session = ""
        got = self._call("POST", "/session", {"capabilities": {"alwaysMatch": options}})
        self._session = "/session/" + got["sessionId"]

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self._at + self._session + path, data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as e:
            raise AssertionError(json.load(e)["value"]["message"].split("\n")[0]) from None

    def close(self):
        try:
            self._call("DELETE", "")
        finally:
            self._driver.terminate()
            self._driver.wait()

    def go(self, url):
        self._call("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        return self._call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait_for(self, script, *arguments):
        """Until the script gives something true; its value."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            value = self.run(script, *arguments)
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError("it never came: " + script)

    def press(self, key):
        actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self._call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def size(self, width, height=900):
        self._emulate("setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def colours(self, scheme):
        self._emulate("setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def _emulate(self, name, **parameters):
        self._call("POST", "/goog/cdp/execute", {"cmd": "Emulation." + name, "params": parameters})

    def picture(self, file):
        file.write_bytes(base64.b64decode(self._call("GET", "/screenshot")))

    def complaints(self):
        """What the browser wrote to its console since the last call: errors, violations of the policy."""
        return [one["message"] for one in self._call("POST", "/se/log", {"type": "browser"})]
