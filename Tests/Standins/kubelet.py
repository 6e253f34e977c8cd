"""A stand-in for the kubelet's device manager, for tests and the demo.

It does with a device plugin what a kubelet of 1.25 to 1.36 does, its two hazards included: it dials back and asks for
the options inside Register, and it finds the client to disconnect by resource name when a stream ends. Numbers such as
K15 are those of the behaviour list in the project's notes on the kubelet.

As a program: `kubelet.py serve --root DIR --control SOCKET`, then `kubelet.py call SOCKET COMMAND [ARGUMENT...]`.
"""

import argparse
import base64
import concurrent.futures
import json
import os
import pathlib
import random
import re
import signal
import socket
import socketserver
import stat
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import manifests  # noqa: E402
from stubs import deviceplugin as api  # noqa: E402
from stubs import deviceplugin_grpc, podresources, podresources_grpc  # noqa: E402

import grpc  # noqa: E402

PRE_START_SECONDS = 30
STOPPED_ENDPOINT_GRACE_SECONDS = 300
CHECKPOINT = "kubelet_internal_checkpoint"


class AdmissionError(Exception):
    """The kubelet would not start the pod; the text is what a user sees (K24)."""

    reason = "UnexpectedAdmissionError"


class Endpoint:
    """One registration: the connection to a plugin's socket (K7)."""

    def __init__(self, kubelet, resource, path):
        self.kubelet = kubelet
        self.resource = resource
        self.path = path
        self.stopped_at = None
        self.options = None
        self.lists = 0
        self.stream = None
        # Connections must not be shared between registrations, and neither is grpc-go's.
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.default_authority", "localhost")]
        self.channel = grpc.insecure_channel(f"unix:{path}", options)
        self.plugin = deviceplugin_grpc.DevicePluginStub(self.channel)

    def dial(self):
        """Waits for the plugin's SETTINGS, then asks for its options (K9, K13)."""
        grpc.channel_ready_future(self.channel).result(timeout=self.kubelet.dial_seconds)
        self.options = self.plugin.GetDevicePluginOptions(api.Empty(), timeout=self.kubelet.dial_seconds)

    def watch(self):
        """Reads device lists until the stream ends for whatever reason (K11, K17, K20)."""
        self.stream = self.plugin.ListAndWatch(api.Empty())
        threading.Thread(target=self._read, name=f"watch {self.resource}", daemon=True).start()

    def _read(self):
        try:
            for answer in self.stream:
                self.lists += 1
                self.kubelet._list_arrived(self, answer.devices)
            self.kubelet._stream_ended(self, "OK")
        except grpc.RpcError as error:
            self.kubelet._stream_ended(self, f"{error.code().name}: {error.details()}")
        except ValueError:
            # The channel was closed under the iterator: the kubelet is going down.
            self.kubelet._stream_ended(self, "channel closed")

    def close(self):
        self.channel.close()

    @property
    def is_stopped(self):
        return self.stopped_at is not None


