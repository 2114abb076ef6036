"""What `kubectl apply -k` would send, made from the base offline: the part of Kustomize that the base uses.

Namespace, labels into selectors and templates, a config map from an env file with the content's hash in its
name, image names, JSON patches of kind "add" at targets by kind. Anything else in kustomization.yaml raises.
Source: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/
"""

import copy
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]
_KNOWN = {"apiVersion", "kind", "namespace", "labels", "resources", "configMapGenerator", "images", "patches"}
_CLUSTER_WIDE = ("Namespace",)
_WITH_TEMPLATE = ("Deployment", "Job")


class NotRendered(ValueError):
    """The kustomization asks for something that this renderer does not do, or that does not fit."""


def render(base: Path) -> list[Manifest]:
    """Return every manifest of the base as it would be applied."""
    kustomization = yaml.safe_load((base / "kustomization.yaml").read_text())
    if unknown := kustomization.keys() - _KNOWN:
        raise NotRendered(
            f"kustomization.yaml uses {', '.join(sorted(unknown))}, which is not rendered here."
        )
    manifests = [each for name in kustomization["resources"] for each in read(base / name)]
    renamed = {}
    for generator in kustomization.get("configMapGenerator", []):
        config = _config_map(base, generator)
        renamed[generator["name"]] = config["metadata"]["name"]
        manifests.append(config)
    for manifest in manifests:
        for patch in kustomization.get("patches", []):
            if re.fullmatch(patch["target"]["kind"], manifest["kind"]):
                _patch(manifest, yaml.safe_load(patch["patch"]))
        _place(manifest, kustomization, renamed)
    return manifests


def read(path: Path) -> list[Manifest]:
    """Return the documents of a manifest file; an empty one is an error."""
    documents = list(yaml.safe_load_all(path.read_text()))
    if not all(isinstance(each, dict) for each in documents):
        raise NotRendered(f"{path.name} holds an empty document.")
    return documents


def _config_map(base: Path, generator: Manifest) -> Manifest:
    data = {}
    for name in generator["envs"]:
        for line in (base / name).read_text().splitlines():
            if line and not line.startswith("#"):
                key, _, value = line.partition("=")
                data[key] = value
    digest = hashlib.sha256(repr(sorted(data.items())).encode()).hexdigest()[:10]
    name = f"{generator['name']}-{digest}"
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def _place(manifest: Manifest, kustomization: Manifest, renamed: dict[str, str]) -> None:
    metadata = manifest["metadata"]
    if manifest["kind"] not in _CLUSTER_WIDE:
        metadata["namespace"] = kustomization["namespace"]
    for label in kustomization.get("labels", []):
        pairs = label["pairs"]
        metadata.setdefault("labels", {}).update(pairs)
        for selector in _selectors(manifest):
            selector.update(pairs)
        if manifest["kind"] in _WITH_TEMPLATE:
            manifest["spec"]["template"]["metadata"].setdefault("labels", {}).update(pairs)
    images = {each["name"]: f"{each['newName']}:{each['newTag']}" for each in kustomization.get("images", [])}
    for container in containers(manifest):
        container["image"] = images.get(container["image"], container["image"])
        for source in container.get("envFrom", []):
            if reference := source.get("configMapRef"):
                reference["name"] = renamed.get(reference["name"], reference["name"])


def containers(manifest: Manifest) -> list[Manifest]:
    """Return the containers that a manifest starts, none for those that start none."""
    if manifest["kind"] not in _WITH_TEMPLATE:
        return []
    found: list[Manifest] = manifest["spec"]["template"]["spec"]["containers"]
    return found


def _selectors(manifest: Manifest) -> Iterator[Manifest]:
    spec = manifest.get("spec", {})
    if manifest["kind"] == "Service":
        yield spec["selector"]
    elif manifest["kind"] in ("Deployment", "PodDisruptionBudget"):
        yield spec["selector"]["matchLabels"]
    elif manifest["kind"] == "NetworkPolicy":
        yield spec["podSelector"].setdefault("matchLabels", {})


def _patch(manifest: Manifest, operations: list[Manifest]) -> None:
    """Apply JSON patch operations (RFC 6902) "add"; a parent that is not there is an error, as in Kustomize."""
    for operation in operations:
        if operation["op"] != "add":
            raise NotRendered(f"The patch operation {operation['op']} is not rendered here.")
        *way, last = operation["path"].strip("/").split("/")
        target: Any = manifest
        for part in way:
            try:
                target = target[int(part)] if isinstance(target, list) else target[part]
            except (KeyError, IndexError) as error:
                name = f"{manifest['kind']} {manifest['metadata']['name']}"
                raise NotRendered(f"{name} has no {operation['path']}.") from error
        value = copy.deepcopy(operation["value"])
        if isinstance(target, list):
            target.insert(len(target) if last == "-" else int(last), value)
        else:
            target[last] = value
