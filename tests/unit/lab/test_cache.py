import os

import pytest

from tests.lab import cache
from tests.lab.host import LabError


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))


def test_the_folder_is_this_users_alone():
    folder = cache.cache_folder()
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o770)
    with pytest.raises(LabError, match="alone"):
        cache.cache_folder()


def test_a_file_appears_only_when_it_is_whole():
    path = cache.cache_folder() / "image.tar"
    with pytest.raises(FileNotFoundError), cache.made_whole(path):
        raise FileNotFoundError
    assert not path.exists()
    with cache.made_whole(path) as part:
        part.write_text("whole")
    assert path.read_text() == "whole"


def test_the_oldest_files_go():
    folder = cache.cache_folder()
    for age in range(4):
        file = folder / f"agent-{age}.tar"
        file.touch()
        os.utime(file, (1000 - age, 1000 - age))
    cache.keep_newest(folder, "agent-*.tar", count=2)
    assert sorted(file.name for file in folder.glob("*.tar")) == ["agent-0.tar", "agent-1.tar"]
