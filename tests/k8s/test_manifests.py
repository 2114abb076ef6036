"""A manifest that Kubernetes would refuse, or that names something that is not there, is red here.

Held against the schemas that Kubernetes publishes with each release, in their strict form (no unknown field);
they come with the package kubernetes-validate, so no network is needed.
"""

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.core.management import load_command_class
from pytest_django.fixtures import Settings

from audit.ledger import checkpoint_key
from providers.mail.servers import mail_server
from tests.k8s.rendering import Manifest, NotRendered, containers, read, render

K8S = Path(__file__).resolve().parents[2] / "k8s"
VERSIONS = ("1.29", "1.33", "1.37")
PROCESSES = ["clock", "migrate", "relay", "web", "worker"]


def of_kind(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    return [each for each in manifests if each["kind"] in kinds]


def pods(manifests: list[Manifest]) -> list[Manifest]:
    """Return the pod templates."""
    return [each["spec"]["template"] for each in of_kind(manifests, "Deployment", "Job")]


def selected(selector: Manifest, manifests: list[Manifest]) -> list[str]:
    """Return the components of the pods that a selector chooses."""
    labels = [pod["metadata"]["labels"] for pod in pods(manifests)]
    chosen = [each for each in labels if selector.items() <= each.items()]
    return sorted(each["app.kubernetes.io/component"] for each in chosen)


@pytest.fixture(scope="module")
def rendered() -> list[Manifest]:
    return render(K8S / "base")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_keeps_the_published_schema(rendered: list[Manifest], version: str) -> None:
    for manifest in [*rendered, *read(K8S / "secrets.example.yaml")]:
        kubernetes_validate.validate(manifest, version, strict=True)


def test_every_file_of_the_base_is_applied() -> None:
    kustomization = yaml.safe_load((K8S / "base" / "kustomization.yaml").read_text())
    named = {*kustomization["resources"], "kustomization.yaml"}
    assert {path.name for path in (K8S / "base").glob("*.yaml")} == named


def test_the_four_processes_and_the_migration_run_and_nothing_runs_as_root(rendered: list[Manifest]) -> None:
    found = [pod["metadata"]["labels"]["app.kubernetes.io/component"] for pod in pods(rendered)]
    assert sorted(found) == PROCESSES
    for pod in pods(rendered):
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        assert pod["spec"]["automountServiceAccountToken"] is False
    for container in [each for manifest in rendered for each in containers(manifest)]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["image"] == "registry.example.com/holdfast:0.1.0"
        assert set(container["resources"]) == {"requests", "limits"}


def test_selectors_budgets_and_policies_choose_the_pods_that_they_mean(rendered: list[Manifest]) -> None:
    for deployment in of_kind(rendered, "Deployment"):
        component = deployment["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"]
        assert deployment["metadata"]["name"] == f"holdfast-{component}"
        assert selected(deployment["spec"]["selector"]["matchLabels"], rendered) == [component]
    budgets = {
        each["metadata"]["name"]: selected(each["spec"]["selector"]["matchLabels"], rendered)
        for each in of_kind(rendered, "PodDisruptionBudget")
    }
    assert budgets == {
        "holdfast-relay": ["relay"],
        "holdfast-web": ["web"],
        "holdfast-worker": ["worker"],
    }
    (service,) = of_kind(rendered, "Service")
    assert selected(service["spec"]["selector"], rendered) == ["web"]
    (web,) = [
        pod for pod in pods(rendered) if pod["metadata"]["labels"]["app.kubernetes.io/component"] == "web"
    ]
    assert service["spec"]["ports"][0]["targetPort"] in [
        port["name"] for port in web["spec"]["containers"][0]["ports"]
    ]
    (ingress,) = of_kind(rendered, "Ingress")
    for rule in ingress["spec"]["rules"]:
        backend = rule["http"]["paths"][0]["backend"]["service"]
        assert (backend["name"], backend["port"]["name"]) == (
            service["metadata"]["name"],
            service["spec"]["ports"][0]["name"],
        )
    closed = {each["metadata"]["name"]: each["spec"] for each in of_kind(rendered, "NetworkPolicy")}
    assert selected(closed["holdfast-closed"]["podSelector"]["matchLabels"], rendered) == PROCESSES
    assert closed["holdfast-closed"]["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in closed["holdfast-closed"]
    assert selected(closed["holdfast-web"]["podSelector"]["matchLabels"], rendered) == ["web"]


def test_what_a_container_refers_to_exists_and_the_owner_is_known_to_two_only(
    rendered: list[Manifest],
) -> None:
    secrets = {
        each["metadata"]["name"]: set(each["stringData"]) for each in read(K8S / "secrets.example.yaml")
    }
    configs = {each["metadata"]["name"] for each in of_kind(rendered, "ConfigMap")}
    claims = {each["metadata"]["name"] for each in of_kind(rendered, "PersistentVolumeClaim")}
    owners = []
    for pod in pods(rendered):
        (container,) = pod["spec"]["containers"]
        volumes = {each["name"]: each for each in pod["spec"]["volumes"]}
        assert {each["name"] for each in container["volumeMounts"]} == set(volumes)
        for volume in volumes.values():
            assert volume.get("secret", {}).get("secretName", "holdfast-keys") in secrets
            assert volume.get("persistentVolumeClaim", {}).get("claimName", "holdfast-data") in claims
        for source in container["envFrom"]:
            assert source.get("configMapRef", source.get("secretRef"))["name"] in configs | set(secrets)
        for variable in container.get("env", []):
            reference = variable["valueFrom"]["secretKeyRef"]
            assert reference["key"] in secrets[reference["name"]]
            if reference["name"] == "holdfast-owner":
                owners.append(pod["metadata"]["labels"]["app.kubernetes.io/component"])
    assert sorted(owners) == ["clock", "migrate"]


def mounted(pod: Manifest, path: str) -> tuple[str, bool] | None:
    """Return the claim that a pod's container sees at a path, and whether it may write there; None for no claim.

    As the kernel does it, the longest mount point above a path decides.
    """
    (container,) = pod["spec"]["containers"]
    above = [each for each in container["volumeMounts"] if PurePath(path).is_relative_to(each["mountPath"])]
    if not above:
        return None
    mount = max(above, key=lambda each: len(PurePath(each["mountPath"]).parts))
    (volume,) = [each for each in pod["spec"]["volumes"] if each["name"] == mount["name"]]
    if (claim := volume.get("persistentVolumeClaim")) is None:
        return None
    return claim["claimName"], not mount.get("readOnly", False)


def test_checkpoints_are_read_where_they_are_needed_and_their_private_key_is_the_clocks_alone(
    rendered: list[Manifest], settings: Settings
) -> None:
    """Three processes see what the code looks for; nobody but the clock could sign a checkpoint."""
    (config,) = of_kind(rendered, "ConfigMap")
    said = config["data"]
    for name in ("HOLDFAST_DATA", "HOLDFAST_CHECKPOINTS", "HOLDFAST_CHECKPOINT_PUBLIC_KEY"):
        setattr(settings, name, said.get(name, ""))
    notes = settings.HOLDFAST_CHECKPOINTS or f"{settings.HOLDFAST_DATA}/checkpoints"
    seen = {
        what: {
            pod["metadata"]["labels"]["app.kubernetes.io/component"]: at
            for pod in pods(rendered)
            if (at := mounted(pod, path)) is not None
        }
        for what, path in {
            "notes": str(notes),
            "public": str(checkpoint_key._public_file()),
            "private": str(checkpoint_key._private_file()),
        }.items()
    }
    shared = {
        "clock": ("holdfast-checkpoints", True),
        "web": ("holdfast-checkpoints", False),
        "worker": ("holdfast-checkpoints", False),
    }
    assert seen == {"notes": shared, "public": shared, "private": {"clock": ("holdfast-data", True)}}
    claims = {
        each["metadata"]["name"]: each["spec"]["accessModes"]
        for each in of_kind(rendered, "PersistentVolumeClaim")
    }
    assert claims == {"holdfast-data": ["ReadWriteOnce"], "holdfast-checkpoints": ["ReadWriteMany"]}


def test_every_setting_of_the_cluster_is_one_that_the_code_reads() -> None:
    code = "\n".join(path.read_text() for path in (K8S.parent / "platform").rglob("*.py"))
    lines = (K8S / "base" / "holdfast.env").read_text().splitlines()
    secrets = {
        name: each["stringData"]
        for each in read(K8S / "secrets.example.yaml")
        for name in [each["metadata"]["name"]]
    }
    given = [*secrets["holdfast-connections"], *secrets["holdfast-owner"]]
    for name in [*(line.split("=")[0] for line in lines if line), *given]:
        assert f'"{name.removesuffix("_FILE")}"' in code, name


def test_mail_and_its_password_leave_the_cluster_encrypted() -> None:
    assert "SMTP" not in (K8S / "base" / "holdfast.env").read_text(), "an address with a password is a secret"
    (connections,) = [
        each["stringData"]
        for each in read(K8S / "secrets.example.yaml")
        if each["metadata"]["name"] == "holdfast-connections"
    ]
    server = mail_server(connections["HOLDFAST_SMTP_URL"])
    assert (server.scheme, server.port, server.username) == ("smtp+starttls", 587, "USER")


def test_the_steps_found_a_platform_whose_host_and_businesses_the_ingress_lets_in(
    rendered: list[Manifest],
) -> None:
    (step,) = re.findall(
        r"^kubectl .*exec deploy/(\S+) -- (.+)$", (K8S / "README.md").read_text(), re.MULTILINE
    )
    deployment, command = step
    (pod,) = [each for each in of_kind(rendered, "Deployment") if each["metadata"]["name"] == deployment]
    environment = pod["spec"]["template"]["spec"]["containers"][0]["env"]
    assert [each["name"] for each in environment] == ["OWNER_DATABASE_URL"], (
        "making tenants needs the owner's role"
    )
    python, manage, name, *arguments = shlex.split(command)
    assert (python, manage) == ("python", "manage.py")
    parsed = load_command_class("holdfast", name).create_parser("manage.py", name).parse_args(arguments)
    (ingress,) = of_kind(rendered, "Ingress")
    hosts = [parsed.domain, f"*.{parsed.domain}"]
    assert [rule["host"] for rule in ingress["spec"]["rules"]] == hosts
    assert ingress["spec"]["tls"][0]["hosts"] == hosts


def validate_all(base: Path) -> None:
    for manifest in render(base):
        kubernetes_validate.validate(manifest, VERSIONS[-1], strict=True)


BREAKS: dict[str, Callable[[str], str]] = {
    "a field that does not exist": lambda text: text.replace("replicas: 2", "replica: 2"),
    "text for a number": lambda text: text.replace("replicas: 2", 'replicas: "two"'),
    "a version that is not served": lambda text: text.replace("apps/v1", "apps/v1beta1"),
    "no selector": lambda text: text.replace(
        "  selector:\n    matchLabels", "  selectors:\n    matchLabels", 1
    ),
    "a volume list that the patch needs": lambda text: text.replace("      volumes:", "      volume:"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_manifest_is_refused(tmp_path: Path, name: str) -> None:
    shutil.copytree(K8S / "base", tmp_path / "base")
    web = tmp_path / "base" / "web.yaml"
    broken = BREAKS[name](web.read_text())
    assert broken != web.read_text()
    web.write_text(broken)
    refusals: Any = (
        kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError, NotRendered, KeyError,
    )  # fmt: skip
    with pytest.raises(refusals):
        validate_all(tmp_path / "base")


def test_the_image_holds_every_package_and_ends_as_an_ordinary_user() -> None:
    import tomllib

    text = (K8S / "Dockerfile").read_text()
    lines = [line.split() for line in text.replace("\\\n", " ").splitlines() if line and line[0] != "#"]
    copied = {source for words in lines if words[0] == "COPY" for source in words[1:-1]}
    root = K8S.parent
    assert all((root / source).exists() for source in copied if not source.startswith(("-", "/")))
    packages = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]
    assert {Path(each).parts[0] for each in packages["wheel"]["packages"]} <= copied
    assert [words[1] for words in lines if words[0] == "USER"] == ["10001:10001"]
    pinned = (root / "bin" / "environment.sh").read_text().split("UV_PIN=")[1].split()[0]
    assert f"uv=={pinned}" in text
