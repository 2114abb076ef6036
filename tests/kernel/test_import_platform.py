"""platform/ is an import root and not a package: the standard library's platform stays what it is."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_import_platform_from_the_root_is_the_standard_librarys() -> None:
    code = "import platform; print(platform.system(), platform.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    system, file = done.stdout.split()
    assert (done.returncode, system, Path(file).name) == (0, "Linux", "platform.py")


def test_the_import_root_holds_packages_and_nothing_else() -> None:
    found = {each.name for each in (ROOT / "platform").iterdir() if each.name != "__pycache__"}
    assert {name for name in found if name.endswith(".py")} == set()
    assert all((ROOT / "platform" / name / "__init__.py").exists() for name in found)


def test_a_test_never_stands_under_tests_platform() -> None:
    assert not (ROOT / "tests" / "platform").exists()
