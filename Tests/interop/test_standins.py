"""The stand-ins themselves: a kubelet that is too kind would prove nothing about our plugin."""

import concurrent.futures
import json
import pathlib
import queue
import sys

import grpc
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Standins"))

import runtime  # noqa: E402
from kubelet import AdmissionError, Kubelet, is_extended_resource_name  # noqa: E402
from stubs import deviceplugin as api  # noqa: E402
from stubs import deviceplugin_grpc, podresources, podresources_grpc  # noqa: E402


running = []


class Plugin(deviceplugin_grpc.DevicePluginServicer):
    """The smallest device plugin: it lists what it is told to and remembers what it was asked."""

    def __init__(self, kubelet, devices, name="x.io/vf", socket="p.sock", prefers=None):
        self.kubelet, self.devices, self.name, self.socket, self.prefers = kubelet, devices, name, socket, prefers
        self.lists = queue.Queue()
        self.calls = []
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=8))
        deviceplugin_grpc.add_DevicePluginServicer_to_server(self, self.server)
        self.server.add_insecure_port(f"unix:{kubelet.plugins / socket}")
        self.server.start()
        running.append(self)

    def stop(self):
        self.lists.put(None)
        self.server.stop(grace=None).wait()

    def register(self):
        with grpc.insecure_channel(f"unix:{self.kubelet.plugins}/kubelet.sock") as channel:
            request = api.RegisterRequest(version="v1beta1", endpoint=self.socket, resource_name=self.name)
            deviceplugin_grpc.RegistrationStub(channel).Register(request, timeout=20)

    def GetDevicePluginOptions(self, request, context):
        self.calls.append("GetDevicePluginOptions")
        return api.DevicePluginOptions(
            pre_start_required=True, get_preferred_allocation_available=self.prefers is not None
        )

    def ListAndWatch(self, request, context):
        self.calls.append("ListAndWatch")
        yield api.ListAndWatchResponse(devices=self.devices)
        while (devices := self.lists.get()) is not None:
            yield api.ListAndWatchResponse(devices=devices)

    def GetPreferredAllocation(self, request, context):
        answer = api.ContainerPreferredAllocationResponse(deviceIDs=self.prefers)
        return api.PreferredAllocationResponse(container_responses=[answer])

    def Allocate(self, request, context):
        (container,) = request.container_requests
        self.calls.append(sorted(container.devices_ids))
        answer = api.ContainerAllocateResponse(envs={"IDS": ",".join(container.devices_ids)})
        return api.AllocateResponse(container_responses=[answer])

    def PreStartContainer(self, request, context):
        self.calls.append(("PreStartContainer", sorted(request.devices_ids)))
        return api.PreStartContainerResponse()


def device(id, health="Healthy", nodes=None):
    topology = None if nodes is None else api.TopologyInfo(nodes=[api.NUMANode(ID=each) for each in nodes])
    return api.Device(ID=id, health=health, topology=topology)


def pod(name, *counts, annotations=None, init=()):
    def containers(counts, prefix):
        return [
            {"name": f"{prefix}{index}", "resources": {"limits": {"x.io/vf": str(count), "cpu": "1"}}}
            for index, count in enumerate(counts)
        ]

    spec = {"containers": containers(counts, "c"), "initContainers": containers(init, "i")}
    return {"metadata": {"name": name, "annotations": annotations or {}}, "spec": spec}


@pytest.fixture
def kubelet(tmp_path):
    kubelet = Kubelet(tmp_path / "k")
    kubelet.start()
    yield kubelet
    kubelet.stop()
    while running:
        running.pop().stop()


def test_dials_back_before_it_answers_register(kubelet):
    plugin = Plugin(kubelet, [device("a"), device("b", "Unhealthy")])
    plugin.register()
    assert plugin.calls[0] == "GetDevicePluginOptions"
    kubelet.wait_for("x.io/vf", 1)
    assert kubelet.resources() == {"x.io/vf": {"capacity": 2, "allocatable": 1}}


def test_refuses_what_it_cannot_reach(kubelet):
    plugin = Plugin(kubelet, [device("a")])
    plugin.name = "kubernetes.io/vf"
    with pytest.raises(grpc.RpcError) as error:
        plugin.register()
    assert error.value.code() == grpc.StatusCode.UNKNOWN


