"""A Zoom that answers over HTTP: OAuth of users and of an organisation's app, users, meetings."""

from tests.simulators.zoom.server import ZoomSimulator

__all__ = ["ZoomSimulator"]
