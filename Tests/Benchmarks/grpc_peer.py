#!/usr/bin/env python3
"""grpcio as a server for the gRPC benchmark: `grpc_peer.py SOCKET DEVICES` serves Echo and Devices, as benchmark-peer does."""

import concurrent.futures
import pathlib
import sys

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Standins"))

from stubs import deviceplugin  # noqa: E402


def main():
    path, devices = sys.argv[1], int(sys.argv[2])
    answer = deviceplugin.ListAndWatchResponse()
    for index in range(devices):
        device = answer.devices.add(ID=f"0000:{index >> 8:02x}:{index >> 3 & 31:02x}.{index & 7}-{index}", health="Healthy")
        device.topology.nodes.add(ID=index & 1)
    methods = {
        "Echo": grpc.unary_unary_rpc_method_handler(lambda request, _: request),
        "Devices": grpc.unary_unary_rpc_method_handler(lambda request, _: answer.SerializeToString()),
    }
    options = [("grpc.max_send_message_length", 64 << 20)]
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4), options=options)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("test.Peer", methods)])
    server.add_insecure_port(f"unix:{path}")
    server.start()
    print("ready", flush=True)
    sys.stdin.read()
    server.stop(0).wait()


main()
