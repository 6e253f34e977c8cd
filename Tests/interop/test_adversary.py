"""Our server against a peer that breaks the rules of HTTP/2 and HPACK, one case a rule, its section in its name.

After each, the error code is the one the section demands, what need not end goes on, and a new connection is served.
Rules that cannot be broken from outside at a moment the test chooses (flow control against a window that is refilled
as it is used, above all) have their cases beside the machines: HTTP2Tests.
"""

import random
import time

import hyperframe.frame
import pytest

from conftest import PATIENCE, Process
from frames import *

WAIT = "/test.Peer/Wait"
open_call = call(1, WAIT)  # the request is whole, its handler runs on


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    path = tmp_path_factory.mktemp("adversary") / "s"
    server = Process("serve", path)
    assert server.line() == "ready"
    server.socket = path
    yield server
    assert server.end() == 0


@pytest.fixture
def wire(server):
    """A connection past its handshake; afterwards another one is served."""
    with Wire.connect(server.socket) as wire:
        wire.send(PREFACE + settings())
        wire.until(lambda frame: isinstance(frame, hyperframe.frame.SettingsFrame) and "ACK" in frame.flags)
        wire.send(frame(SETTINGS, ACK))
        yield wire
    assert serves(server)


def serves(server):
    with Wire.connect(server.socket) as other:
        other.send(PREFACE + settings() + call(1))
        return other.answer(1) == (message(b"hello"), 0)


# The preface


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n" + settings(), id="§3.4 wrong preface"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", id="§3.4 HTTP/1.1"),
        pytest.param(PREFACE + frame(PING, 0, 0, bytes(8)), id="§3.4 first frame is PING"),
        pytest.param(PREFACE + frame(SETTINGS, ACK), id="§3.4 first frame is an acknowledgement"),
        pytest.param(PREFACE + headers(1), id="§3.4 first frame is HEADERS"),
        pytest.param(PREFACE + frame(0xFA), id="§3.4 first frame is of an unknown type"),
    ],
)
def test_handshake(server, octets):
    with Wire.connect(server.socket) as wire:
        wire.send(octets)
        assert wire.goaway() == PROTOCOL_ERROR
    assert serves(server)


# Errors of the connection: GOAWAY with the code, then the end


def hpacked(octets):
    return frame(HEADERS, END_HEADERS, 1, octets)


def update(size):
    return integer(size, 5, 0x20)


half = frame(HEADERS, 0, 1, block(REQUEST[:2]))  # a header block that is to be continued