@pytest.mark.parametrize("name", ["x.io/vf", "a/b", "1.2/3", "x.io/" + "n" * 63, "d" * 244 + "/n"])
def test_takes_good_resource_names(name):
    assert is_extended_resource_name(name)


@pytest.mark.parametrize(
    "name",
    ["vf", "X.io/vf", "x.io/a/b", "x.io/", "/vf", "foo.kubernetes.io/x", "requests.x/y", "x.io/-a", "d" * 245 + "/n"],
)
def test_refuses_bad_resource_names(name):
    assert not is_extended_resource_name(name)


def test_gives_each_container_its_own_devices(kubelet):
    plugin = Plugin(kubelet, [device("a", nodes=[0]), device("b", nodes=[0, 1]), device("c")])
    plugin.register()
    kubelet.wait_for("x.io/vf", 3)
    granted = kubelet.admit(pod("p", 2, 1))
    assert sorted(granted["c0"]["ids"]["x.io/vf"] + granted["c1"]["ids"]["x.io/vf"]) == ["a", "b", "c"]
    assert sorted(granted["c0"]["envs"]["IDS"].split(",")) == sorted(granted["c0"]["ids"]["x.io/vf"])
    with pytest.raises(AdmissionError, match="unavailable"):
        kubelet.admit(pod("q", 1))
    kubelet.start_container("p", "c1")
    assert plugin.calls[-1] == ("PreStartContainer", granted["c1"]["ids"]["x.io/vf"])
    kubelet.remove("p")
    kubelet.admit(pod("q", 3))


def test_devices_of_an_init_container_are_used_again(kubelet):
    Plugin(kubelet, [device("a")]).register()
    kubelet.wait_for("x.io/vf", 1)
    granted = kubelet.admit(pod("p", 1, init=[1]))
    assert granted["i0"]["ids"] == granted["c0"]["ids"]


def test_follows_a_preference(kubelet):
    Plugin(kubelet, [device(each) for each in "abcdef"], prefers=["e", "c", "unknown"]).register()
    kubelet.wait_for("x.io/vf", 6)
    assert {"c", "e"} < set(kubelet.admit(pod("p", 3))["c0"]["ids"]["x.io/vf"])


def test_pod_resources_are_ungrouped(kubelet):
    Plugin(kubelet, [device("b", nodes=[0, 1]), device("c")]).register()
    kubelet.wait_for("x.io/vf", 2)
    kubelet.admit(pod("p", 2))
    with grpc.insecure_channel(f"unix:{kubelet.pod_resources}/kubelet.sock") as channel:
        lister = podresources_grpc.PodResourcesListerStub(channel)
        (listed,) = lister.List(podresources.ListPodResourcesRequest()).pod_resources
        entries = sorted((e.device_ids[0], [n.ID for n in e.topology.nodes]) for e in listed.containers[0].devices)
        assert entries == [("b", [0]), ("b", [1]), ("c", [])]
        kubelet.exhausted_answers = 1
        with pytest.raises(grpc.RpcError) as error:
            lister.Get(podresources.GetPodResourcesRequest(pod_name="p", pod_namespace="default"))
        assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        with pytest.raises(grpc.RpcError) as error:
            lister.Get(podresources.GetPodResourcesRequest(pod_name="q", pod_namespace="default"))
        assert error.value.code() == grpc.StatusCode.UNKNOWN
    checkpoint = json.loads((kubelet.plugins / "kubelet_internal_checkpoint").read_text())
    assert checkpoint["Data"]["PodDeviceEntries"][0]["DeviceIDs"].keys() == {"0", "1", "-1"}


def test_the_end_of_an_old_stream_takes_the_new_registration_with_it(kubelet):
    old = Plugin(kubelet, [device("a")])
    old.register()
    kubelet.wait_for("x.io/vf", 1)
    new = Plugin(kubelet, [device("a"), device("b")], socket="new.sock")
    new.register()
    kubelet.wait_for("x.io/vf", 2)
    old.lists.put(None)
    kubelet.wait_for("x.io/vf", 0)
    assert kubelet.resources()["x.io/vf"]["capacity"] == 2


