"""One installation: its data folder, its addresses, and the environment that each kind of process gets."""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.embedded.data_folder import secret_file
from holdfast.embedded.simulated_vendor import CLIENT_ID, CLIENT_SECRET
from holdfast.memory import process_tenants


@dataclass(frozen=True)
class Installation:
    """Where everything is; "" stands for what it does not have (an owner's address, a demo calendar)."""

    data: Path
    host: str
    port: int
    database_url: str
    owner_database_url: str
    superuser_database_url: str
    broker_url: str
    smtp_url: str
    calendar_url: str = ""
    simulated: Mapping[str, str] = field(default_factory=dict)  # vendor -> address of its stand-in

    def application_environment(self) -> dict[str, str]:
        """What web, worker and relay get: the application's role, never the owner's."""
        given = {name: value for name, value in os.environ.items() if name != "OWNER_DATABASE_URL"}
        return {**given, **self._own_settings()}

    def owner_environment(self) -> dict[str, str]:
        """What migrating, seeding and the clock get: the application's environment and the owner's address.

        Without such an address (the operator kept it) this is the application's environment.
        """
        owner = {"OWNER_DATABASE_URL": self.owner_database_url} if self.owner_database_url else {}
        return {**self.application_environment(), **owner}

    def _own_settings(self) -> dict[str, str]:
        settings = {
            "DJANGO_SETTINGS_MODULE": "holdfast.settings",
            "PYTHONUNBUFFERED": "1",
            "HOLDFAST_DATA": str(self.data),
            "DATABASE_URL": self.database_url,
            "BROKER_URL": self.broker_url,
            "HOLDFAST_SMTP_URL": self.smtp_url,
            **_unless_set("HOLDFAST_PUBLIC_PORT", str(self.port)),
            **_unless_set("HOLDFAST_SELF_ADDRESS", f"{self.self_host}:{self.port}"),
            **_secret("HOLDFAST_SECRET_KEY", self.data, "secret-key", secrets.token_urlsafe(48)),
            **_secret("HOLDFAST_KEK", self.data, "key-encryption-key", _fresh_key()),
        }
        if self.superuser_database_url:  # the database is ours, and on this machine
            settings |= _unless_set("HOLDFAST_PROCESS_TENANTS", str(process_tenants(_processes())))
        if self.calendar_url:
            settings["HOLDFAST_CALDAV_DEMO_URL"] = self.calendar_url
            settings["HOLDFAST_CALDAV_DEMO_USER"] = "ana"
            settings["HOLDFAST_CALDAV_DEMO_PASSWORD_FILE"] = str(self.data / "keys" / "calendar-ana")
        for vendor, url in self.simulated.items():
            name = f"HOLDFAST_{vendor.upper()}"
            settings[f"{name}_SIMULATOR"] = url
            settings[f"{name}_CLIENT_ID"] = CLIENT_ID
            settings[f"{name}_CLIENT_SECRET"] = CLIENT_SECRET
        own = [url.split("/")[2] for url in (self.calendar_url, *self.simulated.values()) if url]
        if own:
            given = os.environ.get("HOLDFAST_HTTP_ALLOW", "")
            settings["HOLDFAST_HTTP_ALLOW"] = ",".join(part for part in [given, *own] if part)
        return settings

    @property
    def self_host(self) -> str:
        """The address at which this machine reaches its own web process."""
        return "127.0.0.1" if self.host in ("", "0.0.0.0") else self.host  # noqa: S104  compared, not bound


def write_run_file(installation: Installation, children: Mapping[str, int]) -> None:
    """Say in `<data>/run.json` (0600, for it holds addresses with passwords) what runs where."""
    content = {
        "pid": os.getpid(),
        "children": dict(children),
        "host": installation.host,
        "port": installation.port,
        "database_url": installation.database_url,
        "owner_database_url": installation.owner_database_url,
        "superuser_database_url": installation.superuser_database_url,
        "broker_url": installation.broker_url,
        "smtp_url": installation.smtp_url,
        "calendar_url": installation.calendar_url,
        "simulated": dict(installation.simulated),
    }
    fresh = installation.data / "run.json.new"
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file, indent=2)
    fresh.replace(installation.data / "run.json")


def read_run_file(data: Path) -> Installation | None:
    """Return the installation that says it runs in this folder, or None."""
    try:
        content = json.loads((data / "run.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    names = Installation.__dataclass_fields__.keys() - {"data"}
    return Installation(data=data, **{name: content[name] for name in names if name in content})


def _processes() -> int:
    """Return how many processes keep database sessions: of the web, and the worker."""
    said = os.environ.get("HOLDFAST_WEB_WORKERS", "")
    return 1 + (max(1, int(said)) if said.isdecimal() else 2)  # what is no number, the process itself refuses


def _unless_set(name: str, value: str) -> dict[str, str]:
    return {} if name in os.environ else {name: value}


def _secret(name: str, data: Path, key: str, fresh: str) -> dict[str, str]:
    if name in os.environ or f"{name}_FILE" in os.environ:
        return {}
    return {f"{name}_FILE": str(secret_file(data, key, value=fresh))}


def _fresh_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
