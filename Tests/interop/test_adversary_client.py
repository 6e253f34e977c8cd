"""Our client against a server that breaks the rules of HTTP/2, HPACK and gRPC, one case a rule, its section in its name.

The caller gets the status the mistake means, and the server the error code its section demands.
"""

import socket
import threading

import hyperframe.frame
import pytest

from frames import *

OK, CANCELLED, UNKNOWN, INTERNAL, UNAVAILABLE, RESOURCE_EXHAUSTED, PERMISSION_DENIED = 0, 1, 2, 13, 14, 8, 7
RESPONSE = [(":status", "200"), ("content-type", "application/grpc")]
STATUS = [("grpc-status", "0"), ("grpc-message", "")]


class Server:
    """Takes one connection, reads the request and answers it with octets; what the client says then is kept."""

    def __init__(self, path, octets, greeting):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.octets, self.greeting = octets, greeting
        self.frames, self.failure = [], None
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        try:
            sock, _ = self.listener.accept()
            with Wire(sock) as wire:
                wire.send(self.greeting)
                assert wire._take(len(PREFACE)) == PREFACE
                if self.octets is not None:
                    wire.until(lambda frame: "END_STREAM" in frame.flags)
                    wire.send(self.octets)
                while (frame := wire.frame()) is not None:
                    self.frames.append(frame)
        except BaseException as failure:
            self.failure = failure

    def heard(self):
        """What the client said after the answer."""
        self.thread.join(PATIENCE)
        self.listener.close()
        assert self.failure is None
        return self.frames

    def goaway(self):
        return [frame.error_code for frame in self.heard() if isinstance(frame, hyperframe.frame.GoAwayFrame)]

    def resets(self):
        return [frame.error_code for frame in self.heard() if isinstance(frame, hyperframe.frame.RstStreamFrame)]


@pytest.fixture
def outcome(call, tmp_path):
    def outcome(octets, greeting=settings() + frame(SETTINGS, ACK), kind="unary"):
        server = Server(tmp_path / "s", octets, greeting)
        messages, code, text = call(tmp_path / "s", "/a/b", b"hello", kind)
        return messages, code, server

    return outcome


def response(fields=RESPONSE, flags=END_HEADERS):
    return headers(1, fields, flags)


def data(octets=message(b"answer"), flags=0):
    return frame(DATA, flags, 1, octets)


def trailers(fields=STATUS):
    return headers(1, fields, END_HEADERS | END_STREAM)


def test_a_good_answer_is_taken(outcome):
    messages, code, server = outcome(response() + data() + trailers())
    assert (messages, code, server.goaway()) == ([b"answer"], OK, [])


