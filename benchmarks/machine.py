"""What the figures were measured on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil  # type: ignore[import-untyped]

_LIBRARIES = ("strawberry-graphql", "starlette", "uvicorn", "asyncpg", "sqlalchemy", "orjson")


def machine() -> list[str]:
    """Lines about cores, memory, versions and how busy the machine was at the start."""
    memory = psutil.virtual_memory().total / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return [
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB, {platform.system()}",
        f"Python {platform.python_version()}, {libraries}",
        f"load average at the start: {os.getloadavg()[0]:.1f}",
    ]


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
