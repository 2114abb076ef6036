"""The chats that can be told: one file each, found by kind."""

from providers.notices.systems.chat import Chat
from providers.notices.systems.discord import Discord
from providers.notices.systems.mattermost import Mattermost
from providers.notices.systems.slack import Slack
from providers.notices.systems.teams import Teams

CHATS: dict[str, Chat] = {each.kind: each for each in (Slack(), Teams(), Discord(), Mattermost())}

__all__ = ["CHATS", "Chat"]
