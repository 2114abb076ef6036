"""The installation's mail server: its address from a file, and one way to read it for both who send."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.cli.services import _named_mail_server
from holdfast.embedded.refusal import StartRefused
from providers.mail.servers import mail_server

URLS = [
    "smtp://mail.example",
    "smtp+starttls://sam:pass%21@mail.example",
    "smtps://sam:pass%21@mail.example",
    "smtp+starttls://sam:pass%21@mail.example:2587",
]
PROGRAM = """
import importlib, os, pathlib, sys
from holdfast import settings as read
for url in sys.argv[1:]:
    pathlib.Path(os.environ["HOLDFAST_SMTP_URL_FILE"]).write_text(url + "\\n")
    importlib.reload(read)
    print(read.HOLDFAST_SMTP_URL, read.EMAIL_HOST, read.EMAIL_PORT, read.EMAIL_HOST_USER, read.EMAIL_HOST_PASSWORD,
          read.EMAIL_USE_TLS, read.EMAIL_USE_SSL, sep="|")
"""


def test_invitations_leave_by_the_same_server_port_and_encryption_as_all_other_mail(tmp_path: Path) -> None:
    file = tmp_path / "smtp-url"
    file.write_text(URLS[0])
    kept = {name: value for name, value in os.environ.items() if name != "HOLDFAST_SMTP_URL"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, *URLS], env={**kept, "HOLDFAST_SMTP_URL_FILE": str(file)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    servers = [(url, mail_server(url)) for url in URLS]
    assert done.stdout.splitlines() == [
        f"{url}|{it.host}|{it.port}|{it.username}|{it.password}|{it.scheme == 'smtp+starttls'}|{it.scheme == 'smtps'}"
        for url, it in servers
    ]
    assert [it.port for _, it in servers] == [25, 587, 465, 2587]


def test_a_mail_server_that_a_file_names_wins_over_the_embedded_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HOLDFAST_SMTP_URL", raising=False)
    assert _named_mail_server() == ""
    (tmp_path / "smtp-url").write_text(f"{URLS[1]}\n")
    monkeypatch.setenv("HOLDFAST_SMTP_URL_FILE", str(tmp_path / "smtp-url"))
    assert _named_mail_server() == URLS[1]
    (tmp_path / "smtp-url").write_text("\n")
    with pytest.raises(StartRefused, match=r"^The file that HOLDFAST_SMTP_URL_FILE names is empty"):
        _named_mail_server()
    monkeypatch.setenv("HOLDFAST_SMTP_URL_FILE", str(tmp_path / "gone"))
    with pytest.raises(StartRefused, match=r"^HOLDFAST_SMTP_URL_FILE names .*gone, which cannot be read: "):
        _named_mail_server()
