"""Installations that several of the scenarios play in."""

import pytest

from tests.scenarios.letters import look_every_second
from tests.service import Service


@pytest.fixture
def impatient(edited: Service) -> Service:
    """An installation whose example policy looks for documents every second."""
    look_every_second(edited.settings.rules)
    return edited
