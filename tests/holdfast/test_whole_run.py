"""bin/run as a stranger starts it: ready, served, killed, started again, stopped."""

import http.client
import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import httpx
import pytest

from holdfast.embedded.ports import free_port, is_listening
from tests.holdfast.conftest import ROOT
from tests.holdfast.eventually import eventually, is_alive, processes_naming
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow
CHILDREN = ["broker", "calendar", "clock", "database", "mail", "relay", "web", "worker"]
Start = Callable[..., tuple[subprocess.Popen[str], list[str]]]


@pytest.fixture
def start(data: Path) -> Iterator[Start]:
    """Start bin/run on a data folder and read what it says up to `ready` or its end."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: object) -> tuple[subprocess.Popen[str], list[str]]:
        kept = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        process = subprocess.Popen(
            [ROOT / "bin" / "run", "--data", data, *map(str, arguments)],
            env=kept, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip())
            if line.startswith("ready "):
                break
        return process, lines

    yield begin
    for process in started:
        process.terminate()
        process.wait(60 * PATIENCE)
        if process.stdout:
            process.stdout.close()


def get(port: int, path: str, host: str) -> int:
    """GET a page of a host by way of loopback; returns the status, 0 without an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20 * PATIENCE)
    try:
        connection.request("GET", path, headers={"Host": f"{host}:{port}"})
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def children(data: Path) -> dict[str, int]:
    found: dict[str, int] = json.loads((data / "run.json").read_text())["children"]
    return found


def environment_of(pid: int) -> dict[str, str]:
    words = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(word.split("=", 1) for word in words if "=" in word)


def test_demo_is_served_survives_deaths_and_stops_clean(data: Path, start: Start) -> None:
    port = free_port()
    process, lines = start("--port", port)
    assert lines[-1] == f"ready http://acme.localhost:{port}/", lines
    assert sum(line.split()[:1] == ["acme.localhost"] for line in lines) == 2  # its two sign-ins
    assert [
        get(port, "/", host) for host in ("acme.localhost", "northwind.localhost", "unknown.localhost")
    ] == [
        200,
        200,
        404,
    ]
    first = children(data)
    assert sorted(first) == CHILDREN
    for name in ("web", "worker", "relay", "clock"):
        environment = environment_of(first[name])
        assert ("OWNER_DATABASE_URL" in environment) == (name == "clock"), name
        assert "//holdfast_app:" in environment["DATABASE_URL"]

    for name in ("web", "worker", "broker", "database"):
        os.kill(first[name], signal.SIGKILL)
    assert eventually(
        lambda: set(children(data).values()).isdisjoint(first[n] for n in ("web", "database")), seconds=60
    )
    assert eventually(lambda: get(port, "/", "acme.localhost") == 200, seconds=60)
    assert sorted(children(data)) == CHILDREN

    alive = list(children(data).values())
    process.kill()
    assert eventually(lambda: not any(is_alive(pid) for pid in alive), seconds=10)
    assert eventually(lambda: processes_naming(str(data)) == [] and not is_listening(port), seconds=5)

    again, lines = start("--port", port)
    assert lines[-1] == f"ready http://acme.localhost:{port}/", lines
    assert "Migrating the database" not in lines
    alive = list(children(data).values())
    again.terminate()
    assert again.wait(60 * PATIENCE) == 0
    assert [is_alive(pid) for pid in alive] == [False] * len(alive)
    assert not (data / "run.json").exists()


def test_empty_has_no_tenants_and_no_demo(data: Path, start: Start) -> None:
    port = free_port()
    process, lines = start("--port", port, "--empty")
    assert lines[-1] == f"ready http://localhost:{port}/", lines
    assert f"    bin/holdfast found --domain HOST --name NAME --email ADDRESS --data {data}" in lines
    assert sorted(children(data)) == [name for name in CHILDREN if name != "calendar"]
    assert get(port, "/", "acme.localhost") == 404
    assert not (data / "demo.json").exists()
    process.send_signal(signal.SIGINT)
    assert process.wait(60 * PATIENCE) == 0
    assert processes_naming(str(data)) == []


class Browser:
    """Somebody at a host, by way of loopback, with cookies."""

    def __init__(self, port: int, host: str) -> None:
        self.root = f"http://{host}:{port}"
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Host": f"{host}:{port}"}, timeout=120 * PATIENCE
        )

    def get(self, link: str) -> httpx.Response:
        return self.client.get(link.removeprefix(self.root))

    def send(self, link: str, **fields: str) -> tuple[int, str]:
        """Fill in the form of a page; return the status, and where it leads."""
        found = re.search('name="csrfmiddlewaretoken" value="(.+?)"', self.get(link).text)
        assert found is not None
        fields["csrfmiddlewaretoken"] = found[1]
        answer = self.client.post(link.removeprefix(self.root), data=fields)
        return answer.status_code, answer.headers.get("Location", "")


def test_an_empty_installation_is_founded_and_onboards_a_business_below_its_domain(
    data: Path, start: Start
) -> None:
    port, host, password = free_port(), "book.example.com", "correct horse battery"
    process, _ = start("--port", port, "--empty")
    said = ["--domain", host, "--name", "Example", "--email", "sam@example.com", "--data", str(data)]
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    done = subprocess.run(
        [ROOT / "bin" / "holdfast", "found", *said], env=kept, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    sam = Browser(port, host)
    stands, invited, link = done.stdout.splitlines()
    assert stands == f"Example stands at {sam.root}/"
    assert invited == "sam@example.com is invited as an owner, by mail."
    link = link.partition(": ")[2]
    (letter,) = (data / "mail").glob("*.eml")
    assert (
        f"{sam.root}/accounts/invitation/"
        in message_from_bytes(letter.read_bytes(), policy=default).get_content()
    )
    assert sam.send(link, password1=password, password2=password) == (303, "/accounts/login/")
    assert sam.send("/accounts/login/", login="sam@example.com", password=password) == (302, "/")
    asked = sam.send(
        "/businesses/new/", name="Harbour Dental", slug="harbour", mode="client_facing", time_zone="UTC",
        administrator="Dora Mar", email="dora@harbour.example",
    )  # fmt: skip
    assert asked == (303, "/onboarding/1/")
    assert eventually(lambda: "Harbour Dental is open" in sam.get("/onboarding/1/").text, seconds=240)
    harbour = Browser(port, f"harbour.{host}")
    assert (harbour.get("/").status_code, get(port, "/", "harbour.localhost")) == (200, 404)
    process.terminate()
    assert process.wait(60 * PATIENCE) == 0
    _, lines = start("--port", port, "--empty")
    assert lines[-1] == f"ready {sam.root}/", lines
    assert f"  Staff console  {sam.root}/" in lines
