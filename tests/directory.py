"""A directory of customers as an operator may have one, over HTTP."""

import contextlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

TOKEN = "tell-me"
NOBODY = {"customer": None}


class OwnDirectory:
    """What it knows, how it answers, and what it was asked."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/numbers"
        self.customers: dict[str, dict[str, Any]] = {}
        self.answer: tuple[int, bytes] | None = None
        """What it answers instead of what it knows."""
        self.asked: list[str] = []
        """The numbers, in the order in which requests came."""
        self.open = threading.Event()
        """Cleared: requests hang."""
        self.open.set()

    def answer_to(self, path: str, token: str) -> tuple[int, bytes]:
        self.open.wait()
        number = unquote(path).removeprefix("/numbers/")
        self.asked.append(number)
        if token != f"Bearer {TOKEN}":
            return 401, b"{}"
        if self.answer:
            return self.answer
        customer = self.customers.get(number)
        return 200 if customer else 404, json.dumps({"customer": customer}).encode()


@contextmanager
def own_directory() -> Iterator[OwnDirectory]:
    """Serve one on a free port, in a thread of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = directory.answer_to(self.path, self.headers.get("authorization", ""))
            with contextlib.suppress(ConnectionError):  # who asked may have given up
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        directory = OwnDirectory(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield directory
        finally:
            directory.open.set()
            server.shutdown()
            thread.join()
