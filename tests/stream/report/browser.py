"""A headless Chromium, spoken to over its DevTools protocol; nothing but aiohttp is needed."""

import asyncio
import base64
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def browser_path() -> str | None:
    """Return where a browser is, None where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass(frozen=True)
class Seen:
    """What a browser made of a page: its messages, its requests, and what was asked of it."""

    messages: list[str]
    requests: list[str]
    answers: list[Any]
    pictures: list[bytes]


def look(
    path: str,
    page: Path,
    profile: Path,
    *,
    width: int,
    height: int = 900,
    dark: bool = False,
    asked: tuple[str, ...] = (),
    strips: tuple[tuple[int, int], ...] = (),
) -> Seen:
    """Open a page in a window of this width and evaluate ``asked`` there.

    A picture is taken of each of ``strips``, where it begins and how high it is.
    """
    with _running(path, profile) as port:
        return asyncio.run(_look(port, page, width, height, dark, asked, strips))


@contextmanager
def _running(path: str, profile: Path) -> Iterator[int]:
    command = [
        path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--hide-scrollbars", "--remote-debugging-port=0", f"--user-data-dir={profile}",
        "about:blank",
    ]  # fmt: skip
    with (profile.parent / f"{profile.name}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield asyncio.run(_port(profile / "DevToolsActivePort", process))
        finally:
            process.terminate()
            process.wait(30)


async def _port(file: Path, process: subprocess.Popen[bytes]) -> int:
    for _ in range(600):
        if file.exists() and (lines := file.read_text().split()):
            return int(lines[0])
        if process.poll() is not None:
            raise RuntimeError(f"the browser ended with {process.returncode}")
        await asyncio.sleep(0.05)
    raise TimeoutError("the browser opened no port")


async def _look(
    port: int,
    page: Path,
    width: int,
    height: int,
    dark: bool,
    asked: tuple[str, ...],
    strips: tuple[tuple[int, int], ...],
) -> Seen:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
            tabs = [tab for tab in await answer.json() if tab["type"] == "page"]
        async with session.ws_connect(tabs[0]["webSocketDebuggerUrl"], max_msg_size=0) as socket:
            talk = _Talk(socket)
            for domain in ("Page", "Runtime", "Log", "Network"):
                await talk.ask(f"{domain}.enable")
            await talk.ask(
                "Emulation.setDeviceMetricsOverride",
                width=width, height=height, deviceScaleFactor=1, mobile=False,
            )  # fmt: skip
            scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
            await talk.ask("Emulation.setEmulatedMedia", features=[scheme])
            await talk.ask("Emulation.setFocusEmulationEnabled", enabled=True)
            await talk.ask("Page.navigate", url=page.resolve().as_uri())
            await talk.until("Page.loadEventFired")
            answers = [await talk.value(expression) for expression in asked]
            pictures = []
            for top, high in strips:
                clip = {"x": 0, "y": top, "width": width, "height": high, "scale": 1}
                taken = await talk.ask(
                    "Page.captureScreenshot", clip=clip, captureBeyondViewport=True
                )
                pictures.append(base64.b64decode(taken["data"]))
            return Seen(talk.messages, talk.requests, answers, pictures)


class _Talk:
    """Questions and answers over one socket; what the page says meanwhile is kept."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._n = socket, 0
        self._seen: list[str] = []
        self.messages: list[str] = []
        self.requests: list[str] = []

    async def ask(self, method: str, **params: Any) -> Any:
        self._n += 1
        await self._socket.send_json({"id": self._n, "method": method, "params": params})
        while (found := await self._next()).get("id") != self._n:
            pass
        assert "error" not in found, found
        return found["result"]

    async def value(self, expression: str) -> Any:
        found = await self.ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def until(self, method: str) -> None:
        while method not in self._seen:
            await self._next()

    async def _next(self) -> dict[str, Any]:
        found: dict[str, Any] = await asyncio.wait_for(self._socket.receive_json(), 60)
        method, params = found.get("method", ""), found.get("params", {})
        self._seen.append(method)
        if method == "Log.entryAdded":
            self.messages.append(params["entry"]["text"])
        elif method in {"Runtime.consoleAPICalled", "Runtime.exceptionThrown"}:
            self.messages.append(str(params))
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        return found
