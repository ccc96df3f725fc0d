"""The window itself, driven by keyboard and mouse under Xvfb: open a run, step, find, follow an octet, export."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

failures = 0


def check(what, ok, more=""):
    global failures
    if not ok:
        failures += 1
    print(f"{'ok    ' if ok else 'FAILED'} {what}{'' if ok else ': ' + repr(more)}")


class Window:
    """The program under a display of its own. What it says of itself comes through --status FILE, one line a change."""

    def __init__(self, program, arguments, folder):
        self.folder = folder
        self.status_file = folder / "status.txt"
        reading, writing = os.pipe()
        self.display = subprocess.Popen(["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
                                        pass_fds=[writing], stderr=subprocess.DEVNULL)
        os.close(writing)
        number = os.read(reading, 16).decode().strip()
        self.environment = dict(os.environ, DISPLAY=":" + number, LIBGL_ALWAYS_SOFTWARE="1", HOME=str(folder),
                                XDG_CONFIG_HOME=str(folder / "config"))
        self.environment.pop("WAYLAND_DISPLAY", None)
        self.started = time.monotonic()
        self.program = subprocess.Popen([program, *arguments, "--status", self.status_file], env=self.environment, cwd=folder)
        self.id = None

    def x(self, *words):
        return subprocess.run(["xdotool", *words], env=self.environment, check=True, capture_output=True, text=True).stdout

    def wait(self, what, seconds=60):
        """Waits until the last status line holds these words; returns the line."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.program.poll() is not None:
                raise RuntimeError(f"the program ended with {self.program.returncode}")
            line = self.last()
            if what in line:
                return line
            time.sleep(0.05)
        return self.last()

    def last(self):
        try:
            lines = self.status_file.read_text().splitlines()
        except FileNotFoundError:
            return ""
        return lines[-1] if lines else ""

    def find(self):
        for _ in range(600):
            found = subprocess.run(["xdotool", "search", "--name", "^ikelab$"], env=self.environment, capture_output=True, text=True).stdout.split()
            if found:
                self.id = found[-1]
                focus = subprocess.run(["xdotool", "windowfocus", self.id], env=self.environment, capture_output=True)
                if focus.returncode == 0:  # it is on the screen
                    self.x("windowmove", self.id, "0", "0")
                    return True
            time.sleep(0.1)
        return False

    def key(self, *keys):
        for key in keys:
            self.x("key", key)
            time.sleep(0.15)

    def click(self, x, y):
        self.x("mousemove", str(x), str(y))
        time.sleep(0.3)
        self.x("mousedown", "1")
        time.sleep(0.3)
        self.x("mouseup", "1")
        time.sleep(0.3)

    def close(self):
        self.program.terminate()
        self.program.wait(timeout=20)
        self.display.terminate()
        self.display.wait(timeout=20)


def grades(program, folder):
    """A click on a cell of the gradebook, and on what was lost there, opens the run in which it was."""
    window = Window(program, ["--db", folder / "class.db"], folder)
    try:
        window.find()
        window.wait("none")
        window.click(520, 161)
        window.click(700, 178)
        line = window.wait("event:9")
        check("a grade opens the run that cost it, at the event", "event:9" in line, line)
    finally:
        window.close()


def main(program, samples):
    for tool in ("Xvfb", "xdotool"):
        if shutil.which(tool) is None:
            print(f"skipped: no {tool} here")
            return 1 if os.environ.get("CI") else 77
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ikelab-window-"))
    subprocess.run([samples, "[.samples]"], env={"IKELAB_SAMPLES": str(folder)}, check=True, stdout=subprocess.DEVNULL)
    window = Window(program, ["site-to-site", "--db", folder / "runs.db"], folder)
    try:
        check("a window opens", window.find())
        check("it reads the run and selects its first message", "message:1" in window.wait("message:1"), window.last())
        window.key("Right", "Right")
        line = window.last()
        check("Right goes on in the ladder", "message:1" not in line and "message:" in line, line)
        window.key("Left")
        check("Left goes back", window.last() != line, window.last())
        window.key("shift+Right", "shift+Right")
        check("Shift+Right goes to the next event", "message:" not in window.last(), window.last())
        window.key("Home")
        check("Home goes to the beginning", "at 0.000 ms" in window.wait("at 0.000 ms"), window.last())
        window.key("ctrl+k")
        window.x("type", "--delay", "60", "skeyseed")
        window.key("Return")
        key = window.wait("key:")
        check("the palette finds a key", "key:" in key and "at 0.000" not in key, key)
        window.key("alt+Left")
        check("Alt+Left goes back to what was selected before", window.last() != key, window.last())
        window.key("ctrl+k")
        window.x("type", "--delay", "60", "message 3 ike_auth")
        window.key("Return")
        check("and a message", "message:" in window.wait("message:3"), window.last())
        window.click(1000, 618)
        line = window.wait("octets:")
        check("a click in the octets selects a field", "octets:" in line or "plain:" in line, line)
        window.key("Escape")
        check("Esc lets go of it", "octets:" not in window.last() and "plain:" not in window.last(), window.last())
        window.key("ctrl+e")
        page = folder / "site-to-site-7.html"
        for _ in range(200):
            if page.exists():
                break
            time.sleep(0.1)
        found = list(folder.glob("*.html"))
        check("Ctrl+E writes the page", len(found) == 1 and found[0].stat().st_size > 50_000, found)
        window.key("space")
        before = window.last()
        time.sleep(1)
        check("Space plays: time goes on", window.last() != before, window.last())
        window.key("space")
    finally:
        window.close()
    grades(program, folder)
    check("it remembers its layout", (folder / "config" / "ikelab" / "view").exists())
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
