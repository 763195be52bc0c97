"""What takes milliseconds to compress is compressed beside the event loop."""

import threading
import zlib
from typing import Any

import httpx2
import pytest
from starlette.responses import Response

from gql.app.compression import THREAD_SIZE, Compression


@pytest.mark.parametrize(("size", "beside"), [(THREAD_SIZE - 1, False), (THREAD_SIZE, True)])
async def test_a_long_answer_is_compressed_in_a_thread(
    monkeypatch: pytest.MonkeyPatch, size: int, *, beside: bool
) -> None:
    threads: list[int] = []
    make = zlib.compressobj

    class Compressor:
        def __init__(self, *arguments: Any, **named: Any) -> None:
            self._inner = make(*arguments, **named)

        def compress(self, data: bytes) -> bytes:
            threads.append(threading.get_ident())
            return self._inner.compress(data)

        def flush(self, *arguments: Any) -> bytes:
            return self._inner.flush(*arguments)

    monkeypatch.setattr(zlib, "compressobj", Compressor)
    app: Any = Compression(Response(b"x" * size))
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        response = await client.get("/", headers={"accept-encoding": "gzip"})

    assert response.headers["content-encoding"] == "gzip"
    assert response.content == b"x" * size
    assert [thread != threading.get_ident() for thread in threads] == [beside]
