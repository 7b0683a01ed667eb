"""Liveness, readiness and metrics over HTTP, in a thread of its own."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from topics.errors import InputError

Answer = tuple[int, bytes]


class HealthServer:
    """Serves ``/live``, ``/ready`` and ``/metrics`` until it is stopped.

    ``live`` and ``ready`` return an empty text if all is well, or a sentence that says what is
    not (then the answer is 503); ``metrics`` returns the page. Raises InputError for an address
    that cannot be had.
    """

    def __init__(
        self,
        host: str,
        port: int,
        live: Callable[[], str],
        ready: Callable[[], str],
        metrics: Callable[[], bytes],
    ) -> None:
        pages: dict[str, Callable[[], Answer]] = {
            "/live": lambda: verdict(live()),
            "/ready": lambda: verdict(ready()),
            "/metrics": lambda: (200, metrics()),
        }
        try:
            self._server = ThreadingHTTPServer((host, port), handler_of(pages))
        except OSError as error:
            raise InputError(
                f"health and metrics cannot be served on {host}:{port}: {error.strerror}; each "
                "worker on a host needs a port of its own (setting http_port, "
                "RISKSTREAM_HTTP_PORT; 0 for none)"
            ) from None
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="health", daemon=True
        )

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def verdict(problem: str) -> Answer:
    r"""Return status and text of an answer.

    >>> verdict(""), verdict("no partitions yet")
    ((200, b'ok\n'), (503, b'no partitions yet\n'))
    """
    return (503, f"{problem}\n".encode()) if problem else (200, b"ok\n")


def handler_of(pages: dict[str, Callable[[], Answer]]) -> type[BaseHTTPRequestHandler]:
    """Return a request handler that knows these pages and logs nothing."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer a request for one of the pages."""
            page = pages.get(self.path)
            status, text = page() if page else (404, b"/live, /ready or /metrics\n")
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Log nothing: probes come every few seconds."""

    return Handler
