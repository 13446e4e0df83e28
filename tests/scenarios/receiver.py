"""A web server that people's pagers would be: it takes notices and heartbeats and remembers them."""

import contextlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """What came in, and how the next requests are answered."""

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self.received: list[tuple[str, bytes]] = []
        """Path and body of every request that was taken, oldest first."""
        self.refused = 0
        """Requests that were turned away."""
        self.down = False
        self.answers = threading.Event()
        """Cleared: requests are taken in and hang, as with a server that is overloaded."""
        self.answers.set()

    def notify(self, *tags: str) -> str:
        """A value for `PORTOUT_NOTIFY` with an address for each of these tags."""
        return " ".join(f"{tag}=json://{self.address}/{tag}" for tag in tags)

    def notices(self, tag: str) -> list[dict[str, Any]]:
        """The notices that came to the address of a tag, as Apprise writes them."""
        return [json.loads(body) for path, body in self.received if path.startswith(f"/{tag}")]

    def texts(self, tag: str) -> list[str]:
        return [notice["message"] for notice in self.notices(tag)]

    def calls(self, path: str) -> int:
        return sum(1 for called, _ in self.received if called == path)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Serve a receiver on a free port, in a thread of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._take()

        def do_POST(self) -> None:
            self._take()

        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            receiver.answers.wait()
            if receiver.down:
                receiver.refused += 1
            else:
                receiver.received.append((self.path, body))
            with contextlib.suppress(ConnectionError):  # who asked may have given up
                self.send_response(503 if receiver.down else 200)
                self.send_header("content-length", "0")
                self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield receiver
        finally:
            receiver.answers.set()
            server.shutdown()
            thread.join()