CONNECTION_ERRORS = {
    "§4.2 DATA above 16,384 octets": (open_call + frame(DATA, 0, 1, bytes(16_385)), FRAME_SIZE_ERROR),
    "§4.2 HEADERS above 16,384 octets": (frame(HEADERS, END_HEADERS, 1, bytes(16_385)), FRAME_SIZE_ERROR),
    "§4.2 an unknown frame above 16,384 octets": (frame(0xFA, 0, 0, bytes(16_385)), FRAME_SIZE_ERROR),
    "§4.2 the largest length there is": (frame(SETTINGS, length=0xFFFFFF), FRAME_SIZE_ERROR),
    "§4.3 a block that cannot be decoded": (hpacked(b"\xff\xff\xff\xff\xff\xff"), COMPRESSION_ERROR),
    "§4.3 a block ends inside a field": (hpacked(b"\x00\x05ab"), COMPRESSION_ERROR),
    "§4.3 a block interrupted by PING": (half + frame(PING, 0, 0, bytes(8)), PROTOCOL_ERROR),
    "§4.3 a block interrupted by another stream": (half + headers(3), PROTOCOL_ERROR),
    "§4.3 a block interrupted by DATA": (half + frame(DATA, 0, 1, b"x"), PROTOCOL_ERROR),
    "§5.1 DATA on an idle stream": (frame(DATA, 0, 1, b"x"), PROTOCOL_ERROR),
    "§5.1 RST_STREAM on an idle stream": (reset(1), PROTOCOL_ERROR),
    "§5.1 WINDOW_UPDATE on an idle stream": (window(1, 1), PROTOCOL_ERROR),
    "§5.1.1 a client uses an even number": (headers(2), PROTOCOL_ERROR),
    "§5.1.1 a number below an earlier one": (call(5, WAIT) + headers(3), PROTOCOL_ERROR),
    "§5.1.1 a server's stream, idle": (window(2, 1), PROTOCOL_ERROR),
    "§5.5 an unknown frame inside a block": (half + frame(0xFA), PROTOCOL_ERROR),
    "§6.1 DATA on stream 0": (frame(DATA, 0, 0, b"x"), PROTOCOL_ERROR),
    "§6.1 padding as long as the frame": (open_call + frame(DATA, PADDED, 1, b"\x05abcd"), PROTOCOL_ERROR),
    "§6.1 padding without its length": (open_call + frame(DATA, PADDED, 1), FRAME_SIZE_ERROR),
    "§6.2 HEADERS on stream 0": (headers(0), PROTOCOL_ERROR),
    "§6.2 padding longer than the frame": (frame(HEADERS, END_HEADERS | PADDED, 1, b"\xff\x82"), PROTOCOL_ERROR),
    "§6.2 padding that leaves no room for the priority": (
        frame(HEADERS, END_HEADERS | PADDED | WITH_PRIORITY, 1, b"\x02" + bytes(6)),
        PROTOCOL_ERROR,
    ),
    "§6.2 too short for its priority": (frame(HEADERS, END_HEADERS | WITH_PRIORITY, 1, bytes(4)), FRAME_SIZE_ERROR),
    "§6.3 PRIORITY on stream 0": (frame(PRIORITY, 0, 0, bytes(5)), PROTOCOL_ERROR),
    "§6.4 RST_STREAM on stream 0": (reset(0), PROTOCOL_ERROR),
    "§6.4 RST_STREAM of 3 octets": (open_call + frame(RST_STREAM, 0, 1, bytes(3)), FRAME_SIZE_ERROR),
    "§6.5 SETTINGS on a stream": (frame(SETTINGS, 0, 1), PROTOCOL_ERROR),
    "§6.5 SETTINGS of 5 octets": (frame(SETTINGS, 0, 0, bytes(5)), FRAME_SIZE_ERROR),
    "§6.5 an acknowledgement with a payload": (frame(SETTINGS, ACK, 0, bytes(6)), FRAME_SIZE_ERROR),
    "§6.5.2 ENABLE_PUSH of 2": (settings((2, 2)), PROTOCOL_ERROR),
    "§6.5.2 INITIAL_WINDOW_SIZE of 2^31": (settings((4, 1 << 31)), FLOW_CONTROL_ERROR),
    "§6.5.2 MAX_FRAME_SIZE of 16,383": (settings((5, 16_383)), PROTOCOL_ERROR),
    "§6.5.2 MAX_FRAME_SIZE of 2^24": (settings((5, 1 << 24)), PROTOCOL_ERROR),
    "§6.6 a client sends PUSH_PROMISE": (
        open_call + frame(PUSH_PROMISE, END_HEADERS, 1, bytes(3) + b"\x02" + block(REQUEST)),
        PROTOCOL_ERROR,
    ),
    "§6.7 PING on a stream": (frame(PING, 0, 1, bytes(8)), PROTOCOL_ERROR),
    "§6.7 PING of 7 octets": (frame(PING, 0, 0, bytes(7)), FRAME_SIZE_ERROR),
    "§6.7 PING of 9 octets": (frame(PING, 0, 0, bytes(9)), FRAME_SIZE_ERROR),
    "§6.8 GOAWAY on a stream": (frame(GOAWAY, 0, 1, bytes(8)), PROTOCOL_ERROR),
    "§6.8 GOAWAY of 7 octets": (frame(GOAWAY, 0, 0, bytes(7)), FRAME_SIZE_ERROR),
    "§6.9 WINDOW_UPDATE of 0 on the connection": (window(0, 0), PROTOCOL_ERROR),
    "§6.9 WINDOW_UPDATE of 0, the reserved bit set": (window(0, 1 << 31), PROTOCOL_ERROR),
    "§6.9 WINDOW_UPDATE of 3 octets": (frame(WINDOW_UPDATE, 0, 0, bytes(3)), FRAME_SIZE_ERROR),
    "§6.9.1 the connection's window above 2^31-1": (window(0, (1 << 31) - 1), FLOW_CONTROL_ERROR),
    "§6.9.2 INITIAL_WINDOW_SIZE overflows a stream's window": (
        open_call + window(1, (1 << 31) - 1 - 65_535) + settings((4, 65_536)),
        FLOW_CONTROL_ERROR,
    ),
    "§6.10 CONTINUATION without HEADERS": (open_call + frame(CONTINUATION, END_HEADERS, 1), PROTOCOL_ERROR),
    "§6.10 CONTINUATION after END_HEADERS": (headers(1) + frame(CONTINUATION, END_HEADERS, 1), PROTOCOL_ERROR),
    "§6.10 CONTINUATION of another stream": (half + frame(CONTINUATION, END_HEADERS, 3), PROTOCOL_ERROR),
    "§6.10 CONTINUATION on stream 0": (half + frame(CONTINUATION, END_HEADERS, 0), PROTOCOL_ERROR),
    "RFC 7541 §2.3.3 an index beyond both tables": (hpacked(b"\xbe"), COMPRESSION_ERROR),
    "RFC 7541 §4.2 an update after a field": (hpacked(b"\x83" + update(0)), COMPRESSION_ERROR),
    "RFC 7541 §4.2 three updates": (hpacked(update(0) * 3), COMPRESSION_ERROR),
    "RFC 7541 §5.1 an integer of too many octets": (hpacked(b"\x7f" + b"\x80" * 10 + b"\x01"), COMPRESSION_ERROR),
    "RFC 7541 §5.1 an integer that is cut off": (hpacked(b"\x7f\x80"), COMPRESSION_ERROR),
    "RFC 7541 §5.2 a string longer than the block": (hpacked(b"\x00\x7f\xff\xff\x03a"), COMPRESSION_ERROR),
    "RFC 7541 §5.2 Huffman padding of 8 bits": (hpacked(b"\x00\x82\x1f\xff\x00"), COMPRESSION_ERROR),
    "RFC 7541 §5.2 Huffman padding of zeros": (hpacked(b"\x00\x81\x18\x00"), COMPRESSION_ERROR),
    "RFC 7541 §5.2 the end-of-string symbol": (hpacked(b"\x00\x84\xff\xff\xff\xfc\x00"), COMPRESSION_ERROR),
    "RFC 7541 §6.1 index 0": (hpacked(b"\x80"), COMPRESSION_ERROR),
    "RFC 7541 §6.2.1 a name of an index beyond the tables": (hpacked(b"\x7f\x00\x01a"), COMPRESSION_ERROR),
    "RFC 7541 §6.3 an update above the limit": (hpacked(update(4097)), COMPRESSION_ERROR),
    "limit: a CONTINUATION flood": (half + frame(CONTINUATION, 0, 1, b"\x83") * 9, ENHANCE_YOUR_CALM),
    "limit: a flood of empty CONTINUATION": (half + frame(CONTINUATION, 0, 1) * 11, ENHANCE_YOUR_CALM),
    "limit: a header block above 16 KiB": (
        frame(HEADERS, 0, 1, b"\x83" * 16_384) + frame(CONTINUATION, END_HEADERS, 1, b"\x83"),
        ENHANCE_YOUR_CALM,
    ),
    "limit: an HPACK bomb": (
        hpacked(b"\x40\x01a" + integer(4000, 7) + b"b" * 4000 + b"\xbe" * 10_000),
        ENHANCE_YOUR_CALM,
    ),
    "limit: 33 settings in a frame": (settings(*[(9, 1)] * 33), ENHANCE_YOUR_CALM),
    "limit: empty DATA": (headers(1) + frame(DATA, 0, 1) * 11, ENHANCE_YOUR_CALM),
    "limit: SETTINGS": (settings() * 301, ENHANCE_YOUR_CALM),
    "limit: rapid reset": (b"".join(call(n, WAIT) + reset(n) for n in range(1, 403, 2)), ENHANCE_YOUR_CALM),
    "limit: resets that we are made to send": (
        b"".join(headers(n) + window(n, 0) for n in range(1, 403, 2)),
        ENHANCE_YOUR_CALM,
    ),
}


