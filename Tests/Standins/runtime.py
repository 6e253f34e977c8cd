"""A stand-in for a container runtime's pod sandboxes: a network namespace, and CNI called as containerd calls it.

Configurations are read, requests built and results cached as libcni 1.1 does it; C and N numbers are those of the
project's notes on CNI. As a program: `runtime.py --state DIR --config FILE --plugins DIR[:DIR…] run POD`.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import manifests  # noqa: E402

NAMESPACES = pathlib.Path("/run/netns")
LIBRARY_VERSIONS = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]
POD_ANNOTATIONS = "io.kubernetes.cri.pod-annotations"


class CNIError(Exception):
    """A plugin failed; `code`, `message` and `details` are those of its error object, if it wrote one."""

    def __init__(self, plugin, command, code, message, details, stderr, status):
        super().__init__(f"{plugin} {command}: {message}" + (f": {details}" if details else ""))
        self.plugin = plugin
        self.command = command
        self.code = code
        self.message = message
        self.details = details
        self.stderr = stderr
        self.status = status


class Network:
    """A network configuration list; a single configuration counts as a list of one (C02, C04, C07)."""

    def __init__(self, document):
        if "plugins" not in document:
            document = {**{key: document[key] for key in ("cniVersion", "name") if key in document}, "plugins": [document]}
        self.name = document["name"]
        if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.\-]*", self.name):
            raise ValueError(f"invalid network name {self.name!r}")
        offered = [document.get("cniVersion", "0.1.0"), *document.get("cniVersions", [])]
        self.version = max((each for each in offered if each in LIBRARY_VERSIONS), key=LIBRARY_VERSIONS.index)
        self.is_check_disabled = _flag(document.get("disableCheck"))
        self.is_gc_disabled = _flag(document.get("disableGC"))
        self.plugins = document["plugins"]
        if not self.plugins:
            raise ValueError(f"network {self.name} has no plugins")

    def is_at_least(self, version):
        return LIBRARY_VERSIONS.index(self.version) >= LIBRARY_VERSIONS.index(version)


class Sandbox:
    """A pod's sandbox: its id, its namespace, and the pod it is for."""

    def __init__(self, id, netns, pod):
        self.id = id
        self.netns = netns
        self.pod = pod


