"""A program in Trivy's place: pulls the image's manifest as Trivy would, then writes a recorded report."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

RECORDING = Path(__file__).parents[1] / "recordings" / "trivy-alpine.json"

PROGRAM = """#!{python}
import base64, os, pathlib, sys, urllib.request
arguments = sys.argv[1:]
with open({calls!r}, "a") as calls:
    calls.write(" ".join(arguments) + "\\n")
output = next((a.partition("=")[2] for a in arguments if a.startswith("--output=")), "")
if "--version" in arguments:
    print("Version: 0.52.2")
elif "convert" in arguments:
    form = next(a.partition("=")[2] for a in arguments if a.startswith("--format="))
    pathlib.Path(output).write_text('{{"form": "' + form + '"}}')
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
    except OSError as error:
        print("2024-05-01T10:00:00Z FATAL image scan error: " + str(error), file=sys.stderr)
        sys.exit(1)
    pathlib.Path(output).write_bytes(pathlib.Path({recording!r}).read_bytes())
"""


def write_trivy(folder: Path) -> Path:
    """The program; what it was called with is a line each in `calls` beside it."""
    program = folder / "trivy"
    calls = str(folder / "calls")
    text = PROGRAM.format(python=sys.executable, calls=calls, recording=str(RECORDING))
    program.write_text(text)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program