@pytest.mark.parametrize("octets, code", CONNECTION_ERRORS.values(), ids=CONNECTION_ERRORS)
def test_connection_error(wire, octets, code):
    # Our answers have to be read while a flood is sent, or the server stops reading: that is a case of its own.
    for start in range(0, len(octets), 2048):
        wire.send(octets[start : start + 2048])
    assert wire.goaway() == code


@pytest.mark.parametrize("frames", [call(1), headers(1), frame(DATA, 0, 1, b"x")], ids=["a call", "HEADERS", "DATA"])
def test_5_1_frame_on_a_stream_that_both_sides_ended(wire, frames):
    wire.send(call(1))
    assert wire.answer(1) == (message(b"hello"), 0)
    wire.send(frames)
    assert wire.goaway() == STREAM_CLOSED


# Errors of a stream: RST_STREAM with the code, and the connection goes on


def without(name):
    return [field for field in REQUEST if field[0] != name]


def replaced(name, value):
    return [(each, value if each == name else old) for each, old in REQUEST]


MALFORMED = {
    "§8.2 a name in upper case": REQUEST + [("X-Test", "a")],
    "§8.2.1 a blank in a name": REQUEST + [("x test", "a")],
    "§8.2.1 a control character in a name": REQUEST + [(b"x\x01", "a")],
    "§8.2.1 an octet above 0x7e in a name": REQUEST + [(b"x\xe4", "a")],
    "§8.2.1 a colon in a name": REQUEST + [("x:y", "a")],
    "§8.2.1 an empty name": REQUEST + [("", "a")],
    "§8.2.1 NUL in a value": REQUEST + [("x-test", b"a\0b")],
    "§8.2.1 LF in a value": REQUEST + [("x-test", "a\nb")],
    "§8.2.1 CR in a value": REQUEST + [("x-test", "a\rb")],
    "§8.2.1 a blank before a value": REQUEST + [("x-test", " a")],
    "§8.2.1 a tab after a value": REQUEST + [("x-test", "a\t")],
    "§8.2.2 connection": REQUEST + [("connection", "close")],
    "§8.2.2 proxy-connection": REQUEST + [("proxy-connection", "close")],
    "§8.2.2 keep-alive": REQUEST + [("keep-alive", "1")],
    "§8.2.2 transfer-encoding": REQUEST + [("transfer-encoding", "chunked")],
    "§8.2.2 upgrade": REQUEST + [("upgrade", "h2c")],
    "§8.2.2 te other than trailers": replaced("te", "gzip"),
    "§8.3 a pseudo-header field after a regular one": REQUEST[1:] + REQUEST[:1],
    "§8.3 an unknown pseudo-header field": [(":x", "a")] + REQUEST,
    "§8.3 a response's pseudo-header field": [(":status", "200")] + REQUEST,
    "§8.3 a pseudo-header field twice": [(":path", "/a/b")] + REQUEST,
    "§8.3.1 no :method": without(":method"),
    "§8.3.1 no :scheme": without(":scheme"),
    "§8.3.1 no :path": without(":path"),
    "§8.3.1 an empty :path": replaced(":path", ""),
    "§8.5 CONNECT with a :path": replaced(":method", "CONNECT"),
    "§8.1.1 a content-length that is no number": REQUEST + [("content-length", "+5")],
}