class Runtime:
    """Sandboxes and attachments, kept in files below `state`, so that several processes may share them."""

    def __init__(self, state, config, plugins, timeout=60.0, environment=None):
        self.state = pathlib.Path(state)
        self.config = pathlib.Path(config)
        self.plugins = [pathlib.Path(each) for each in plugins]
        self.timeout = timeout
        self.environment = environment or {}
        self.last_stderr = ""
        for directory in ("sandboxes", "results"):
            (self.state / directory).mkdir(parents=True, exist_ok=True)

    # Sandboxes, as the CRI has them

    def run(self, pod_source):
        """Makes a sandbox for the pod and attaches it; what failed is torn down again. Answers (sandbox, result)."""
        sandbox = self.create(pod_source)
        try:
            return sandbox, self.add(sandbox)
        except Exception:
            try:
                self.delete(sandbox)
            finally:
                self.remove(sandbox)
            raise

    def stop(self, sandbox):
        """Detaches the sandbox, then takes its namespace away."""
        self.delete(sandbox)
        self.remove(sandbox)

    def create(self, pod_source):
        """A sandbox with a namespace in which nothing but lo is up."""
        pod = manifests.load(pod_source)
        id = uuid.uuid4().hex * 2
        name = f"cni-{uuid.uuid4()}"
        _ip("netns", "add", name)
        _ip("-n", name, "link", "set", "lo", "up")
        sandbox = Sandbox(id, str(NAMESPACES / name), pod)
        record = {"id": id, "netns": sandbox.netns, "pod": pod.manifest}
        (self.state / "sandboxes" / id).write_text(json.dumps(record))
        return sandbox

    def remove(self, sandbox):
        self.remove_namespace(sandbox)
        (self.state / "sandboxes" / sandbox.id).unlink(missing_ok=True)

    def remove_namespace(self, sandbox):
        """Only the namespace; what a crashed node or an impatient operator leaves of a sandbox."""
        name = pathlib.Path(sandbox.netns).name
        if (NAMESPACES / name).exists():
            _ip("netns", "delete", name)

    def sandboxes(self):
        records = [json.loads(path.read_text()) for path in sorted((self.state / "sandboxes").iterdir())]
        return [Sandbox(each["id"], each["netns"], manifests.load(each["pod"])) for each in records]

    def sandbox(self, id_or_pod):
        for sandbox in self.sandboxes():
            if sandbox.id.startswith(id_or_pod) or sandbox.pod.full_name in (id_or_pod, f"default/{id_or_pod}"):
                return sandbox
        raise KeyError(f"no sandbox {id_or_pod}")

    # CNI, as libcni has it

    @property
    def network(self):
        return Network(json.loads(self.config.read_text()))

    def add(self, sandbox, ifname="eth0"):
        network = self.network
        result = None
        for plugin in network.plugins:
            result = self._exec("ADD", network, plugin, sandbox, ifname, previous=result)
        self._result_path(network, sandbox, ifname).write_text(json.dumps({"result": result, "ifname": ifname}))
        return result

    def delete(self, sandbox, ifname="eth0"):
        network = self.network
        path = self._result_path(network, sandbox, ifname)
        previous = self._cached(path) if network.is_at_least("0.4.0") else None
        for plugin in reversed(network.plugins):
            self._exec("DEL", network, plugin, sandbox, ifname, previous=previous)
        path.unlink(missing_ok=True)

    def check(self, sandbox, ifname="eth0"):
        network = self.network
        if network.is_check_disabled:
            return
        if not network.is_at_least("0.4.0"):
            raise ValueError(f"configuration version {network.version} has no CHECK")
        previous = self._cached(self._result_path(network, sandbox, ifname))
        for plugin in network.plugins:
            self._exec("CHECK", network, plugin, sandbox, ifname, previous=previous)

    def status(self):
        network = self.network
        if not network.is_at_least("1.1.0"):
            return
        for plugin in network.plugins:
            self._exec("STATUS", network, plugin)

    def version(self):
        """What each plugin says it speaks (C27)."""
        network = self.network
        return {plugin["type"]: self._exec("VERSION", network, plugin) for plugin in network.plugins}

    def gc(self, valid=None):
        """Removes what belongs to no valid sandbox: from the cache, then by GC (C23 to C25)."""
        network = self.network
        if network.is_gc_disabled:
            return
        valid = self.sandboxes() if valid is None else valid
        keep = {sandbox.id for sandbox in valid}
        for sandbox in self.sandboxes():
            if sandbox.id not in keep:
                self.delete(sandbox)
        if not network.is_at_least("1.1.0"):
            return
        attachments = [{"containerID": sandbox.id, "ifname": "eth0"} for sandbox in valid]
        extra = {"cni.dev/valid-attachments": attachments, "cni.dev/attachments": attachments}
        for plugin in network.plugins:
            self._exec("GC", network, plugin, extra=extra)

    def request(self, network, plugin, pod=None, previous=None, extra=None):
        """The configuration as the plugin gets it on standard input (libcni's buildOneConfig)."""
        request = {**plugin, "name": network.name, "cniVersion": network.version, **(extra or {})}
        if previous is not None:
            request["prevResult"] = previous
        arguments = {POD_ANNOTATIONS: pod.annotations} if pod else {}
        declared = plugin.get("capabilities", {})
        runtime = {name: value for name, value in arguments.items() if declared.get(name)}
        if runtime:
            request["runtimeConfig"] = runtime
        return request

    def _exec(self, command, network, plugin, sandbox=None, ifname="eth0", previous=None, extra=None):
        pod = sandbox.pod if sandbox else None
        request = self.request(network, plugin, pod, previous, extra)
        environment = {**os.environ, **self.environment, **self._variables(command, sandbox, ifname)}
        process = subprocess.run(
            [self._find(plugin["type"])],
            input=json.dumps(request).encode(),
            env=environment,
            capture_output=True,
            timeout=self.timeout,
        )
        self.last_stderr = process.stderr.decode(errors="replace")
        output = process.stdout.decode()
        if process.returncode != 0:
            raise self._error(plugin["type"], command, output, process)
        if command in ("ADD", "VERSION"):
            result = json.loads(output)
            if command == "ADD":
                result.setdefault("cniVersion", network.version)
            return result
        return None

    def _variables(self, command, sandbox, ifname):
        variables = {"CNI_COMMAND": command, "CNI_PATH": ":".join(str(each) for each in self.plugins)}
        if sandbox:
            pod = sandbox.pod
            variables |= {
                "CNI_CONTAINERID": sandbox.id,
                "CNI_NETNS": sandbox.netns,
                "CNI_IFNAME": ifname,
                "CNI_ARGS": f"IgnoreUnknown=1;K8S_POD_NAMESPACE={pod.namespace};K8S_POD_NAME={pod.name};"
                f"K8S_POD_INFRA_CONTAINER_ID={sandbox.id};K8S_POD_UID={pod.uid}",
            }
        elif command == "VERSION":
            variables |= {"CNI_CONTAINERID": "dummy", "CNI_NETNS": "dummy", "CNI_IFNAME": "dummy"}
        return variables

    def _find(self, type):
        if "/" in type:
            raise ValueError(f"plugin type {type!r} holds a path")
        for directory in self.plugins:
            if (directory / type).is_file():
                return str(directory / type)
        raise FileNotFoundError(f"failed to find plugin {type!r} in path {[str(each) for each in self.plugins]}")

    def _error(self, type, command, output, process):
        try:
            error = json.loads(output)
            code, message, details = error.get("code"), error.get("msg", ""), error.get("details", "")
        except (ValueError, AttributeError):
            code, details = None, ""
            message = output.strip() or self.last_stderr.strip() or f"ended with {process.returncode} and no output"
        return CNIError(type, command, code, message, details, self.last_stderr, process.returncode)

    def _result_path(self, network, sandbox, ifname):
        return self.state / "results" / f"{network.name}-{sandbox.id}-{ifname}"

    @staticmethod
    def _cached(path):
        # An unreadable result is dropped without a word (libcni).
        try:
            return json.loads(path.read_text())["result"]
        except (OSError, ValueError, KeyError):
            return None


