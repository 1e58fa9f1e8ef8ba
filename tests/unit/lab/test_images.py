"""Images must be the same wherever they are made, or their IDs would differ between nodes."""

import io
import json
import tarfile

import pytest

from tests.lab import images
from tests.lab.host import LabError


class Recorder:
    def __init__(self, answer=""):
        self.answer = answer
        self.bodies = []

    def post(self, path, body, **query):
        self.bodies.append(body)
        return self.answer


@pytest.fixture(autouse=True)
def busybox(monkeypatch):
    monkeypatch.setattr(images, "_busybox", lambda: {"bin/busybox": b"program"})


def test_the_same_image_is_made_twice_byte_for_byte():
    api = Recorder()
    assert images.load(api) == images.load(api)
    assert api.bodies[0] == api.bodies[1]


def test_an_extra_file_makes_another_image():
    assert images.load(Recorder()) != images.load(Recorder(), extra={"data": b"x"})


def test_the_archive_names_the_image():
    api = Recorder()
    images.load(api, name="lab/other:2")
    with tarfile.open(fileobj=io.BytesIO(api.bodies[0])) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
    assert manifest[0]["RepoTags"] == ["lab/other:2"]


def test_a_refusal_by_the_engine_is_an_error():
    with pytest.raises(LabError, match="refused the image"):
        images.load(Recorder('{"errorDetail": {"message": "no space left"}}'))
