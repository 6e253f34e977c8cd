"""Pod manifests as the stand-ins need them: who the pod is and what its containers ask for."""

import hashlib
import json
import pathlib


def load(source):
    """A pod from a dictionary, or from a file of JSON or YAML."""
    if isinstance(source, dict):
        return Pod(source)
    path = pathlib.Path(source)
    text = path.read_text()
    if path.suffix == ".json":
        return Pod(json.loads(text))
    import yaml

    for document in yaml.safe_load_all(text):
        if document and document.get("kind") == "Pod":
            return Pod(document)
    raise ValueError(f"{path}: there is no Pod in it")


class Pod:
    def __init__(self, manifest):
        metadata = manifest["metadata"]
        self.manifest = manifest
        self.name = metadata["name"]
        self.namespace = metadata.get("namespace", "default")
        # Pods from files have no uid; the kubelet makes one from their content, so that it stays the same.
        digest = hashlib.md5(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
        self.uid = metadata.get("uid", digest)
        self.annotations = dict(metadata.get("annotations") or {})
        spec = manifest.get("spec", {})
        self.init_containers = [Container(each) for each in spec.get("initContainers", [])]
        self.containers = [Container(each) for each in spec.get("containers", [])]

    @property
    def full_name(self):
        return f"{self.namespace}/{self.name}"


class Container:
    def __init__(self, manifest):
        self.name = manifest["name"]
        # A restartable init container is a sidecar: it keeps its devices.
        self.is_sidecar = manifest.get("restartPolicy") == "Always"
        resources = manifest.get("resources") or {}
        wanted = {**(resources.get("requests") or {}), **(resources.get("limits") or {})}
        self.devices = {name: int(count) for name, count in wanted.items() if "/" in name and int(count) > 0}