def _flag(value):
    return value is True or str(value).lower() == "true"


def _ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


def main():
    parser = argparse.ArgumentParser(description="A stand-in for a container runtime's pod sandboxes.")
    parser.add_argument("--state", required=True, help="directory for sandboxes and results")
    parser.add_argument("--config", required=True, help="a CNI .conflist or .conf")
    parser.add_argument("--plugins", required=True, help="directories of plugins, colon-separated")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="sandbox and ADD").add_argument("pod", help="manifest")
    for name, text in (("stop", "DEL and no more sandbox"), ("check", "CHECK"), ("netns", "name of the namespace")):
        commands.add_parser(name, help=text).add_argument("sandbox", help="id, or the pod's name")
    for name, text in (("list", "sandboxes"), ("status", "STATUS"), ("version", "VERSION"), ("gc", "GC")):
        commands.add_parser(name, help=text)
    arguments = parser.parse_args()
    runtime = Runtime(arguments.state, arguments.config, arguments.plugins.split(":"))
    try:
        answer = _run(runtime, arguments)
    except CNIError as error:
        sys.stderr.write(error.stderr)
        sys.exit(f"error {error.code}: {error}")
    except (KeyError, ValueError, OSError, subprocess.SubprocessError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
    if isinstance(answer, str):
        print(answer)
    elif answer is not None:
        print(json.dumps(answer, indent=2))


def _run(runtime, arguments):
    match arguments.command:
        case "run":
            sandbox, result = runtime.run(arguments.pod)
            return {"id": sandbox.id, "netns": sandbox.netns, "result": result}
        case "stop":
            return runtime.stop(runtime.sandbox(arguments.sandbox))
        case "check":
            return runtime.check(runtime.sandbox(arguments.sandbox))
        case "netns":
            return pathlib.Path(runtime.sandbox(arguments.sandbox).netns).name
        case "list":
            return {each.pod.full_name: {"id": each.id, "netns": each.netns} for each in runtime.sandboxes()}
        case "status":
            return runtime.status()
        case "version":
            return runtime.version()
        case "gc":
            return runtime.gc()


if __name__ == "__main__":
    main()
