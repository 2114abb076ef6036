"""Slack, Microsoft Teams, Discord and Mattermost as their incoming webhooks answer."""

from tests.simulators.chats.server import KINDS, ChatServer, Fault, chat_server, gone

__all__ = ["KINDS", "ChatServer", "Fault", "chat_server", "gone"]
