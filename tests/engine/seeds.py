"""The seeds of tests whose questions are random."""

import os
import secrets
from typing import Any

import pytest


def seeds(fixed: int) -> list[Any]:
    """Parameters: one seed that is the same in every run, and a new one if FRESH_SEEDS is set."""
    parameters = [pytest.param(fixed, id="fixed seed")]
    if "FRESH_SEEDS" in os.environ:
        parameters.append(pytest.param(secrets.randbelow(10**9), id="fresh seed"))
    return parameters
