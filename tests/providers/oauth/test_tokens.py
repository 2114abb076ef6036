"""Tokens: sealed, renewed by one worker at a time, rotated without loss, ended when the grant is."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from booking.api import Host
from kernel.clock import now
from kernel.tenancy import entered
from providers.models import CalendarConnection, OAuthAccount
from providers.oauth.token_endpoint import NetworkInsideTransaction, WrongSetting
from providers.oauth.tokens import access_token, expiring_accounts, fresh_token, refresh_token_of
from providers.protocols import RateLimited, Unauthorised, Unreachable
from tests.database import World
from tests.providers.conftest import connect_google
from tests.simulators.google import GoogleSimulator
from tests.simulators.vendor import Reply

ANA = "ana@gmail.example"


def connected(google: GoogleSimulator) -> OAuthAccount:
    kept = connect_google(google, Host.objects.get(slug="ana").pk)
    account = kept.account
    assert account is not None
    return account


def make_old(account: OAuthAccount) -> None:
    OAuthAccount.objects.filter(pk=account.pk).update(access_expires_at=now() + timedelta(seconds=30))


def test_a_good_token_asks_nobody(world: World, google: GoogleSimulator) -> None:
    with world.enter("acme"):
        account = connected(google)
        assert fresh_token(account.pk).value == access_token(account).current()
    assert google.asked("POST /token") == 1


@pytest.mark.parametrize("rotates", [False, True])
def test_of_eight_workers_at_once_one_renews_and_all_use_it(
    rotates: bool, world: World, google: GoogleSimulator
) -> None:
    google.consent.rotates = rotates
    with world.enter("acme"):
        account = connected(google)
        make_old(account)
    google.fail("POST /token", slow=0.3)
    together = Barrier(8)

    def work() -> str:
        with entered(world.acme):
            together.wait()
            try:
                return fresh_token(account.pk).value
            finally:
                connection.close()

    with ThreadPoolExecutor(8) as pool:
        values = {future.result() for future in [pool.submit(work) for _ in range(8)]}
    assert len(values) == 1
    assert google.asked("POST /token") == 2
    with world.enter("acme"):
        kept = OAuthAccount.objects.get(pk=account.pk)
        assert (kept.version, kept.renewing_until) == (2, None)
        make_old(account)
        assert fresh_token(account.pk).version == 3  # the rotated token was kept, and is good


def test_a_worker_that_died_while_renewing_holds_nobody_up_for_long(
    world: World, google: GoogleSimulator
) -> None:
    with world.enter("acme"):
        account = connected(google)
        make_old(account)
        OAuthAccount.objects.filter(pk=account.pk).update(renewing_until=now() + timedelta(seconds=0.2))
        assert fresh_token(account.pk).version == 2


def test_a_late_renewal_does_not_overwrite_a_newer_one(world: World, google: GoogleSimulator) -> None:
    from providers.oauth import tokens

    with world.enter("acme"):
        account = connected(google)
        make_old(account)
        stale = OAuthAccount.objects.get(pk=account.pk)
        newer = fresh_token(account.pk).value
        tokens._renew(stale)
        assert access_token(OAuthAccount.objects.get(pk=account.pk)).value == newer


def test_an_ended_grant_is_kept_as_ended_and_not_asked_again(world: World, google: GoogleSimulator) -> None:
    with world.enter("acme"):
        account = connected(google)
        make_old(account)
        google.consent.end(ANA)
        for _ in range(2):
            with pytest.raises(Unauthorised, match="connect the account again"):
                fresh_token(account.pk)
        assert google.asked("POST /token") == 2


def test_a_vendor_that_is_down_ends_nothing(world: World, google: GoogleSimulator) -> None:
    with world.enter("acme"):
        account = connected(google)
        make_old(account)
        google.fail("POST /token", reply=Reply(status=500), times=3)
        with pytest.raises(Unreachable):
            fresh_token(account.pk)
        assert fresh_token(account.pk).version == 2


def test_a_vendor_that_asks_for_patience_gets_it(world: World, google: GoogleSimulator) -> None:
    with world.enter("acme"):
        account = connected(google)
        make_old(account)
        google.fail("POST /token", reply=Reply(status=429, headers={"Retry-After": "30"}))
        with pytest.raises(RateLimited) as caught:
            fresh_token(account.pk)
        assert caught.value.retry_after == 30.0
        assert google.asked("POST /token") == 2


def test_another_client_id_means_connecting_again(
    world: World, google: GoogleSimulator, settings: Settings
) -> None:
    with world.enter("acme"):
        account = connected(google)
        make_old(account)
        settings.HOLDFAST_GOOGLE_CLIENT_ID = "another"
        with pytest.raises(Unauthorised, match="client id for Google was changed"):
            fresh_token(account.pk)


def test_a_wrong_secret_names_the_setting_and_ends_nothing(
    world: World, google: GoogleSimulator, settings: Settings
) -> None:
    with world.enter("acme"):
        account = connected(google)
        make_old(account)
        settings.HOLDFAST_GOOGLE_CLIENT_SECRET = "wrong"
        with pytest.raises(WrongSetting) as caught:
            fresh_token(account.pk)
        assert caught.value.setting == "client_secret"
        settings.HOLDFAST_GOOGLE_CLIENT_SECRET = "simulated-secret"
        assert fresh_token(account.pk).version == 2


def test_no_token_is_renewed_inside_a_transaction(world: World, google: GoogleSimulator) -> None:
    with world.enter("acme"):
        account = connected(google)
        make_old(account)
        with transaction.atomic(), pytest.raises(NetworkInsideTransaction):
            fresh_token(account.pk)


def test_a_sealed_token_opens_in_its_own_row_only(world: World, google: GoogleSimulator) -> None:
    with world.enter("acme"):
        account = connected(google)
        blob = bytes(account.sealed_refresh_token)
        account.sealed_access_token = blob
        with pytest.raises(Unauthorised):
            access_token(account)
        account.host_id += 1
        with pytest.raises(Unauthorised):
            refresh_token_of(account)
    with world.enter("northwind"):
        account.host_id -= 1
        with pytest.raises(Unauthorised):
            refresh_token_of(account)


def test_the_clock_finds_what_ends_soon(world: World, google: GoogleSimulator) -> None:
    with world.enter("acme"):
        account = connected(google)
        assert expiring_accounts(within=timedelta(minutes=10)) == []
        make_old(account)
        assert expiring_accounts(within=timedelta(minutes=10)) == [account.pk]


def test_connecting_again_renews_and_keeps_what_was_chosen(world: World, google: GoogleSimulator) -> None:
    with world.enter("acme"):
        first = connected(google)
        again = connected(google)
        assert (again.pk, again.version, CalendarConnection.objects.count()) == (first.pk, 2, 1)
