"""Microsoft, simulated: OAuth 2.0 of the identity platform (v2.0) and the calendars of Graph (v1.0)."""

from tests.simulators.microsoft.server import MicrosoftSimulator

__all__ = ["MicrosoftSimulator"]