class Kubelet:
    """The device manager below one root directory: `device-plugins/` and `pod-resources/`."""

    def __init__(self, root, deletes_only_sockets=True, log=None, seed=None, dial_seconds=10.0):
        self.root = pathlib.Path(root)
        self.plugins = self.root / "device-plugins"
        self.pod_resources = self.root / "pod-resources"
        # 1.33 and later leave regular files alone when they clean up the directory (K37).
        self.deletes_only_sockets = deletes_only_sockets
        self.dial_seconds = dial_seconds
        self.random = random.Random(seed)
        self.changed = threading.Condition(threading.RLock())
        self.endpoints = {}
        self.devices = {}
        self.pods = {}
        self.grants = {}
        self.events = []
        self.refuse_registrations = 0
        self.exhausted_answers = 0
        self._log = log
        self._servers = []
        self._opened = []
        self._is_down = True

    # Life

    def start(self):
        for directory in (self.plugins, self.pod_resources):
            directory.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._clean_up()
        with self.changed:
            self._is_down = False
        service = _Registration(self)
        self._serve(
            self.plugins / "kubelet.sock",
            lambda server: deviceplugin_grpc.add_RegistrationServicer_to_server(service, server),
            replace=False,
        )
        lister = _PodResourcesLister(self)
        self._serve(
            self.pod_resources / "kubelet.sock",
            lambda server: podresources_grpc.add_PodResourcesListerServicer_to_server(lister, server),
            replace=True,
        )
        self._say("started")

    def stop(self):
        """Goes away as a process does: connections close, the socket files stay."""
        with self.changed:
            self._is_down = True
            opened, self._opened = self._opened, []
            self.endpoints = {}
        for server in self._servers:
            server.stop(grace=None).wait()
        self._servers = []
        for endpoint in opened:
            endpoint.close()
        self._say("stopped")

    def restart(self, down_seconds=0.0):
        """Stops and starts again; known resources have no capacity until they are registered again (K22, K37)."""
        self.stop()
        time.sleep(down_seconds)
        with self.changed:
            self.devices = {name: {} for name in self.devices}
        self.start()

    def _clean_up(self):
        for path in self.plugins.iterdir():
            if path.name == CHECKPOINT or (path.is_dir() and not path.is_symlink()):
                continue
            if not self.deletes_only_sockets or stat.S_ISSOCK(path.stat().st_mode):
                path.unlink()

    def _serve(self, path, register, replace):
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=16))
        register(server)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.unlink(missing_ok=True)
        server.add_insecure_port(f"unix:{temporary}")
        server.start()
        # The library removes the name it bound when it stops, and would take a successor's file with it: so the file
        # gets its real name here. Linking shows as IN_CREATE, as a bind does; renaming as IN_MOVED_TO (K49).
        if replace:
            os.rename(temporary, path)
        else:
            path.unlink(missing_ok=True)
            os.link(temporary, path)
            temporary.unlink()
        self._servers.append(server)

    def _say(self, text):
        with self.changed:
            self.events.append((time.monotonic(), text))
            self.changed.notify_all()
        if self._log:
            print(f"kubelet: {text}", file=self._log, flush=True)

    # Registration

    def register(self, request):
        """What happens inside Register; raises ValueError with the text of the refusal (K5, K6, K9, K16)."""
        name = request.resource_name
        with self.changed:
            if self.refuse_registrations > 0:
                self.refuse_registrations -= 1
                raise ValueError("refused for the sake of a test")
        if request.version != "v1beta1":
            raise ValueError(f"requested API version {request.version!r} is not supported")
        if not is_extended_resource_name(name):
            raise ValueError(f"the ResourceName {name!r} is invalid")
        path = os.path.normpath(f"{self.plugins}/{request.endpoint}")
        endpoint = Endpoint(self, name, path)
        with self.changed:
            self.endpoints[name] = endpoint
            self._opened.append(endpoint)
        try:
            endpoint.dial()
        except (grpc.FutureTimeoutError, grpc.RpcError) as error:
            with self.changed:
                # The newest entry goes, whoever's it was (K16).
                self.endpoints.pop(name, None)
            endpoint.close()
            raise ValueError(f"failed to dial device plugin at {path}: {error!r}") from error
        self._say(f"registered {name} at {request.endpoint}")
        # The answer to Register is on its way; the stream follows at once (K11).
        threading.Timer(0.001, endpoint.watch).start()

    def _list_arrived(self, endpoint, devices):
        with self.changed:
            if self._is_down:
                return
            # Also the list of a connection that was replaced counts, as long as it lives (K14).
            self.devices[endpoint.resource] = {device.ID: device for device in devices}
            healthy = sum(device.health == "Healthy" for device in devices)
            self._write_checkpoint()
        self._say(f"{endpoint.resource}: {len(devices)} devices, {healthy} healthy")

    def _stream_ended(self, endpoint, reason):
        endpoint.close()
        with self.changed:
            if self._is_down:
                return
            # Found by name, not by connection: an old stream's end takes the new registration with it (K15).
            current = self.endpoints.get(endpoint.resource)
            if current is not None:
                current.stopped_at = time.monotonic()
                for device in self.devices.get(endpoint.resource, {}).values():
                    device.health = "Unhealthy"
        if current is not None and current is not endpoint:
            current.close()
        self._say(f"stream of {endpoint.resource} ended: {reason}")

    # What there is

    def resources(self):
        """Capacity and allocatable of each resource known, as in the node's status (K21)."""
        with self.changed:
            table = {}
            for name, devices in self.devices.items():
                endpoint = self.endpoints.get(name)
                since = endpoint.stopped_at if endpoint else None
                if since and time.monotonic() - since > STOPPED_ENDPOINT_GRACE_SECONDS:
                    devices = {}
                healthy = [each for each in devices.values() if each.health == "Healthy"]
                table[name] = {"capacity": len(devices), "allocatable": len(healthy)}
            return table

    def wait(self, condition, timeout=10.0):
        """Waits until `condition()` holds; raises TimeoutError with what happened so far."""
        with self.changed:
            if not self.changed.wait_for(condition, timeout):
                happened = "\n".join(text for _, text in self.events)
                raise TimeoutError(f"not within {timeout} s; what happened:\n{happened}\n{self.resources()}")

    def wait_for(self, resource, allocatable, timeout=10.0):
        """Waits until `resource` has so many allocatable devices; answers how many seconds that took."""
        began = time.monotonic()
        self.wait(lambda: self.resources().get(resource, {}).get("allocatable") == allocatable, timeout)
        return time.monotonic() - began

    # Pods

    def admit(self, source):
        """Gives each container its devices, one container at a time; answers what each is given (K23 to K31)."""
        pod = manifests.load(source)
        with self.changed:
            self.pods[pod.uid] = pod
        reusable = {}
        granted = {}
        try:
            for container in pod.init_containers + pod.containers:
                is_init = container in pod.init_containers and not container.is_sidecar
                granted[container.name] = self._admit(pod, container, reusable, is_init)
        except (AdmissionError, grpc.RpcError) as error:
            self.remove(pod.full_name)
            text = error.details() if isinstance(error, grpc.RpcError) else str(error)
            raise AdmissionError(f"Allocate failed due to {text}, which is unexpected") from error
        return granted

    def _admit(self, pod, container, reusable, is_init):
        merged = {"envs": {}, "mounts": {}, "devices": {}, "annotations": {}, "cdi_devices": []}
        wanted = list(container.devices.items())
        self.random.shuffle(wanted)
        for resource, count in wanted:
            key = (pod.uid, container.name, resource)
            if key not in self.grants:
                self.grants[key] = self._allocate(pod, container, resource, count, reusable.get(resource, set()))
            ids, response = self.grants[key]
            if is_init:
                reusable.setdefault(resource, set()).update(ids)
            else:
                reusable.get(resource, set()).difference_update(ids)
            self._merge(merged, response)
        with self.changed:
            self._write_checkpoint()
        merged["ids"] = {resource: self.grants[pod.uid, container.name, resource][0] for resource, _ in wanted}
        return merged

    def _allocate(self, pod, container, resource, count, reusable):
        with self.changed:
            endpoint = self.endpoints.get(resource)
            if resource not in self.devices:
                # Left to the scheduler in a cluster; a kubelet by itself would start the pod without it.
                raise AdmissionError(f"no plugin has registered {resource}")
            healthy = {id for id, device in self.devices[resource].items() if device.health == "Healthy"}
            if not healthy:
                raise AdmissionError(f"no healthy devices present; cannot allocate unhealthy devices {resource}")
            chosen = self._choose(endpoint, resource, count, healthy, reusable)
        answer = endpoint.plugin.Allocate(
            api.AllocateRequest(container_requests=[api.ContainerAllocateRequest(devices_ids=chosen)])
        )
        if not answer.container_responses:
            raise AdmissionError(f"empty response for {resource}")
        self._say(f"{pod.full_name} {container.name}: {resource} {chosen}")
        return chosen, answer.container_responses[0]

    def _choose(self, endpoint, resource, count, healthy, reusable):
        """Reusable ones first, then the plugin's preference, then any, in no order (K26, K29, K31)."""
        in_use = {id for (_, _, name), (ids, _) in self.grants.items() if name == resource for id in ids}
        must = list(reusable & healthy)[:count]
        free = healthy - in_use
        if len(must) + len(free) < count:
            available = len(must) + len(free)
            raise AdmissionError(f"requested number of devices unavailable for {resource}: {count}, {available} are left")
        chosen = list(must)
        if endpoint.options.get_preferred_allocation_available and len(chosen) < count:
            offered = list(free | set(must))
            self.random.shuffle(offered)
            request = api.ContainerPreferredAllocationRequest(
                available_deviceIDs=offered, must_include_deviceIDs=must, allocation_size=count
            )
            answer = endpoint.plugin.GetPreferredAllocation(
                api.PreferredAllocationRequest(container_requests=[request])
            )
            preferred = list(answer.container_responses[0].deviceIDs) if answer.container_responses else []
            chosen += [id for id in preferred if id in free and id not in chosen]
        rest = [id for id in free if id not in chosen]
        self.random.shuffle(rest)
        chosen = (chosen + rest)[:count]
        self.random.shuffle(chosen)
        return chosen

    @staticmethod
    def _merge(merged, response):
        """The first writer of a variable, a path or an annotation wins (K27)."""
        for key, value in response.envs.items():
            merged["envs"].setdefault(key, value)
        for mount in response.mounts:
            merged["mounts"].setdefault(mount.container_path, [mount.host_path, mount.read_only])
        for device in response.devices:
            merged["devices"].setdefault(device.container_path, [device.host_path, device.permissions])
        for key, value in response.annotations.items():
            merged["annotations"].setdefault(key, value)
        for device in response.cdi_devices:
            if device.name not in merged["cdi_devices"]:
                merged["cdi_devices"].append(device.name)

    def start_container(self, pod_name, container_name):
        """Before every start of a container, if the plugin asked for it (K30)."""
        pod = self.pod(pod_name)
        for (uid, container, resource), (ids, _) in list(self.grants.items()):
            endpoint = self.endpoints.get(resource)
            if (uid, container) == (pod.uid, container_name) and endpoint and endpoint.options.pre_start_required:
                request = api.PreStartContainerRequest(devices_ids=ids)
                endpoint.plugin.PreStartContainer(request, timeout=PRE_START_SECONDS)

    def remove(self, pod_name):
        """Forgets the pod; its devices are free again."""
        with self.changed:
            pod = self.pod(pod_name)
            self.pods.pop(pod.uid)
            self.grants = {key: grant for key, grant in self.grants.items() if key[0] != pod.uid}
            self._write_checkpoint()

    def pod(self, pod_name):
        name = pod_name if "/" in pod_name else f"default/{pod_name}"
        for pod in self.pods.values():
            if pod.full_name == name:
                return pod
        raise KeyError(f"no pod {name}")

    def _write_checkpoint(self):
        """The file a meta-plugin may fall back to (K42). The checksum is Go's own and left at 0."""
        entries = []
        for (uid, container, resource), (ids, response) in self.grants.items():
            by_node = {}
            for id in ids:
                device = self.devices.get(resource, {}).get(id)
                nodes = [node.ID for node in device.topology.nodes] if device else []
                for node in nodes or [-1]:
                    by_node.setdefault(str(node), []).append(id)
            entries.append(
                {
                    "PodUID": uid,
                    "ContainerName": container,
                    "ResourceName": resource,
                    "DeviceIDs": by_node,
                    "AllocResp": base64.b64encode(response.SerializeToString()).decode(),
                }
            )
        registered = {
            name: [id for id, device in devices.items() if device.health == "Healthy"]
            for name, devices in self.devices.items()
        }
        data = {"PodDeviceEntries": entries or None, "RegisteredDevices": registered}
        temporary = self.plugins / f".{CHECKPOINT}"
        temporary.write_text(json.dumps({"Data": data, "Checksum": 0}))
        os.replace(temporary, self.plugins / CHECKPOINT)

    # Pod resources

    def pod_view(self, pod):
        """One entry for each device and NUMA node, with a single id, in no order (K45)."""
        view = podresources.PodResources(name=pod.name, namespace=pod.namespace)
        sidecars = [each for each in pod.init_containers if each.is_sidecar]
        with self.changed:
            for container in sidecars + pod.containers:
                entries = []
                for (uid, name, resource), (ids, _) in self.grants.items():
                    if (uid, name) == (pod.uid, container.name):
                        entries += [entry for id in ids for entry in self._device_view(resource, id)]
                self.random.shuffle(entries)
                view.containers.add(name=container.name, devices=entries)
        return view

    def _device_view(self, resource, id):
        device = self.devices.get(resource, {}).get(id)
        nodes = [node.ID for node in device.topology.nodes] if device else []
        topologies = [podresources.TopologyInfo(nodes=[podresources.NUMANode(ID=node)]) for node in nodes]
        return [
            podresources.ContainerDevices(resource_name=resource, device_ids=[id], topology=topology)
            for topology in topologies or [None]
        ]


