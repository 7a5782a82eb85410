"""Every contender by the name that tables and charts show, and where its class is.

A class is imported in the process that runs it, so that no contender carries another's modules.
"""

from importlib import import_module

from tests.benchmarks.contenders.base import Contender

_HERE = "tests.benchmarks.contenders"

CONTENDERS = {
    "raw socket": f"{_HERE}.http:Socket",
    "aiohttp + orjson": f"{_HERE}.http:Aiohttp",
    "aiohttp tuned + orjson": f"{_HERE}.http:AiohttpTuned",
    "urllib3 + orjson": f"{_HERE}.http:Urllib3",
    "httpx async": f"{_HERE}.http:HttpxAsync",
    "httpx": f"{_HERE}.http:HttpxSync",
    "requests": f"{_HERE}.http:Requests",
    "exa-py async": f"{_HERE}.sdks:ExaAsync",
    "exa-py": f"{_HERE}.sdks:ExaSync",
    "openai async": f"{_HERE}.sdks:OpenAIAsync",
    "openai": f"{_HERE}.sdks:OpenAISync",
    "lightfast async": f"{_HERE}.sdk:LightfastAsync",
    "lightfast": f"{_HERE}.sdk:LightfastSync",
    "lightfast[speedups]": f"{_HERE}.sdk:LightfastSpeedups",
    "lightfast without retries": f"{_HERE}.sdk:LightfastWithoutRetries",
    "lightfast search_many": f"{_HERE}.sdk:LightfastBulk",
    "orjson.loads": f"{_HERE}.decoders:Orjson",
    "lightfast decode": f"{_HERE}.decoders:Lightfast",
    "pydantic, extra allowed": f"{_HERE}.decoders:Pydantic",
    "msgspec Struct, drops unknown": f"{_HERE}.decoders:Msgspec",
    "cattrs as it comes, drops unknown": f"{_HERE}.decoders:Cattrs",
}


def load(name: str) -> Contender:
    """Return a fresh contender.

    Raises:
        ImportError: What it measures is not installed.
    """
    module, _, attribute = CONTENDERS[name].partition(":")
    contender: Contender = getattr(import_module(module), attribute)()
    return contender
