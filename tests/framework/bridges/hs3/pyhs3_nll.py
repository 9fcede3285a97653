"""pyhs3's likelihoods of HS3 documents, in a process of its own.

Run as ``python pyhs3_nll.py FILE``: the same file and the same answer as ``roofit_nll.py``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyhs3
from pytensor import function
from pytensor.graph.traversal import explicit_graph_inputs


def likelihoods(document: dict[str, Any], points: list[dict[str, float]]) -> list[float]:
    """Negative log likelihoods of the first analysis."""
    workspace = pyhs3.Workspace(**document)
    model = workspace.model(workspace.analyses[document["analyses"][0]["name"]], progress=False)
    inputs = [one for one in explicit_graph_inputs([model.log_prob]) if one.name is not None]
    compiled = function(inputs, -model.log_prob, on_unused_input="ignore")
    return [float(np.squeeze(compiled(*[np.asarray(at[one.name]) for one in inputs]))) for at in points]


def answer(case: dict[str, Any]) -> dict[str, Any]:
    """The likelihoods of one case, or what went wrong."""
    try:
        return {"nll": likelihoods(case["document"], case["points"])}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    print(json.dumps([answer(case) for case in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))]))
