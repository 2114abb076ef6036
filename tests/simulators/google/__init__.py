"""Google, simulated: OAuth 2.0 and the Calendar API v3."""

from tests.simulators.google.server import GoogleSimulator

__all__ = ["GoogleSimulator"]