STREAM_ERRORS = {name: (headers(1, fields), PROTOCOL_ERROR) for name, fields in MALFORMED.items()} | {
    "§5.1 DATA after END_STREAM": (open_call + frame(DATA, 0, 1, b"x"), STREAM_CLOSED),
    "§5.1 HEADERS after END_STREAM": (open_call + headers(1), STREAM_CLOSED),
    "§5.1 DATA after RST_STREAM": (open_call + reset(1) + frame(DATA, 0, 1, b"x"), STREAM_CLOSED),
    "§5.1 HEADERS after RST_STREAM": (open_call + reset(1) + headers(1), STREAM_CLOSED),
    "§6.3 PRIORITY of 4 octets": (open_call + frame(PRIORITY, 0, 1, bytes(4)), FRAME_SIZE_ERROR),
    "§6.9 WINDOW_UPDATE of 0 on a stream": (open_call + window(1, 0), PROTOCOL_ERROR),
    "§6.9.1 a stream's window above 2^31-1": (open_call + window(1, (1 << 31) - 1), FLOW_CONTROL_ERROR),
    "§8.1 HEADERS in the middle without END_STREAM": (headers(1) + headers(1, [("x", "y")]), PROTOCOL_ERROR),
    "§8.1 pseudo-header fields in trailers": (
        headers(1) + headers(1, [(":path", "/")], END_HEADERS | END_STREAM),
        PROTOCOL_ERROR,
    ),
    "§8.1.1 more than content-length": (
        headers(1, request("/test.Peer/Echo", ("content-length", "9"))) + frame(DATA, 0, 1, message(b"hello")),
        PROTOCOL_ERROR,
    ),
    "§8.1.1 less than content-length": (
        headers(1, request("/test.Peer/Echo", ("content-length", "99"))) + frame(DATA, END_STREAM, 1, message(b"x")),
        PROTOCOL_ERROR,
    ),
    "limit: a header list above 16 KiB": (
        hpacked(block(REQUEST) + b"\x40\x01a" + integer(3900, 7) + b"b" * 3900 + b"\xbe" * 4),
        ENHANCE_YOUR_CALM,
    ),
}


