"""The environment is read loudly: what is missing or cannot be used is named."""

from pathlib import Path

import pytest

from kernel import env
from kernel.errors import Misconfigured


def test_a_missing_text_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_X", raising=False)
    with pytest.raises(Misconfigured) as refused:
        env.text("HF_X")
    assert refused.value.message == "HF_X is not set. Set it in the environment, or start with bin/run."
    assert (env.text("HF_X", "d"), env.integer("HF_X", 7), env.words("HF_X")) == ("d", 7, ())


def test_whole_numbers_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_X", "12")
    assert env.integer("HF_X", 7) == 12
    monkeypatch.setenv("HF_X", "1.5")
    with pytest.raises(Misconfigured) as refused:
        env.integer("HF_X", 7)
    assert refused.value.message == "HF_X must be a whole number, not '1.5'."


@pytest.mark.parametrize(
    ("written", "meant"),
    [("on", True), (" YES ", True), ("true", True), ("1", True), ("off", False), ("No", False), ("", False)],
)
def test_a_flag_is_yes_or_no(monkeypatch: pytest.MonkeyPatch, written: str, meant: bool) -> None:
    monkeypatch.setenv("HF_X", written)
    assert env.flag("HF_X", default=not meant) is meant


def test_a_flag_that_is_neither_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_X", "maybe")
    with pytest.raises(Misconfigured) as refused:
        env.flag("HF_X", default=True)
    assert refused.value.message == "HF_X must be on or off, not 'maybe'."


def test_words_are_split_and_stripped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_X", " a:1, ,b:2 ")
    assert env.words("HF_X") == ("a:1", "b:2")


def test_a_secret_comes_from_its_file_unless_it_is_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv("HF_X_FILE", str(tmp_path / "secret"))
    monkeypatch.delenv("HF_X", raising=False)
    assert env.secret("HF_X") == "from the file"
    monkeypatch.setenv("HF_X", "from the variable")
    assert env.secret("HF_X") == "from the variable"


def test_a_secret_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_X_FILE", str(tmp_path / "gone"))
    with pytest.raises(Misconfigured, match=r"HF_X_FILE names .*gone, which cannot be read"):
        env.secret("HF_X", "a default does not help")
