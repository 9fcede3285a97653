"""RooFit's likelihoods of HS3 documents, in a process of its own: ROOT may end its process.

Run as ``python roofit_nll.py FILE``. The file holds a list of cases, objects with ``document`` and
``points`` (written name to value). Prints one JSON list with ``{"nll": [...]}`` for every case, or
``{"error": "..."}`` where RooFit refused it or crashed; every case has a process of its own.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

LIMIT = 300
"""Seconds for one case."""


def likelihoods(ROOT: Any, document: dict[str, Any], points: list[dict[str, float]]) -> list[float]:
    """Negative log likelihoods of the first analysis, auxiliary distributions included."""
    workspace = ROOT.RooWorkspace("imported")
    if not ROOT.RooJSONFactoryWSTool(workspace).importJSONfromString(json.dumps(document)):
        raise RuntimeError("importJSONfromString returned false")
    config = workspace.obj(document["analyses"][0]["name"])
    data = workspace.data(next(iter(document["misc"]["ROOT_internal"]["combined_datasets"])))
    function = config.createNLL(data, ROOT.RooFit.Offset("none"))
    found = []
    for point in points:
        for name, value in point.items():
            variable = workspace.var(name)
            if not variable:
                raise RuntimeError(f"no variable {name}")
            variable.setVal(value)
            if variable.getVal() != value:
                raise RuntimeError(f"{name} is {variable.getVal()} after it was set to {value}")
        found.append(float(function.getVal()))
    return found


def apart(ROOT: Any, case: dict[str, Any]) -> dict[str, Any]:
    """The likelihoods of one case from a process that may crash."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        signal.alarm(LIMIT)
        try:
            answer: dict[str, Any] = {"nll": likelihoods(ROOT, case["document"], case["points"])}
        except BaseException as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        with os.fdopen(into, "w") as stream:
            json.dump(answer, stream)
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as stream:
        text = stream.read()
    status = os.waitpid(child, 0)[1]
    if text:
        return json.loads(text)  # type: ignore[no-any-return]
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    return {"error": f"ROOT ended its process with {number}"}


def main(file: Path) -> None:
    """Answer for every case of a file."""
    import ROOT

    ROOT.gROOT.SetBatch(True)
    ROOT.RooMsgService.instance().setGlobalKillBelow(ROOT.RooFit.FATAL)
    cases = json.loads(file.read_text(encoding="utf-8"))
    answers = [apart(ROOT, case) for case in cases]
    print(json.dumps(answers))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