@pytest.mark.parametrize("octets, code", STREAM_ERRORS.values(), ids=STREAM_ERRORS)
def test_stream_error(wire, octets, code):
    wire.send(octets)
    assert wire.reset_code(1) == code
    assert wire.is_alive()
    wire.send(call(11))
    assert wire.answer(11) == (message(b"hello"), 0)


def test_5_1_2_more_streams_than_announced(wire):
    for stream in range(1, 2 * 128, 2):
        wire.send(call(stream, WAIT))
    wire.send(call(301))
    assert wire.reset_code(301) == REFUSED_STREAM
    assert wire.is_alive()
    assert serves_beside(wire)


def serves_beside(wire):
    """Whether a place that becomes free can be taken; the handler that has it counts until it has noticed."""
    wire.send(reset(1))
    for stream in range(303, 403, 2):
        wire.send(call(stream))
        first = wire.until(lambda frame: frame.stream_id == stream)
        if not isinstance(first, hyperframe.frame.RstStreamFrame):
            return first.fields[":status"] == "200"
    return False


# What a peer may do although it is odd: nothing happens, the connection goes on

TOLERATED = {
    "§4.1 a frame of an unknown type": frame(0xFA, 0xFF, 0, b"x") + frame(0xFB, 0, 77, b"y"),
    "§4.1 undefined flags": frame(PING, 0xFE, 0, bytes(8)),
    "§4.1 the reserved bit of a stream's number": frame(PING, 0, 1 << 31, bytes(8)),
    "§5.1 WINDOW_UPDATE after RST_STREAM": open_call + reset(1) + window(1, 5),
    "§5.1 RST_STREAM after RST_STREAM": open_call + reset(1) + reset(1),
    "§5.1 PRIORITY on an idle stream": frame(PRIORITY, 0, 9, bytes(5)),
    "§5.1 PRIORITY on a closed stream": open_call + reset(1) + frame(PRIORITY, 0, 1, bytes(5)),
    "§5.3.2 a stream that depends on itself": frame(PRIORITY, 0, 1, b"\0\0\0\1\0"),
    "§5.4 RST_STREAM with an unknown code": open_call + reset(1, 0xDEAD),
    "§5.5 unknown settings": settings((0x99, 1), (0xFFFF, 0xFFFFFFFF)),
    "§6.1 padding": headers(1) + frame(DATA, PADDED, 1, b"\x04" + message(b"x")[:2] + bytes(4)),
    "§6.5.2 every legal extreme": settings((1, 0), (3, 0), (4, (1 << 31) - 1), (5, (1 << 24) - 1), (6, 0)),
    "§6.7 an acknowledgement nobody waits for": frame(PING, ACK, 0, b"whatever"),
    "§6.5.3 an acknowledgement nobody waits for": frame(SETTINGS, ACK) * 3,
    "§6.9.2 a window that becomes negative": call(1, "/test.Peer/Big", b"100000") + settings((4, 0)),
    "RFC 7541 §4.2 two updates": hpacked(update(0) + update(4096) + block(request(WAIT))),
}