GREETINGS = {
    "§3.4 first frame is PING": (frame(PING, 0, 0, bytes(8)), PROTOCOL_ERROR),
    "§3.4 first frame is an acknowledgement": (frame(SETTINGS, ACK), PROTOCOL_ERROR),
    "§3.4 HTTP/1.1": (b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", None),
    "§6.5.2 a server enables push": (settings((2, 1)), PROTOCOL_ERROR),
    "§6.5.2 INITIAL_WINDOW_SIZE of 2^31": (settings((4, 1 << 31)), FLOW_CONTROL_ERROR),
}


@pytest.mark.parametrize("octets, code", GREETINGS.values(), ids=GREETINGS)
def test_greeting(outcome, octets, code):
    messages, status, server = outcome(None, octets)
    assert (messages, status) == ([], UNAVAILABLE)
    codes = server.goaway()
    assert codes == [code] if code is not None else len(codes) == 1


CONNECTION_ERRORS = {
    "§4.2 a frame above 16,384 octets": (response() + data(bytes(16_385)), FRAME_SIZE_ERROR),
    "§4.3 a block that cannot be decoded": (frame(HEADERS, END_HEADERS, 1, b"\x80"), COMPRESSION_ERROR),
    "§5.1 HEADERS on an idle stream": (headers(3, RESPONSE), PROTOCOL_ERROR),
    "§5.1 DATA on an idle stream": (frame(DATA, 0, 3, b"x"), PROTOCOL_ERROR),
    "§5.1.1 a server opens a stream": (headers(2, RESPONSE), PROTOCOL_ERROR),
    "§6.1 DATA on stream 0": (frame(DATA, 0, 0, b"x"), PROTOCOL_ERROR),
    "§6.4 RST_STREAM on an idle stream": (reset(5), PROTOCOL_ERROR),
    "§6.5 SETTINGS of 5 octets": (frame(SETTINGS, 0, 0, bytes(5)), FRAME_SIZE_ERROR),
    "§6.6 PUSH_PROMISE though we refused push": (
        frame(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\2" + block(REQUEST)),
        PROTOCOL_ERROR,
    ),
    "§6.7 PING of 7 octets": (frame(PING, 0, 0, bytes(7)), FRAME_SIZE_ERROR),
    "§6.8 GOAWAY on a stream": (frame(GOAWAY, 0, 1, bytes(8)), PROTOCOL_ERROR),
    "§6.9 WINDOW_UPDATE of 0": (window(0, 0), PROTOCOL_ERROR),
    "§6.9.1 the connection's window above 2^31-1": (window(0, (1 << 31) - 1), FLOW_CONTROL_ERROR),
    "§6.10 CONTINUATION without HEADERS": (frame(CONTINUATION, END_HEADERS, 1), PROTOCOL_ERROR),
    "RFC 7541 §6.3 an update above the limit": (frame(HEADERS, END_HEADERS, 1, integer(4097, 5, 0x20)), COMPRESSION_ERROR),
    "limit: a CONTINUATION flood": (
        response(flags=0) + frame(CONTINUATION, 0, 1, block([("a", "b")])) * 9,
        ENHANCE_YOUR_CALM,
    ),
    "limit: an HPACK bomb": (
        frame(HEADERS, END_HEADERS, 1, b"\x40\x01a" + integer(4000, 7) + b"b" * 4000 + b"\xbe" * 10_000),
        ENHANCE_YOUR_CALM,
    ),
    "limit: SETTINGS": (settings() * 301, ENHANCE_YOUR_CALM),
    "limit: empty DATA": (response() + data(b"") * 11, ENHANCE_YOUR_CALM),
}


@pytest.mark.parametrize("octets, code", CONNECTION_ERRORS.values(), ids=CONNECTION_ERRORS)
def test_connection_error(outcome, octets, code):
    messages, status, server = outcome(octets)
    assert (messages, status) == ([], UNAVAILABLE)
    assert server.goaway() == [code]


STREAM_ERRORS = {
    "§8.1 DATA before HEADERS": (data(), INTERNAL, PROTOCOL_ERROR),
    "§8.1 an informational answer ends the stream": (
        response([(":status", "103")], END_HEADERS | END_STREAM),
        INTERNAL,
        PROTOCOL_ERROR,
    ),
    "§8.1 HEADERS in the middle without END_STREAM": (response() + response([("a", "b")]), INTERNAL, PROTOCOL_ERROR),
    "§8.1.1 more than content-length": (
        response(RESPONSE + [("content-length", "2")]) + data(),
        INTERNAL,
        PROTOCOL_ERROR,
    ),
    "§8.2.1 a name in upper case": (response(RESPONSE + [("X", "a")]), INTERNAL, PROTOCOL_ERROR),
    "§8.2.1 LF in a value": (response(RESPONSE + [("x", "a\nb")]), INTERNAL, PROTOCOL_ERROR),
    "§8.2.2 connection": (response(RESPONSE + [("connection", "close")]), INTERNAL, PROTOCOL_ERROR),
    "§8.3 a request's pseudo-header field": (response([(":path", "/")] + RESPONSE), INTERNAL, PROTOCOL_ERROR),
    "§8.3 a pseudo-header field in trailers": (
        response() + data() + trailers([(":status", "200")] + STATUS),
        INTERNAL,
        PROTOCOL_ERROR,
    ),
    "§8.3.2 no :status": (response(RESPONSE[1:]), INTERNAL, PROTOCOL_ERROR),
    "§6.9 WINDOW_UPDATE of 0 on a stream": (window(1, 0), INTERNAL, PROTOCOL_ERROR),
    "§6.9.1 a stream's window above 2^31-1": (window(1, (1 << 31) - 1), RESOURCE_EXHAUSTED, FLOW_CONTROL_ERROR),
    "gRPC: no content-type": (response(RESPONSE[:1]), UNKNOWN, PROTOCOL_ERROR),
    "gRPC: a page for people": (
        response([(":status", "403"), ("content-type", "text/html")]),
        PERMISSION_DENIED,
        PROTOCOL_ERROR,
    ),
    "gRPC: a compressed message": (response() + data(b"\1\0\0\0\1x"), INTERNAL, CANCEL),
    "gRPC: a message flag of 2": (response() + data(b"\2\0\0\0\1x"), INTERNAL, CANCEL),
    "gRPC: a message of 4 GiB": (response() + data(b"\0\xff\xff\xff\xff"), RESOURCE_EXHAUSTED, CANCEL),
    "gRPC: two messages answer a unary call": (response() + data() * 2, INTERNAL, CANCEL),
}


@pytest.mark.parametrize("octets, status, code", STREAM_ERRORS.values(), ids=STREAM_ERRORS)
def test_stream_error(outcome, octets, status, code):
    messages, got, server = outcome(octets)
    assert (messages, got, server.resets()) == ([], status, [code])


ENDS = {
    "gRPC: the stream ends without trailers": (response() + data(flags=END_STREAM), INTERNAL),
    "gRPC: trailers without grpc-status": (response() + data() + trailers([("x", "y")]), UNKNOWN),
    "gRPC: grpc-status is no number": (response() + data() + trailers([("grpc-status", "ok")]), UNKNOWN),
    "gRPC: OK without a message": (response() + trailers(), INTERNAL),
    "gRPC: the answer ends inside a message": (response() + data(message(b"answer")[:-1]) + trailers(), INTERNAL),
    "gRPC: RST_STREAM with REFUSED_STREAM": (reset(1, REFUSED_STREAM), UNAVAILABLE),
    "gRPC: RST_STREAM with CANCEL": (reset(1, CANCEL), CANCELLED),
    "gRPC: RST_STREAM with ENHANCE_YOUR_CALM": (reset(1, ENHANCE_YOUR_CALM), RESOURCE_EXHAUSTED),
    "gRPC: RST_STREAM with NO_ERROR": (reset(1, NO_ERROR), INTERNAL),
    "gRPC: RST_STREAM with an unknown code": (reset(1, 0xDEAD), UNKNOWN),
    "§6.8 GOAWAY that leaves the call out": (frame(GOAWAY, 0, 0, bytes(8)), UNAVAILABLE),
}


@pytest.mark.parametrize("octets, status", ENDS.values(), ids=ENDS)
def test_end(outcome, octets, status):
    messages, got, server = outcome(octets)
    assert (messages, got, server.goaway()) == ([], status, [])


def test_6_8_goaway_that_counts_the_call_in_lets_it_finish(outcome):
    goaway = frame(GOAWAY, 0, 0, b"\0\0\0\1" + bytes(4))
    messages, status, _ = outcome(goaway + response() + data() + trailers())
    assert (messages, status) == ([b"answer"], OK)


def test_8_1_informational_answers_are_skipped(outcome):
    messages, status, _ = outcome(response([(":status", "103"), ("x", "y")]) + response() + data() + trailers())
    assert (messages, status) == ([b"answer"], OK)


def test_messages_before_a_broken_end_are_given_out(outcome):
    messages, status, _ = outcome(response() + data() * 2 + reset(1, INTERNAL_ERROR), kind="stream")
    assert (messages, status) == ([b"answer"] * 2, INTERNAL)
