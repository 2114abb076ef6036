"""Twilio's Messages API and its reports, as a server that keeps what was sent."""

from tests.simulators.twilio.server import ACCOUNT, NUMBER, TOKEN, TwilioSimulator

__all__ = ["ACCOUNT", "NUMBER", "TOKEN", "TwilioSimulator"]
