"""Our messages against Google's, and our device plugin against a kubelet that behaves like one."""

import pathlib
import random
import socket
import sys
import time

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Standins"))

from kubelet import AdmissionError, Kubelet  # noqa: E402
from stubs import deviceplugin as api  # noqa: E402
from stubs import deviceplugin_grpc, pluginregistration, podresources  # noqa: E402

MESSAGES = [
    *(getattr(api, name) for name in (
        "Empty", "DevicePluginOptions", "RegisterRequest", "ListAndWatchResponse", "PreferredAllocationRequest",
        "PreferredAllocationResponse", "AllocateRequest", "AllocateResponse", "PreStartContainerRequest",
        "PreStartContainerResponse",
    )),
    *(getattr(podresources, name) for name in (
        "ListPodResourcesRequest", "ListPodResourcesResponse", "GetPodResourcesRequest", "GetPodResourcesResponse",
        "AllocatableResourcesRequest", "AllocatableResourcesResponse",
    )),
    *(getattr(pluginregistration, name) for name in (
        "InfoRequest", "PluginInfo", "RegistrationStatus", "RegistrationStatusResponse",
    )),
]
TEXTS = ["", "a", "0000:01:10.2", "naïve 🧭", "\x00\n", "x" * 300]
NUMBERS = [0, 1, 127, 128, -1, 2**31 - 1, -(2**31)]
LARGE = [0, 1, 2**63, 2**64 - 1]


def fill(message, chance):
    """Gives every field of the message, and of those in it, some value or none."""
    for field in message.DESCRIPTOR.fields:
        if chance.random() < 0.3:
            continue
        is_message = field.type == FieldDescriptor.TYPE_MESSAGE
        if is_message and field.message_type.GetOptions().map_entry:
            for _ in range(chance.randrange(3)):
                getattr(message, field.name)[chance.choice(TEXTS)] = chance.choice(TEXTS)
        elif field.is_repeated and is_message:
            for _ in range(chance.randrange(4)):
                fill(getattr(message, field.name).add(), chance)
        elif field.is_repeated:
            getattr(message, field.name).extend(value(field, chance) for _ in range(chance.randrange(4)))
        elif is_message:
            getattr(message, field.name).SetInParent()
            fill(getattr(message, field.name), chance)
        else:
            setattr(message, field.name, value(field, chance))
    return message


def value(field, chance):
    match field.type:
        case FieldDescriptor.TYPE_STRING:
            return chance.choice(TEXTS)
        case FieldDescriptor.TYPE_BOOL:
            return chance.random() < 0.5
        case FieldDescriptor.TYPE_UINT64:
            return chance.choice(LARGE)
        case _:
            return chance.choice(NUMBERS)


@pytest.mark.parametrize("type", MESSAGES, ids=lambda type: type.DESCRIPTOR.full_name)
def test_what_google_writes_comes_back_the_same(type, peer):
    ours = peer("messages")
    name = type.DESCRIPTOR.full_name
    for seed in range(100):
        message = fill(type(), random.Random(seed))
        answer = ours.ask(f"{name} {message.SerializeToString().hex()}")
        assert type.FromString(bytes.fromhex(answer)) == message, (seed, answer)


def test_a_string_that_is_no_utf8_is_refused_by_both(peer):
    bad = bytes.fromhex("1202ff41")
    with pytest.raises(Exception):
        api.RegisterRequest.FromString(bad)
    assert peer("messages").ask(f"v1beta1.RegisterRequest {bad.hex()}") == "error string field 2 is not UTF-8"


# The device plugin

VFS = ["0000:01:10.0", "0000:01:10.1", "0000:01:10.2"]
VF = "x.io/vf"


@pytest.fixture
def kubelet(tmp_path):
    kubelet = Kubelet(tmp_path, log=sys.stderr)
    kubelet.start()
    yield kubelet
    kubelet.stop()


@pytest.fixture
def plugin(peer, kubelet):
    """Our plugin with three devices in one pool, and none in another, registered."""
    plugin = peer("plugin", kubelet.plugins)
    assert plugin.ask(f"update {VF}={VFS[0]}@0,{VFS[1]}@1,{VFS[2]} y.io/empty=") == "ok"
    kubelet.wait_for(VF, 3)
    kubelet.wait_for("y.io/empty", 0)
    return plugin


def pod(name, *counts):
    containers = [
        {"name": f"c{index}", "resources": {"limits": {VF: str(count)}}} for index, count in enumerate(counts)
    ]
    return {"metadata": {"name": name}, "spec": {"containers": containers}}


def state(plugin, resource=VF):
    """Phase, devices, healthy ones, stream, allocations, socket."""
    for pool in plugin.ask("status").split("; "):
        name, *words = pool.rsplit(" ", 5)
        if name.startswith(f"{resource} "):
            return [name.removeprefix(f"{resource} "), *words]
    raise KeyError(resource)


