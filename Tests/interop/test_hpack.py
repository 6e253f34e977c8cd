"""Our HPACK against Python's, both ways, on recorded and random header lists."""

import random

import hpack
import pytest

# The requests of one kubelet 1.36 connection (grpc-go 1.79.3) in their order, and the answers of grpc-go's server.
KUBELET = [
    [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", f"/v1beta1.DevicePlugin/{method}"),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("user-agent", "grpc-go/1.79.3"),
        ("te", "trailers"),
        ("grpc-accept-encoding", "gzip"),
        *timeout,
    ]
    for method, timeout in [
        ("GetDevicePluginOptions", []),
        ("ListAndWatch", []),
        ("Allocate", []),
        ("PreStartContainer", [("grpc-timeout", "29999999u")]),
        ("PreStartContainer", [("grpc-timeout", "29999871u")]),
        ("Allocate", []),
    ]
]
ANSWERS = [
    [(":status", "200"), ("content-type", "application/grpc")],
    [("grpc-status", "0"), ("grpc-message", "")],
] * 3


def random_lists(seed):
    """Header lists in which fields come again, some long enough to empty the table."""
    chance = random.Random(seed)
    names = [":path", "te", "content-type", "x-a", "x-long-name-of-no-meaning", "cookie"]
    known = [(chance.choice(names), "%x" % chance.getrandbits(64)) for _ in range(20)]

    def field():
        if chance.random() < 0.6:
            return chance.choice(known)
        octets = bytes(chance.randrange(256) for _ in range(chance.choice([0, 1, 5, 40, 400, 5000])))
        return chance.choice(names), octets.decode("latin-1")

    return [[field() for _ in range(chance.randrange(12))] for _ in range(25)]


LISTS = {"kubelet": KUBELET, "answers": ANSWERS} | {f"random {seed}": random_lists(seed) for seed in range(20)}


def octets(text):
    return text.encode("latin-1")


def words(fields, mark="i"):
    return " ".join(f"{octets(name).hex()}:{octets(value).hex()}:{mark}" for name, value in fields)


def parsed(line):
    fields = [word.split(":") for word in line.split()]
    return [(bytes.fromhex(name), bytes.fromhex(value), mark) for name, value, mark in fields]


@pytest.fixture(params=LISTS.values(), ids=LISTS.keys())
def lists(request):
    return request.param


@pytest.mark.parametrize("sizes", [[4096], [0], [200, 4096, 60]], ids=str)
def test_python_reads_what_our_encoder_writes(peer, lists, sizes):
    ours = peer("hpack")
    theirs = hpack.Decoder(max_header_list_size=1 << 20)
    theirs.max_allowed_table_size = 4096
    for index, fields in enumerate(lists):
        assert ours.ask(f"encoder-limit {sizes[index % len(sizes)]}") == "ok"
        block = bytes.fromhex(ours.ask(f"encode {words(fields)}"))
        assert theirs.decode(block, raw=True) == [(octets(name), octets(value)) for name, value in fields]


@pytest.mark.parametrize("sizes", [[4096], [0], [200, 4096, 60]], ids=str)
@pytest.mark.parametrize("huffman", [True, False])
def test_our_decoder_reads_what_python_writes(peer, lists, sizes, huffman):
    ours = peer("hpack")
    theirs = hpack.Encoder()
    for index, fields in enumerate(lists):
        theirs.header_table_size = sizes[index % len(sizes)]
        block = theirs.encode([(octets(name), octets(value)) for name, value in fields], huffman=huffman)
        read = [(name, value) for name, value, _ in parsed(ours.ask(f"decode {block.hex()}"))]
        assert read == [(octets(name), octets(value)) for name, value in fields]


def test_fields_that_are_never_indexed_stay_so_both_ways(peer):
    ours = peer("hpack")
    secret = [("authorization", "top secret"), ("te", "trailers")]
    block = bytes.fromhex(ours.ask(f"encode {words(secret, 'n')}"))
    decoded = hpack.Decoder().decode(block)
    assert [type(field) for field in decoded] == [hpack.NeverIndexedHeaderTuple] * 2
    block = hpack.Encoder().encode([(name, value, True) for name, value in secret])
    assert [mark for _, _, mark in parsed(ours.ask(f"decode {block.hex()}"))] == ["n", "n"]


@pytest.mark.parametrize("seed", range(10))
def test_both_refuse_or_both_accept_random_blocks(peer, seed):
    chance = random.Random(seed)
    ours = peer("hpack")
    for _ in range(200):
        # Each block meets fresh tables: what either does after an error is not defined.
        block = bytes(chance.choice([0x82, 0x40, 0x00, 0x10, 0x01, 0x61, 0x80, 0x05, 0xBE, 0xFF]) for _ in range(6))
        answer = peer_answer(ours, block)
        theirs = python_answer(block)
        # Python's takes five-octet integers and any number of table size updates; neither occurs here.
        assert (answer is None) == (theirs is None), block.hex()
        assert answer == theirs, block.hex()


def peer_answer(ours, block):
    # A size update to 0 and back empties the table, so that each block starts alike.
    assert not ours.ask("decode 203fe11f").startswith("error")
    answer = ours.ask(f"decode {block.hex()}")
    return None if answer.startswith("error") else [(name, value) for name, value, _ in parsed(answer)]


def python_answer(block):
    decoder = hpack.Decoder(max_header_list_size=1 << 20)
    try:
        return decoder.decode(block, raw=True)
    except hpack.HPACKError:
        return None