@pytest.mark.parametrize("octets", TOLERATED.values(), ids=TOLERATED)
def test_tolerated(wire, octets):
    wire.send(octets)
    assert wire.is_alive()


def test_6_8_goaway_of_a_client_lets_its_calls_finish(wire):
    wire.send(headers(1) + frame(GOAWAY, 0, 0, bytes(8)) + frame(DATA, END_STREAM, 1, message(b"late")))
    assert wire.answer(1) == (message(b"late"), 0)
    assert wire.frame() is None


def test_6_7_pings_are_answered_in_order(wire):
    payloads = [number.to_bytes(8, "big") for number in range(50)]
    for payload in payloads:
        wire.send(frame(PING, 0, 0, payload))
    answers = [wire.until(lambda frame: isinstance(frame, hyperframe.frame.PingFrame)) for _ in payloads]
    assert [answer.opaque_data for answer in answers] == payloads


# What a peer may cost


def resident(server):
    with open(f"/proc/{server.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def flood(wire, octets):
    """Sends without reading until the server takes no more; how many octets that were."""
    wire.socket.settimeout(2)
    sent = 0
    while sent < 64 << 20:
        try:
            sent += wire.socket.send(octets)
        except TimeoutError:
            return sent
    raise AssertionError("the server goes on reading though nobody reads its answers")


FLOODS = {
    "PING": frame(PING, 0, 0, bytes(8)) * 200_000,
    "calls of no method": b"".join(headers(number, request("/none")) for number in range(1, 100_001, 2)),
}


@pytest.mark.parametrize("octets", FLOODS.values(), ids=FLOODS)
def test_limit_a_flood_whose_answers_nobody_reads_is_not_read(server, wire, octets):
    before = resident(server)
    wire.socket.settimeout(2)
    with pytest.raises((TimeoutError, BrokenPipeError, ConnectionResetError)):
        wire.socket.sendall(octets)
    assert resident(server) - before < 8 << 10  # KiB


def test_limit_a_reader_that_never_reads_holds_the_writer_back(server, wire):
    wire.send(settings((4, (1 << 31) - 1)) + window(0, (1 << 31) - 1 - 65_535) + call(1, "/test.Peer/Flood"))
    before = resident(server)
    time.sleep(1)  # not for it to be over: the longer it takes, the more would be held
    assert resident(server) - before < 8 << 10  # KiB
    wire.socket.close()
    while server.line() != "stopped Flood":  # the handlers of other cases say that they stopped, too
        pass


def test_limit_half_open_connections_end_in_ten_seconds(server):
    halves = [b"", PREFACE[:10], PREFACE]
    wires = [Wire.connect(server.socket) for _ in halves]
    started = time.monotonic()
    for wire, octets in zip(wires, halves):
        wire.send(octets)
    for wire in wires:
        with wire:
            assert wire.goaway() == PROTOCOL_ERROR
    assert 9 < time.monotonic() - started < PATIENCE
    assert serves(server)


@pytest.mark.parametrize("seed", range(20))
def test_random_octets_end_in_an_error_or_in_nothing(server, seed):
    source = random.Random(seed)
    with Wire.connect(server.socket) as wire:
        wire.send(PREFACE + settings())
        for _ in range(200):
            payload = source.randbytes(source.choice([0, 1, 4, 5, 6, 8, 40]))
            wire.send(frame(source.randrange(11), source.randrange(256), source.choice([0, 1, 1, 2, 3, 5]), payload))
        wire.socket.shutdown(1)
        while wire.frame() is not None:
            pass
    assert serves(server)
