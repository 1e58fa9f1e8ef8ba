"""A program in Trivy's place: pulls the image's manifest as Trivy would, then writes what Trivy 0.59.1 wrote."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

RECORDINGS = Path(__file__).parents[1] / "recordings"
# An image of Alpine 3.10.2 with two of its packages and one of Python's, and what is said when it cannot look.
RECORDING, SAID = RECORDINGS / "trivy-alpine.json", RECORDINGS / "trivy-said.json"

PROGRAM = """#!{python}
import base64, json, os, pathlib, sys, urllib.request
arguments = sys.argv[1:]
with open({calls!r}, "a") as calls:
    calls.write(" ".join(arguments) + "\\n")
output = next((a.partition("=")[2] for a in arguments if a.startswith("--output=")), "")
if "--version" in arguments:
    print("Version: 0.59.1\\nVulnerability DB:\\n  Version: 2")
elif "convert" in arguments:
    form = next(a.partition("=")[2] for a in arguments if a.startswith("--format="))
    named = json.loads(pathlib.Path(arguments[-1]).read_text())["ArtifactName"]
    pathlib.Path(output).write_text(json.dumps({{"form": form, "name": named}}))
else:
    host, _, rest = arguments[-1].partition("/")
    repository, _, digest = rest.partition("@")
    pair = os.environ["TRIVY_USERNAME"] + ":" + os.environ["TRIVY_PASSWORD"]
    request = urllib.request.Request(
        f"http://{{host}}/v2/{{repository}}/manifests/{{digest}}",
        headers={{"Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
                  "Accept": "application/vnd.oci.image.manifest.v1+json"}},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            answer.read()
    except OSError:
        said = json.loads(pathlib.Path({said!r}).read_text())
        print(said["no such manifest"], file=sys.stderr)
        sys.exit(1)
    pathlib.Path(output).write_bytes(pathlib.Path({recording!r}).read_bytes())
"""


def write_trivy(folder: Path) -> Path:
    """The program; what it was called with is a line each in `calls` beside it."""
    program = folder / "trivy"
    calls = str(folder / "calls")
    files = {"recording": str(RECORDING), "said": str(SAID)}
    text = PROGRAM.format(python=sys.executable, calls=calls, **files)
    program.write_text(text)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program
