"""What can go wrong at a provider, and a switch that lets it go wrong exactly when a step of a saga asks it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.simulators import smtp
from tests.simulators.caldav_proxy import Passed, Proxy
from tests.simulators.http import Answer, Seen, Site
from tests.simulators.vendor import Reply, Request, Simulator

SLOW_SECONDS = 1.4  # longer than the matrix lets anybody wait (patience.py)
FAULTS = {
    "slow": "it does what it is asked, and answers after we gave up",
    "silent": "the connection ends before anything was done",
    "answer lost": "it does what it is asked, and the connection ends before its answer",
    "fails": "503, or SMTP’s 451",
    "too often": "429 with Retry-After, or SMTP’s 450",
    "rubbish": "an answer that is none: a page of HTML, bytes that are no HTTP, a reply without a code",
    "forbidden": "403, or SMTP’s 550",
    "revoked": "our access ended: tokens, passwords and secrets are refused, a webhook is gone (410, 404)",
}
ONLY_LASTING = ("revoked", "forbidden")  # nobody is forbidden something for one request
NEEDS_A_PERSON = ("revoked",)
RUBBISH = "<html><h1>Welcome to nginx</h1></html>"


@dataclass
class Switch:
    """Lets a fault be in force from the moment when `step` ("new_booking:verify_link") first asks the provider after
    `arm`: for one request, or until `end`, whoever asks then. `met` counts the requests that met it."""

    step: str
    fault: str
    lasts: bool
    when_it_begins: Callable[[], None] = lambda: None
    met: int = 0
    _is_armed: bool = False
    _is_begun: bool = False
    _is_over: bool = False
    _is_inside: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self) -> None:
        """From now on the step counts: what had to stand before stands."""
        self._is_armed = True

    def reached(self, point: str) -> None:
        """Stand where `kernel.crashpoints` has its points: at a step's begin and end."""
        step, _, where = point.rpartition(":")
        if step != self.step or not self._is_armed:
            return
        self._is_inside = where != "after"
        if where == "before" and not self._is_begun:
            self._is_begun = True
            self.when_it_begins()

    def strikes(self) -> bool:
        """Say whether the request that came meets the fault, and count it."""
        with self._lock:
            begins = not self.met and self._is_inside
            if self._is_over or not (begins or (self.met and self.lasts)):
                return False
            self.met += 1
            return True

    def end(self) -> None:
        """Let the provider be well again."""
        self._is_over = True


def trouble_vendor(simulator: Simulator, switch: Switch, *, forbidden: Reply) -> None:
    """Let a vendor's simulator meet the fault; one that is revoked refuses by itself."""
    real = simulator.answer

    def answer(request: Request) -> Reply | None:
        if not switch.strikes():
            return real(request)
        match switch.fault:
            case "slow":
                _wait()
            case "silent":
                return None
            case "answer lost":
                real(request)
                return None
            case "fails":
                return Reply(status=503)
            case "too often":
                return Reply(status=429, headers={"Retry-After": "1"})
            case "rubbish":
                return Reply(body=RUBBISH)
            case "forbidden":
                return forbidden
        return real(request)

    simulator.answer = answer  # type: ignore[method-assign]  # this one only


def trouble_site(
    site: Site, switch: Switch, *, revoked: Answer | None, rubbish: Answer | None = None
) -> None:
    """Let a server of tests.simulators.http meet the fault; `revoked` None: it refuses by itself."""
    real = site.answer

    def answer(seen: Seen) -> Answer:
        if not switch.strikes():
            return real(seen)
        match switch.fault:
            case "slow":
                _wait()
            case "silent":
                return Answer(raw=b"")
            case "answer lost":
                real(seen)
                return Answer(raw=b"")
            case "fails":
                return Answer(status=503)
            case "too often":
                return Answer(status=429, headers={"Retry-After": "1"})
            case "rubbish":
                return rubbish or Answer(body=RUBBISH.encode())
            case "forbidden":
                return Answer(status=403)
            case "revoked" if revoked:
                return revoked
        return real(seen)

    site.answer = answer


def trouble_proxy(proxy: Proxy, switch: Switch) -> None:
    """Let a CalDAV server meet the fault: what it is to do is passed on, the rest never reaches it."""
    done = switch.fault in ("slow", "answer lost")
    answers = {
        "fails": Passed(503, {}, b""),
        "too often": Passed(429, {"Retry-After": "1"}, b""),
        "rubbish": Passed(200, {"Content-Type": "text/html"}, RUBBISH.encode()),
        "forbidden": Passed(403, {}, b""),
        "revoked": Passed(401, {"WWW-Authenticate": 'Basic realm="calendars"'}, b""),
    }
    struck = threading.local()

    def refuses(method: str, path: str) -> bool:
        struck.now = switch.strikes()
        return bool(struck.now) and not done

    def fault(method: str, path: str, answer: Passed) -> Passed | None:
        if not struck.now:
            return answer
        if switch.fault == "slow":
            _wait()
            return answer
        return answers.get(switch.fault)

    proxy.refuses, proxy.fault = refuses, fault


def trouble_mail(sink: smtp.MailSink, switch: Switch) -> None:
    """Let the mail server meet the fault, one conversation at a time."""
    faults: dict[str, smtp.Fault] = {
        "slow": "slow at data",
        "silent": "drops at recipient",
        "answer lost": "accepts, then drops",
        "fails": "451 at data",
        "too often": "450 at recipient",
        "rubbish": "rubbish at recipient",
        "forbidden": "550 at recipient",
    }
    sink.slow_seconds = SLOW_SECONDS
    sink.next_fault = lambda: faults[switch.fault] if switch.strikes() else "none"


def _wait() -> None:
    threading.Event().wait(SLOW_SECONDS)
