"""What an engine may answer, and the sentence that comes of it."""

import pytest

from dce_agent.unix_http import LARGEST_ANSWER_BYTES, EngineClient, EngineSilent


def chunked(*pieces):
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n"


async def get(engine, raw):
    engine.raw["/x"] = raw
    return await EngineClient(engine.path).get("/x", timeout_s=1)


async def test_a_document_in_pieces_is_read(engine):
    assert await get(engine, chunked(b'{"a":', b"1}")) == {"a": 1}


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"HTTP/1.1 500 Oh no\r\n\r\n", "answered 500 Oh no"),
        (b"", "answered nothing"),
        (b"\x00\xff\r\n\r\n", "answered"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{", "cannot be read"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{]}", "cannot be read"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "announced"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "cannot be read"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200, "without end"),
        (chunked(*[b"x" * (1 << 20)] * (LARGEST_ANSWER_BYTES // (1 << 20) + 1)), "over"),
    ],
)
async def test_what_cannot_be_read_is_said_in_a_sentence(engine, raw, sentence):
    with pytest.raises(EngineSilent, match=sentence):
        await get(engine, raw or b"\r\n")


async def test_an_engine_that_hangs_is_waited_for_no_longer_than_asked(engine):
    engine.hung = True
    with pytest.raises(EngineSilent, match="in time"):
        await EngineClient(engine.path).get("/x", timeout_s=0.05)


async def test_a_body_that_never_comes_is_waited_for_no_longer_than_asked(engine, monkeypatch):
    monkeypatch.setattr(type(engine), "_document", lambda *_: b"")
    with pytest.raises(EngineSilent, match="in time"):
        async with EngineClient(engine.path).stream("/events", timeout_s=1) as _:
            await EngineClient(engine.path).get("/events", timeout_s=0.05)


async def test_an_engine_that_is_not_there(tmp_path):
    with pytest.raises(EngineSilent, match="cannot be read"):
        await EngineClient(f"{tmp_path}/absent.sock").ping(timeout_s=1)
