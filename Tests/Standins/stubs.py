"""Python stubs of the kubelet's APIs, generated from protos/ when they are first asked for.

They come from Google's own compiler and runtime, so what they read and write is independent of ours.
"""

import atexit
import importlib
import os
import pathlib
import shutil
import sys
import tempfile

# A process of ours execs plugins; gRPC's fork handlers would only complain about it.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

from grpc_tools import protoc  # noqa: E402

PROTOS = pathlib.Path(__file__).resolve().parent / "protos"


def _generate():
    out = tempfile.mkdtemp(prefix="patchbay-stubs-")
    atexit.register(shutil.rmtree, out, True)
    files = sorted(str(path) for path in PROTOS.glob("*.proto"))
    status = protoc.main(["protoc", f"-I{PROTOS}", f"--python_out={out}", f"--grpc_python_out={out}", *files])
    if status != 0:
        raise RuntimeError(f"protoc ended with {status}")
    sys.path.insert(0, out)


_generate()

deviceplugin = importlib.import_module("deviceplugin_pb2")
deviceplugin_grpc = importlib.import_module("deviceplugin_pb2_grpc")
podresources = importlib.import_module("podresources_pb2")
podresources_grpc = importlib.import_module("podresources_pb2_grpc")
pluginregistration = importlib.import_module("pluginregistration_pb2")
pluginregistration_grpc = importlib.import_module("pluginregistration_pb2_grpc")