def test_a_restart_clears_the_directory_and_forgets_capacity(kubelet):
    plugin = Plugin(kubelet, [device("a")])
    plugin.register()
    kubelet.wait_for("x.io/vf", 1)
    (kubelet.plugins / "regular").write_text("stays")
    kubelet.restart()
    assert kubelet.resources() == {"x.io/vf": {"capacity": 0, "allocatable": 0}}
    assert sorted(path.name for path in kubelet.plugins.iterdir()) == [
        "kubelet.sock",
        "kubelet_internal_checkpoint",
        "regular",
    ]
    kubelet.dial_seconds = 0.5
    # The plugin's own file is gone: it has to bind again before it can register.
    with pytest.raises(grpc.RpcError):
        plugin.register()


PLUGIN = """#!/bin/sh
cat > "$LOG/$CNI_COMMAND.stdin"
env | grep ^CNI_ | sort > "$LOG/$CNI_COMMAND.env"
case $CNI_COMMAND in
ADD) [ -e "$LOG/fail" ] && echo '{"code": 11, "msg": "later", "details": "busy"}' && exit 1
     echo '{"cniVersion": "1.1.0", "interfaces": [{"name": "eth0"}]}';;
VERSION) echo '{"cniVersion": "1.1.0", "supportedVersions": ["1.1.0"]}';;
esac
"""


@pytest.fixture
def cni(tmp_path):
    (tmp_path / "recorder").write_text(PLUGIN)
    (tmp_path / "recorder").chmod(0o755)
    capabilities = {"io.kubernetes.cri.pod-annotations": True, "portMappings": True}
    config = {"cniVersion": "1.1.0", "name": "n", "plugins": [{"type": "recorder", "capabilities": capabilities}]}
    (tmp_path / "n.conflist").write_text(json.dumps(config))
    return runtime.Runtime(
        tmp_path / "state", tmp_path / "n.conflist", [tmp_path], environment={"LOG": str(tmp_path)}
    )


def test_a_plugin_is_called_as_containerd_calls_it(cni, tmp_path):
    sandbox, result = cni.run(pod("p", 1, annotations={"k": "v"}))
    assert result == {"cniVersion": "1.1.0", "interfaces": [{"name": "eth0"}]}
    request = json.loads((tmp_path / "ADD.stdin").read_text())
    assert (request["name"], request["cniVersion"]) == ("n", "1.1.0")
    assert request["runtimeConfig"] == {"io.kubernetes.cri.pod-annotations": {"k": "v"}}
    assert "prevResult" not in request
    variables = dict(line.split("=", 1) for line in (tmp_path / "ADD.env").read_text().splitlines())
    assert variables["CNI_NETNS"] == sandbox.netns and pathlib.Path(sandbox.netns).exists()
    assert variables["CNI_ARGS"] == (
        f"IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=p;K8S_POD_INFRA_CONTAINER_ID={sandbox.id};"
        f"K8S_POD_UID={sandbox.pod.uid}"
    )
    cni.check(sandbox)
    assert json.loads((tmp_path / "CHECK.stdin").read_text())["prevResult"] == result
    cni.gc()
    assert json.loads((tmp_path / "GC.stdin").read_text())["cni.dev/valid-attachments"] == [
        {"containerID": sandbox.id, "ifname": "eth0"}
    ]
    cni.status()
    assert cni.version()["recorder"]["supportedVersions"] == ["1.1.0"]
    cni.stop(sandbox)
    assert json.loads((tmp_path / "DEL.stdin").read_text())["prevResult"] == result
    assert not pathlib.Path(sandbox.netns).exists() and cni.sandboxes() == []


def test_a_failed_add_is_torn_down(cni, tmp_path):
    (tmp_path / "fail").touch()
    with pytest.raises(runtime.CNIError) as error:
        cni.run(pod("p", 1))
    assert (error.value.code, error.value.message, error.value.details) == (11, "later", "busy")
    assert "prevResult" not in json.loads((tmp_path / "DEL.stdin").read_text())
    assert cni.sandboxes() == []