def is_extended_resource_name(name):
    """Kubernetes' rule for names of extended resources (K5)."""
    domain, slash, rest = name.partition("/")
    if not slash or "kubernetes.io/" in name or name.startswith("requests.") or "/" in rest:
        return False
    label = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
    is_domain = re.fullmatch(rf"{label}(\.{label})*", domain) and len(f"requests.{domain}") <= 253
    is_name = re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", rest) and len(rest) <= 63
    return bool(is_domain and is_name)


class _Registration(deviceplugin_grpc.RegistrationServicer):
    def __init__(self, kubelet):
        self.kubelet = kubelet

    def Register(self, request, context):
        try:
            self.kubelet.register(request)
        except ValueError as error:
            self.kubelet._say(f"refused {request.resource_name}: {error}")
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        return api.Empty()


class _PodResourcesLister(podresources_grpc.PodResourcesListerServicer):
    def __init__(self, kubelet):
        self.kubelet = kubelet

    def _limit_rate(self, context):
        with self.kubelet.changed:
            if self.kubelet.exhausted_answers == 0:
                return
            self.kubelet.exhausted_answers -= 1
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "rejected by rate limit")

    def List(self, request, context):
        self._limit_rate(context)
        with self.kubelet.changed:
            pods = list(self.kubelet.pods.values())
            self.kubelet.random.shuffle(pods)
            return podresources.ListPodResourcesResponse(pod_resources=[self.kubelet.pod_view(pod) for pod in pods])

    def Get(self, request, context):
        self._limit_rate(context)
        try:
            pod = self.kubelet.pod(f"{request.pod_namespace}/{request.pod_name}")
        except KeyError:
            # No NOT_FOUND: the kubelet answers UNKNOWN with a text (K44).
            context.abort(grpc.StatusCode.UNKNOWN, f"pod {request.pod_name} in {request.pod_namespace} not found")
        return podresources.GetPodResourcesResponse(pod_resources=self.kubelet.pod_view(pod))

    def GetAllocatableResources(self, request, context):
        self._limit_rate(context)
        with self.kubelet.changed:
            entries = [
                entry
                for resource, devices in self.kubelet.devices.items()
                for id, device in devices.items()
                if device.health == "Healthy"
                for entry in self.kubelet._device_view(resource, id)
            ]
        return podresources.AllocatableResourcesResponse(devices=entries)


