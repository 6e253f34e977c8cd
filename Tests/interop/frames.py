"""HTTP/2 frame by frame, as a peer that keeps to no rule needs it: hyperframe takes frames apart, hpack packs headers."""

import socket
import struct

import hpack
import hyperframe.frame
from conftest import PATIENCE

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, WITH_PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20

NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR = range(7)
REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM = range(7, 12)

REQUEST = [
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/test.Peer/Echo"),
    (":authority", "localhost"),
    ("content-type", "application/grpc"),
    ("te", "trailers"),
]


def frame(type, flags=0, stream=0, payload=b"", length=None):
    """Any frame, also one whose length is a lie."""
    length = len(payload) if length is None else length
    return struct.pack(">BHBBL", length >> 16, length & 0xFFFF, type, flags, stream) + payload


def block(fields):
    """A header block that leaves no trace in a table."""
    octets = b""
    for name, value in fields:
        for part, mark in ((name, b"\0"), (value, b"")):
            part = part.encode() if isinstance(part, str) else part
            octets += mark + integer(len(part), 7) + part
    return octets


def integer(value, bits, pattern=0):
    """RFC 7541 §5.1."""
    octets = hpack.hpack.encode_integer(value, bits)
    octets[0] |= pattern
    return bytes(octets)


def headers(stream, fields=REQUEST, flags=END_HEADERS):
    return frame(HEADERS, flags, stream, block(fields))


def request(path="/test.Peer/Echo", *more):
    return [(name, path if name == ":path" else value) for name, value in REQUEST] + list(more)


def message(octets=b""):
    return b"\0" + struct.pack(">L", len(octets)) + octets


def call(stream, path="/test.Peer/Echo", octets=b"hello"):
    """A whole call."""
    return headers(stream, request(path)) + frame(DATA, END_STREAM, stream, message(octets))


def settings(*pairs):
    return frame(SETTINGS, payload=b"".join(struct.pack(">HL", *pair) for pair in pairs))


def reset(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack(">L", code))


def window(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">L", increment))


class Wire:
    """One end of a connection, which sends octets and reads frames."""

    def __init__(self, sock):
        self.socket = sock
        self.socket.settimeout(PATIENCE)
        self.decoder = hpack.Decoder()
        self.rest = b""

    @classmethod
    def connect(cls, path):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(path))
        return cls(sock)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, octets):
        try:
            self.socket.sendall(octets)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the other side had enough before it had all; what it said is still to be read

    def frame(self):
        """The next frame, `None` at the end."""
        head = self._take(9)
        if head is None:
            return None
        frame, length = hyperframe.frame.Frame.parse_frame_header(memoryview(head))
        assert length <= 16_384
        frame.parse_body(memoryview(self._take(length) if length else b""))
        if isinstance(frame, hyperframe.frame.HeadersFrame):
            frame.fields = dict(self.decoder.decode(frame.data))
        return frame

    def _take(self, count):
        while len(self.rest) < count:
            try:
                more = self.socket.recv(65_536)
            except ConnectionResetError:
                more = b""
            if not more:
                assert not self.rest, "the connection ended inside a frame"
                return None
            self.rest += more
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def until(self, wanted):
        """Reads to the first frame that is `wanted`; a connection that ends before is a failure."""
        seen = []
        while (frame := self.frame()) is not None:
            if wanted(frame):
                return frame
            seen.append(frame)
        raise AssertionError(f"the connection ended after {seen}")

    def goaway(self):
        """The code of the GOAWAY, after which the connection has to end."""
        code = self.until(lambda frame: isinstance(frame, hyperframe.frame.GoAwayFrame)).error_code
        while (frame := self.frame()) is not None:
            assert not isinstance(frame, hyperframe.frame.GoAwayFrame), "two GOAWAY frames"
        return code

    def reset_code(self, stream):
        return self.until(
            lambda frame: isinstance(frame, hyperframe.frame.RstStreamFrame) and frame.stream_id == stream
        ).error_code

    def is_alive(self):
        """Whether a PING is answered, and no GOAWAY or RST_STREAM comes before the answer."""
        self.send(frame(PING, 0, 0, b"alive? 8"))
        ends = (hyperframe.frame.GoAwayFrame, hyperframe.frame.RstStreamFrame)
        answer = self.until(lambda frame: isinstance(frame, ends) or getattr(frame, "opaque_data", b"") == b"alive? 8")
        return not isinstance(answer, ends)

    def answer(self, stream):
        """The answer to a call: its messages' octets and its status."""
        octets = b""
        while True:
            frame = self.until(lambda frame: frame.stream_id == stream)
            if isinstance(frame, hyperframe.frame.DataFrame):
                octets += frame.data
            elif isinstance(frame, hyperframe.frame.HeadersFrame) and "grpc-status" in frame.fields:
                return octets, int(frame.fields["grpc-status"])
            else:
                assert not isinstance(frame, hyperframe.frame.RstStreamFrame), frame
