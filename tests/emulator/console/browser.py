"""Real headless Chromium, driven through the protocol of its developer tools, with aiohttp and nothing else.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
import tempfile
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --disable-dev-shm-usage --disable-extensions --hide-scrollbars"
    " --force-color-profile=srgb --remote-debugging-port=0 --window-size=1280,800"
)
KEYS = {"Enter": "\r", "Escape": "", "Tab": "", " ": " "}


def chromium() -> str | None:
    """Return Chromium's path; None when there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One tab.

    Attributes:
        complaints: Errors and warnings of the console, exceptions, and breaches of the content security policy.
        loaded: The address of everything that was asked for.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._session: str | None = None
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._last = 0
        self.complaints: list[str] = []
        self.loaded: list[str] = []

    async def listen(self) -> None:
        async for message in self._socket:
            data = json.loads(message.data)
            if "id" in data:
                self._waiting.pop(data["id"]).set_result(data)
            else:
                self._note(data["method"], data["params"])

    def _note(self, method: str, params: dict[str, Any]) -> None:
        match method:
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning", "assert"):
                self.complaints.append(f"{params['type']}: {params['args']}")
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(params["exceptionDetails"])[:500])
            case "Log.entryAdded" if params["entry"]["level"] in ("error", "warning"):
                entry = params["entry"]
                self.complaints.append(f"{entry['level']}: {entry['text']} {entry.get('url')}")
            case "Network.requestWillBeSent":
                self.loaded.append(params["request"]["url"])

    async def call(self, method: str, **params: Any) -> Any:
        self._last += 1
        future = self._waiting[self._last] = asyncio.get_running_loop().create_future()
        message = {"id": self._last, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        await self._socket.send_json(message)
        answer = await asyncio.wait_for(future, PATIENCE)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    async def open_tab(self) -> None:
        target = await self.call("Target.createTarget", url="about:blank")
        attached = await self.call(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.call(f"{domain}.enable")

    # --- what a person does -------------------------------------------------------------------

    async def go(self, url: str) -> None:
        await self.call("Page.navigate", url=url)

    async def js(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, awaited."""
        result = await self.call(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in result:
            raise RuntimeError(json.dumps(result["exceptionDetails"])[:800])
        return result["result"].get("value")

    async def wait(self, expression: str) -> Any:
        """Return the value of an expression as soon as it is true."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE
        while True:
            with suppress(RuntimeError):  # the page is just being changed
                value = await self.js(expression)
                if value or value == {}:  # an element has no value, and is there
                    return value
            if loop.time() > end:
                body = await self.js("document.body.innerText")
                raise AssertionError(f"never true: {expression}\non the page:\n{body}")
            await asyncio.sleep(0.03)

    async def text(self, wanted: str) -> None:
        """Wait until a text is to be seen."""
        await self.wait(f"document.body.innerText.includes({json.dumps(wanted)})")

    async def click(self, name: str, selector: str = "button, a, summary, label") -> None:
        """Click what carries this text or label, with a real mouse."""
        find = f"""(() => {{
            const dialog = document.querySelector("dialog[open]") ?? document;
            const found = [...dialog.querySelectorAll({json.dumps(selector)})].find(
                (e) => [e.innerText?.trim(), e.getAttribute("aria-label")].includes({json.dumps(name)})
                    && e.getClientRects().length);
            if (!found || found.disabled) return null;
            found.scrollIntoView({{ block: "center", behavior: "instant" }});
            const box = found.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }})()"""
        x, y = await self.wait(find)
        for kind in ("mousePressed", "mouseReleased"):
            await self.call(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )

    async def type(self, text: str) -> None:
        await self.call("Input.insertText", text=text)

    async def fill(self, selector: str, text: str) -> None:
        await self.wait(f"!!document.querySelector({json.dumps(selector)})")
        await self.js(f"document.querySelector({json.dumps(selector)}).select()")
        await self.js(f"document.querySelector({json.dumps(selector)}).focus()")
        await self.type(text)

    async def press(self, key: str) -> None:
        text = {"text": KEYS[key]} if KEYS.get(key) else {}
        codes = {"Enter": 13, "Escape": 27, "Tab": 9, " ": 32}
        code = {"windowsVirtualKeyCode": codes.get(key, 0), "code": key}
        await self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **code, **text)
        await self.call("Input.dispatchKeyEvent", type="keyUp", key=key, **code)

    async def clipboard(self) -> str:
        """Take what was copied last, as soon as it is there."""
        copied = str(await self.wait("navigator.clipboard.readText()"))
        await self.js("navigator.clipboard.writeText('')")
        return copied

    # --- how it looks -------------------------------------------------------------------------

    async def dark(self, on: bool = True) -> None:
        features = {
            "prefers-color-scheme": "dark" if on else "light",
            "prefers-reduced-motion": "reduce",  # so that what is seen is how it stays
        }
        listed = [{"name": name, "value": value} for name, value in features.items()]
        await self.call("Emulation.setEmulatedMedia", features=listed)

    async def size(self, width: int, height: int, *, mobile: bool = False) -> None:
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=mobile,
        )

    async def shoot(self, path: Path) -> None:
        shot = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))  # noqa: ASYNC240


@asynccontextmanager
async def browsing(origin: str) -> AsyncIterator[Page]:
    """Open a tab of a new Chromium with an empty profile, allowed to use the clipboard at one origin."""
    profile = Path(tempfile.mkdtemp(prefix="lightfast-chromium-"))
    process = await asyncio.create_subprocess_exec(
        str(chromium()),
        *FLAGS.split(),
        f"--user-data-dir={profile}",
        "about:blank",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with aiohttp.ClientSession() as http:
            address = await _address(profile, process)
            async with http.ws_connect(address, max_msg_size=0) as socket:
                page = Page(socket)
                listening = asyncio.ensure_future(page.listen())
                await page.call(
                    "Browser.grantPermissions",
                    origin=origin,
                    permissions=["clipboardReadWrite", "clipboardSanitizedWrite"],
                )
                await page.open_tab()
                yield page
                listening.cancel()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its own group: it and its children
        await process.wait()
        shutil.rmtree(profile, ignore_errors=True)


async def _address(profile: Path, process: asyncio.subprocess.Process) -> str:
    """Return the port of the developer tools: Chromium writes it into its profile."""
    file = profile / "DevToolsActivePort"

    def lines() -> list[str]:
        if process.returncode is not None:
            raise RuntimeError(f"Chromium ended with {process.returncode}")
        return file.read_text().splitlines() if file.exists() else []

    await eventually(lambda: len(lines()) == 2)
    port, path = lines()
    return f"ws://127.0.0.1:{port}{path}"