# The program

COMMANDS = {
    "resources": lambda kubelet: kubelet.resources(),
    "wait": lambda kubelet, resource, count, timeout="30": kubelet.wait_for(resource, int(count), float(timeout)),
    "admit": lambda kubelet, manifest: kubelet.admit(manifest),
    "start": lambda kubelet, pod, container: kubelet.start_container(pod, container),
    "remove": lambda kubelet, pod: kubelet.remove(pod),
    "list": lambda kubelet: {
        pod.full_name: {
            container.name: sorted([each.resource_name, *each.device_ids] for each in container.devices)
            for container in kubelet.pod_view(pod).containers
        }
        for pod in list(kubelet.pods.values())
    },
    "events": lambda kubelet: [text for _, text in kubelet.events],
    "restart": lambda kubelet, down="0": kubelet.restart(float(down)),
}


def _answer(kubelet, line):
    try:
        command, *arguments = json.loads(line)
        return {"ok": COMMANDS[command](kubelet, *arguments)}
    except Exception as error:  # whatever it is, the caller is to see it
        return {"error": f"{type(error).__name__}: {error}"}


def _serve(arguments):
    kubelet = Kubelet(arguments.root, log=sys.stderr)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            for line in self.rfile:
                self.wfile.write(json.dumps(_answer(kubelet, line)).encode() + b"\n")

    pathlib.Path(arguments.control).unlink(missing_ok=True)
    kubelet.start()
    with socketserver.ThreadingUnixStreamServer(arguments.control, Handler) as server:
        server.daemon_threads = True
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        server.serve_forever()
    kubelet.stop()
    os.unlink(arguments.control)


def _call(arguments):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(arguments.control)
        connection.sendall(json.dumps([arguments.command, *arguments.arguments]).encode() + b"\n")
        answer = json.loads(connection.makefile().readline())
    if "error" in answer:
        sys.exit(answer["error"])
    print(json.dumps(answer["ok"], indent=2))


def main():
    parser = argparse.ArgumentParser(description="A stand-in for the kubelet's device manager.")
    modes = parser.add_subparsers(required=True)
    serve = modes.add_parser("serve", help="be a kubelet until SIGTERM")
    serve.add_argument("--root", required=True, help="instead of /var/lib/kubelet")
    serve.add_argument("--control", required=True, help="Unix socket for `call`")
    serve.set_defaults(run=_serve)
    call = modes.add_parser("call", help="tell a running one what to do")
    call.add_argument("control")
    call.add_argument("command", choices=COMMANDS)
    call.add_argument("arguments", nargs="*")
    call.set_defaults(run=_call)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
