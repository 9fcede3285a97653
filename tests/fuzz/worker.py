"""A process that reads one file after the other and says what came of each; run as a script.

A line of JSON in (path, patches), a line of JSON out: what was raised, CPU seconds, memory above the start in
MiB, and what the interpreter was asked to do that reading has no business with.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import traceback
from pathlib import Path
from typing import Any

FORBIDDEN = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "subprocess.Popen",
    "socket.connect",
    "socket.getaddrinfo",
    "urllib.Request",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.chmod",
    "os.link",
    "os.symlink",
    "os.truncate",
    "shutil.",
    "webbrowser.open",
    "exec.marker",
    "pickle.find_class",
)

seen: list[str] = []
watching = False


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    if not watching:
        return
    if event.startswith(FORBIDDEN) or (
        event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    ):
        seen.append(f"{event} {arguments!r}"[:300])


def memory() -> float:
    """Resident memory's peak in MiB since the last reset, or since the start where there is no reset."""
    try:
        status = Path("/proc/self/status").read_text()
        return next(float(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def reset() -> None:
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def main() -> None:
    global watching
    from nurecoil.bridges.reading import read
    from nurecoil.errors import NurecoilError

    sys.addaudithook(watch)
    for line in sys.stdin:
        request = json.loads(line)
        reset()
        start, before = time.process_time(), memory()
        watching, name, said = request["watch"], "", ""
        try:
            model = read(request["path"], patches=request["patches"])
            name, said = "model", repr(model)[:300]
            del model
        except NurecoilError as error:
            name, said = "refused", f"{type(error).__name__}: {error}"
        except BaseException:
            name, said = "crashed", traceback.format_exc()[-3000:]
        watching = False
        found = {
            "outcome": name,
            "said": said[:5000],
            "length": len(said),
            "seconds": time.process_time() - start,
            "memory": memory() - before,
            "seen": list(seen),
        }
        seen.clear()
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