def eventually(condition, seconds=10):
    """Waits until `condition()` holds; fails with what it answered last."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.01)


def settled(plugin, phase="registered", resource=VF):
    """The state once it has that phase; that may be a moment after the kubelet has the devices."""
    eventually(lambda: state(plugin, resource)[0] == phase)
    return state(plugin, resource)


def sockets(kubelet):
    return sorted(path.name for path in kubelet.plugins.iterdir() if path.name.startswith("patchbay-"))


def test_devices_reach_the_kubelet_with_their_topology(kubelet, plugin):
    assert kubelet.resources() == {
        VF: {"capacity": 3, "allocatable": 3},
        "y.io/empty": {"capacity": 0, "allocatable": 0},
    }
    nodes = {id: [node.ID for node in device.topology.nodes] for id, device in kubelet.devices[VF].items()}
    assert nodes == {VFS[0]: [0], VFS[1]: [1], VFS[2]: []}
    assert kubelet.devices[VF][VFS[0]].HasField("topology") and not kubelet.devices[VF][VFS[2]].HasField("topology")
    assert settled(plugin)[:5] == ["registered", "3", "3", "open", "0"]


def test_sockets_are_roots_alone(kubelet, plugin):
    assert len(sockets(kubelet)) == 2
    for name in sockets(kubelet):
        assert (kubelet.plugins / name).stat().st_mode & 0o777 == 0o600
    assert kubelet.plugins.stat().st_mode & 0o777 == 0o750


def test_options_are_the_same_wherever_they_are_asked_for(kubelet, plugin):
    options = kubelet.endpoints[VF].options
    assert options == api.DevicePluginOptions(get_preferred_allocation_available=True)


def test_a_container_gets_variables_for_its_devices(kubelet, plugin):
    granted = kubelet.admit(pod("p", 2, 1))
    for container in granted.values():
        ids = container["ids"][VF]
        assert container["envs"]["PCIDEVICE_X_IO_VF"] == ",".join(ids)
        assert set(container["envs"]) == {"PCIDEVICE_X_IO_VF", "PCIDEVICE_X_IO_VF_INFO"}
    with pytest.raises(AdmissionError, match="unavailable"):
        kubelet.admit(pod("q", 1))
    assert state(plugin)[4] == "2"
    kubelet.remove("p")
    kubelet.admit(pod("q", 3))


def test_an_unknown_device_is_refused_in_words(kubelet, plugin):
    stub = kubelet.endpoints[VF].plugin
    request = api.AllocateRequest(container_requests=[api.ContainerAllocateRequest(devices_ids=["0000:99:00.0"])])
    with pytest.raises(grpc.RpcError) as error:
        stub.Allocate(request)
    assert error.value.details() == "x.io/vf has no device 0000:99:00.0"


def test_a_container_is_started_though_nothing_was_asked_for(kubelet, plugin):
    kubelet.admit(pod("p", 1))
    kubelet.start_container("p", "c0")
    kubelet.endpoints[VF].plugin.PreStartContainer(api.PreStartContainerRequest(devices_ids=[VFS[0]]), timeout=5)


def test_only_changes_are_sent(kubelet, plugin):
    endpoint = kubelet.endpoints[VF]
    assert endpoint.lists == 1
    same = f"update {VF}={VFS[0]}@0,{VFS[1]}@1,{VFS[2]} y.io/empty="
    for _ in range(3):
        plugin.ask(same)
    plugin.ask(f"update {VF}={VFS[0]}@0,{VFS[1]}@1!cable y.io/empty=")
    kubelet.wait_for(VF, 1)
    assert kubelet.resources()[VF] == {"capacity": 2, "allocatable": 1}
    assert endpoint.lists == 2


def test_an_ill_device_is_not_given(kubelet, plugin):
    plugin.ask(f"update {VF}={VFS[0]}!awaiting_return")
    stub = kubelet.endpoints[VF].plugin
    request = api.AllocateRequest(container_requests=[api.ContainerAllocateRequest(devices_ids=[VFS[0]])])
    with pytest.raises(grpc.RpcError) as error:
        stub.Allocate(request)
    assert error.value.details() == f"{VFS[0]} may not be given now: awaiting_return"


def test_pools_come_and_go(kubelet, plugin):
    plugin.ask(f"update {VF}={VFS[0]} z.io/new={VFS[1]}")
    kubelet.wait_for("z.io/new", 1)
    kubelet.wait(lambda: kubelet.endpoints["y.io/empty"].is_stopped)
    assert kubelet.resources()["y.io/empty"]["capacity"] == 0
    assert len(sockets(kubelet)) == 2


@pytest.mark.parametrize("deletes_only_sockets", [True, False], ids=["from 1.33", "up to 1.32"])
def test_pools_are_back_after_the_kubelet_restarts(kubelet, plugin, deletes_only_sockets, record_property):
    settled(plugin)
    before = sockets(kubelet)
    kubelet.deletes_only_sockets = deletes_only_sockets
    kubelet.stop()
    time.sleep(0.3)
    for name in kubelet.devices:
        kubelet.devices[name] = {}
    began = time.monotonic()
    kubelet.start()
    kubelet.wait_for(VF, 3)
    took = (time.monotonic() - began) * 1000
    record_property("milliseconds", f"{took:.1f}")
    print(f"pools were back {took:.1f} ms after the kubelet had begun to start")
    settled(plugin)
    assert not set(before) & set(sockets(kubelet))


def test_restarts_leave_no_descriptor_behind(kubelet, plugin):
    def count():
        return len(list(pathlib.Path(f"/proc/{plugin.process.pid}/fd").iterdir()))

    def restart():
        kubelet.restart()
        kubelet.wait_for(VF, 3)
        for resource in (VF, "y.io/empty"):
            assert settled(plugin, resource=resource)[3] == "open"

    # The first has event loops and threads made that stay.
    restart()
    time.sleep(0.5)
    before = count()
    for _ in range(5):
        restart()
    eventually(lambda: count() <= before)


def test_the_kubelet_may_come_last(peer, tmp_path):
    kubelet = Kubelet(tmp_path / "later", log=sys.stderr)
    plugin = peer("plugin", kubelet.plugins)
    plugin.ask(f"update {VF}={VFS[0]}")
    settled(plugin, "backing off")
    kubelet.start()
    kubelet.wait_for(VF, 1)
    plugin.end()
    kubelet.stop()


def test_a_refused_registration_is_tried_again(peer, kubelet):
    kubelet.refuse_registrations = 3
    plugin = peer("plugin", kubelet.plugins)
    plugin.ask(f"update {VF}={VFS[0]}")
    kubelet.wait_for(VF, 1)
    assert [text for _, text in kubelet.events if text.startswith("refused")] == [
        f"refused {VF}: refused for the sake of a test"
    ] * 3
    assert settled(plugin)[0] == "registered"


def test_a_broken_stream_is_answered_with_a_new_registration(kubelet, plugin):
    settled(plugin)
    first = kubelet.endpoints[VF]
    first.stream.cancel()
    kubelet.wait(lambda: kubelet.endpoints[VF] is not first and kubelet.resources()[VF]["allocatable"] == 3)
    assert settled(plugin)[3] == "open"


def test_a_socket_that_was_removed_is_made_again_without_losing_the_resource(kubelet, plugin):
    first = kubelet.endpoints[VF]
    name = settled(plugin)[5]
    (kubelet.plugins / name).unlink()
    kubelet.wait(lambda: kubelet.endpoints[VF] is not first and kubelet.resources()[VF]["allocatable"] == 3)
    assert settled(plugin)[5] != name
    # The old stream ended before the new registration began, so it could not take that with it.
    texts = [text for _, text in kubelet.events if VF in text]
    ended = next(index for index, text in enumerate(texts) if text.startswith("stream of"))
    again = max(index for index, text in enumerate(texts) if text.startswith("registered"))
    assert ended < again
    time.sleep(0.2)
    assert kubelet.resources()[VF]["allocatable"] == 3


def test_devices_are_withdrawn_at_shutdown(kubelet, plugin):
    assert plugin.end() == 0
    kubelet.wait(lambda: kubelet.endpoints[VF].is_stopped)
    assert kubelet.resources()[VF] == {"capacity": 0, "allocatable": 0}
    texts = [text for _, text in kubelet.events if VF in text]
    assert texts[-2:] == [f"{VF}: 0 devices, 0 healthy", f"stream of {VF} ended: OK"]
    assert sockets(kubelet) == []


def test_a_long_list_arrives_whole(kubelet, peer):
    plugin = peer("plugin", kubelet.plugins)
    ids = [f"{domain:04x}:{bus:02x}:{device:02x}.{function}" for domain in range(4) for bus in range(16)
           for device in range(32) for function in range(8)]
    plugin.ask(f"update {VF}={','.join(ids)}")
    kubelet.wait_for(VF, len(ids))
    assert set(kubelet.devices[VF]) == set(ids)


def test_sockets_that_a_killed_instance_left_are_removed(kubelet, peer):
    with socket.socket(socket.AF_UNIX) as abandoned, socket.socket(socket.AF_UNIX) as alive:
        abandoned.bind(str(kubelet.plugins / "patchbay-abandoned.sock"))
        alive.bind(str(kubelet.plugins / "patchbay-alive.sock"))
        alive.listen()
        peer("plugin", kubelet.plugins).ask(f"update {VF}={VFS[0]}")
        kubelet.wait_for(VF, 1)
        eventually(lambda: not (kubelet.plugins / "patchbay-abandoned.sock").exists())
        assert (kubelet.plugins / "patchbay-alive.sock").exists()


# Pod resources


def test_pods_are_listed_over_a_lost_connection_and_a_used_up_rate(kubelet, plugin, peer):
    granted = kubelet.admit(pod("p", 1, 1))
    expected = "; ".join(sorted(f"default/p {name} {VF} {each['ids'][VF][0]}" for name, each in granted.items()))
    pods = peer("pods", kubelet.pod_resources / "kubelet.sock")
    assert pods.ask("list") == expected
    kubelet.exhausted_answers = 3
    assert pods.ask("list") == expected
    kubelet.stop()
    kubelet.start()
    assert pods.ask("list") == expected


def test_a_kubelet_that_is_away_is_said_to_be(peer, tmp_path):
    assert peer("pods", tmp_path / "none.sock").ask("list").startswith("error UNAVAILABLE: connect")
