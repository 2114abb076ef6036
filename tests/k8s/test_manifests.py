"""A manifest that Kubernetes would refuse, or that names something that is not there, is red here.

Held against the schemas that Kubernetes publishes with each release, in their strict form (no unknown field);
they come with the package kubernetes-validate, so no network is needed.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

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
    backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
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


def test_every_setting_of_the_cluster_is_one_that_the_code_reads() -> None:
    code = "\n".join(path.read_text() for path in (K8S.parent / "platform").rglob("*.py"))
    lines = (K8S / "base" / "holdfast.env").read_text().splitlines()
    for name in [line.split("=")[0] for line in lines if line]:
        assert f'"{name.removesuffix("_FILE")}"' in code, name


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
