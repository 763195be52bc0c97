"""The documented examples as data, and requests as their samples send them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import bearer
from tests.databases import Copy


def example(name: str) -> Any:
    """A documented body, as this project keeps it: `graphs/create.answer`."""
    return json.loads((Path(__file__).parent / f"{name}.json").read_text())


@pytest.fixture
def sample_headers(fresh: Copy) -> dict[str, str]:
    """What every sample with a body sends."""
    return {**bearer(fresh.organizations[0]), "Content-Type": "application/json"}
