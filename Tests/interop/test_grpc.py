"""Our gRPC server and client against grpcio (C-core), over Unix sockets."""

import concurrent.futures
import shutil
import subprocess
import threading

import grpc
import pytest

from conftest import PATIENCE


def status(call):
    with pytest.raises(grpc.RpcError) as raised:
        call()
    return raised.value.code(), raised.value.details()


def pattern(count):
    return (bytes(index * 31 % 256 for index in range(256)) * (count // 256 + 1))[:count]


# Our server


@pytest.fixture
def server(peer, tmp_path):
    server = peer("serve", tmp_path / "server.sock")
    assert server.line() == "ready"
    server.socket = tmp_path / "server.sock"
    return server


@pytest.fixture
def channel(server):
    options = [("grpc.max_receive_message_length", 64 << 20)]
    with grpc.insecure_channel(f"unix:{server.socket}", options=options) as channel:
        yield channel


def unary(channel, method, request=b"", timeout=PATIENCE, **more):
    return channel.unary_unary(f"/test.Peer/{method}")(request, timeout=timeout, **more)


def stream(channel, method, request=b"", timeout=None):
    return channel.unary_stream(f"/test.Peer/{method}")(request, timeout=timeout)


@pytest.mark.parametrize("size", [0, 1, 16_379, 65_536, 100_000, (4 << 20) - 100])
def test_server_echoes_messages_of_any_size(channel, size):
    assert unary(channel, "Echo", pattern(size)) == pattern(size)


def test_server_sends_more_than_the_windows_hold(channel):
    assert unary(channel, "Big", b"6000000") == pattern(6_000_000)


@pytest.mark.parametrize("count, size", [(0, 0), (1, 0), (1000, 10), (5, 70_000)])
def test_server_streams(channel, count, size):
    assert list(stream(channel, "Stream", b"%d %d" % (count, size))) == [pattern(size)] * count


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_server_gives_the_handlers_status_and_message(channel, code):
    message = " nöt 100% \n「ok」 "
    request = f"{code.value[0]} {message}".encode()
    assert status(lambda: unary(channel, "Fail", request)) == (code, message)


def test_server_survives_a_handler_that_throws(channel):
    assert status(lambda: unary(channel, "Mishap")) == (grpc.StatusCode.UNKNOWN, "Mishap()")
    assert unary(channel, "Echo", b"alive") == b"alive"


def test_server_does_not_know_every_method(channel):
    code, details = status(lambda: unary(channel, "None"))
    assert (code, "/test.Peer/None" in details) == (grpc.StatusCode.UNIMPLEMENTED, True)


def test_server_refuses_a_message_above_its_limit_and_goes_on(channel):
    code, _ = status(lambda: unary(channel, "Echo", bytes(5 << 20)))
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert unary(channel, "Echo", b"alive") == b"alive"


def test_server_refuses_compression(channel):
    code, _ = status(lambda: unary(channel, "Echo", bytes(10_000), compression=grpc.Compression.Gzip))
    assert code is grpc.StatusCode.UNIMPLEMENTED


def test_server_hands_metadata_to_the_handler(channel):
    assert unary(channel, "Metadata", b"x-test", metadata=[("x-test", "a value")]) == b"a value"


@pytest.mark.parametrize("value", [b"", b"\0", b"\0\xff", b"abc", bytes(range(256))])
def test_binary_metadata_comes_back_in_headers_and_trailers(channel, value):
    answer, made = channel.unary_unary("/test.Peer/Decorated").with_call(
        b"", timeout=PATIENCE, metadata=[("x-test-bin", value), ("x-test-bin", b"2")]
    )
    assert answer == value + b"2"
    expected = [("x-plain", "a value"), ("x-echo-bin", value), ("x-echo-bin", b"2")]
    for metadata in (made.initial_metadata(), made.trailing_metadata()):
        assert [tuple(field) for field in metadata if field[0].startswith("x-")] == expected


def test_deadline_reaches_the_servers_handler(server, channel):
    code, _ = status(lambda: unary(channel, "Wait", timeout=0.2))
    assert code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert server.line() == "stopped Wait"


def test_cancellation_reaches_the_servers_handler(server, channel):
    call = stream(channel, "Forever", b"first")
    assert next(call) == b"first"
    call.cancel()
    assert server.line() == "stopped Forever"
    assert unary(channel, "Echo", b"alive") == b"alive"


def test_a_caller_that_goes_stops_a_handler_that_writes(server):
    with grpc.insecure_channel(f"unix:{server.socket}") as channel:
        call = stream(channel, "Flood")
        assert len(next(call)) == 10_000
    assert server.line() == "stopped Flood"


def test_server_runs_many_calls_at_a_time(channel):
    watch = stream(channel, "Forever", b"first")
    assert next(watch) == b"first"
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        requests = [pattern(index * 37) for index in range(500)]
        assert list(pool.map(lambda request: unary(channel, "Echo", request), requests)) == requests
    watch.cancel()


def test_server_ends_streams_with_a_status_and_removes_its_socket(server, channel):
    call = stream(channel, "Forever", b"first")
    assert next(call) == b"first"
    assert server.end() == 0
    assert status(lambda: next(call)) == (grpc.StatusCode.UNAVAILABLE, "shutting down")
    assert not server.socket.exists()


def test_h2load_gets_an_answer_to_each_of_many_calls(server, tmp_path):
    frame = tmp_path / "frame"
    frame.write_bytes(b"\0\0\0\0\5hello")
    h2load = shutil.which("h2load")
    assert h2load, "h2load is missing: Tests/setup installs nghttp2-client"
    command = [h2load, "-n", "3000", "-c", "4", "-m", "32", "-B", f"unix:{server.socket}", "-d", frame]
    command += ["-H", "content-type: application/grpc", "-H", "te: trailers", "http://localhost/test.Peer/Echo"]
    out = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=2 * PATIENCE, check=True).stdout
    assert "3000 succeeded, 0 failed, 0 errored, 0 timeout" in out
    assert "status codes: 3000 2xx" in out


# Our client


class Handlers(grpc.GenericRpcHandler):
    def __init__(self):
        self.stopped = threading.Event()
        methods = {name: grpc.unary_unary_rpc_method_handler(getattr(self, name)) for name in ["echo", "fail", "wait"]}
        methods |= {name: grpc.unary_stream_rpc_method_handler(getattr(self, name)) for name in ["stream", "forever"]}
        self.methods = {f"/test.Peer/{name}": handler for name, handler in methods.items()}

    def service(self, details):
        return self.methods.get(details.method)

    def echo(self, request, context):
        self.metadata = dict(context.invocation_metadata())
        return request

    def fail(self, request, context):
        code, message = request.decode().split(" ", 1)
        context.abort(next(each for each in grpc.StatusCode if each.value[0] == int(code)), message)

    def wait(self, request, context):
        self.saw_deadline = context.time_remaining()
        context.add_callback(self.stopped.set)
        self.stopped.wait(PATIENCE)
        return b""

    def stream(self, request, context):
        count, size = map(int, request.split())
        for _ in range(count):
            yield pattern(size)

    def forever(self, request, context):
        yield request
        context.add_callback(self.stopped.set)
        self.stopped.wait(PATIENCE)


@pytest.fixture
def grpcio(tmp_path):
    server = grpc.server(
        concurrent.futures.ThreadPoolExecutor(8), options=[("grpc.max_receive_message_length", 64 << 20)]
    )
    server.handlers = Handlers()
    server.socket = tmp_path / "grpcio.sock"
    server.add_generic_rpc_handlers([server.handlers])
    server.add_insecure_port(f"unix:{server.socket}")
    server.start()
    yield server
    server.stop(0).wait()


@pytest.mark.parametrize("size", [0, 1, 16_379, 65_536, (4 << 20) - 100])
def test_client_echoes_messages_of_any_size(call, grpcio, size):
    assert call(grpcio.socket, "/test.Peer/echo", pattern(size)) == ([pattern(size)], 0, "")


@pytest.mark.parametrize("value", [b"", b"\0", b"\0\xff", b"abc", bytes(range(256))])
def test_client_sends_binary_metadata(call, grpcio, value):
    assert call(grpcio.socket, "/test.Peer/echo", b"x", binary=value) == ([b"x"], 0, "")
    assert grpcio.handlers.metadata["x-test-bin"] == value


def test_client_refuses_an_answer_above_its_limit(call, grpcio):
    request = bytes(5 << 20)
    messages, code, _ = call(grpcio.socket, "/test.Peer/echo", request)
    assert (messages, code) == ([], grpc.StatusCode.RESOURCE_EXHAUSTED.value[0])
    assert call(grpcio.socket, "/test.Peer/echo", request, limit=16 << 20) == ([request], 0, "")


@pytest.mark.parametrize("count, size", [(0, 0), (1, 0), (1000, 10), (20, 300_000)])
def test_client_streams(call, grpcio, count, size):
    request = b"%d %d" % (count, size)
    assert call(grpcio.socket, "/test.Peer/stream", request, "stream") == ([pattern(size)] * count, 0, "")


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_client_gets_the_status_and_message(call, grpcio, code):
    message = "nöt 100% 「ok」"
    request = f"{code.value[0]} {message}".encode()
    assert call(grpcio.socket, "/test.Peer/fail", request) == ([], code.value[0], message)


def test_client_hears_of_an_unknown_method(call, grpcio):
    _, code, _ = call(grpcio.socket, "/test.Peer/none")
    assert code == grpc.StatusCode.UNIMPLEMENTED.value[0]


@pytest.mark.parametrize("method, kind, messages", [("wait", "unary", []), ("forever", "stream", [b"first"])])
def test_clients_deadline_ends_the_call_on_both_sides(call, grpcio, method, kind, messages):
    outcome = call(grpcio.socket, f"/test.Peer/{method}", b"first", kind, timeout_ms=300)
    assert outcome == (messages, grpc.StatusCode.DEADLINE_EXCEEDED.value[0], "deadline exceeded")
    assert grpcio.handlers.stopped.wait(PATIENCE)
    if method == "wait":
        assert 0 < grpcio.handlers.saw_deadline <= 0.3


def test_client_hears_that_the_server_is_gone(call, grpcio):
    grpcio.stop(0).wait()
    messages, code, _ = call(grpcio.socket, "/test.Peer/echo")
    assert (messages, code) == ([], grpc.StatusCode.UNAVAILABLE.value[0])


def test_our_client_and_our_server_agree(call, server):
    assert call(server.socket, "/test.Peer/Echo", pattern(100_000)) == ([pattern(100_000)], 0, "")
    assert call(server.socket, "/test.Peer/Stream", b"3 50000", "stream") == ([pattern(50_000)] * 3, 0, "")
    assert call(server.socket, "/test.Peer/Fail", "9 nö".encode()) == ([], 9, "nö")
