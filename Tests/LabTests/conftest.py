"""What every test in the lab starts from."""

import os
from pathlib import Path

import pytest
from hardware import Hardware
from machine import REPOSITORY, Namespace, run, wait_until

LEAK_SECONDS = 5


def pytest_configure(config):
    config.addinivalue_line("markers", "vfs(count): how many VFs the `hardware` fixture makes on each PF (2)")


def pytest_sessionstart(session):
    if os.environ.get("PATCHBAY_LAB") != "1" or not Path("/run/patchbay-lab").exists():
        raise pytest.UsageError("these tests change a machine's NICs and run only in the lab: use Tests/run lab")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows what the kernel said meanwhile."""
    report = yield
    if report.failed:
        lines = run("dmesg", "--notime", check=False).stdout.splitlines()
        report.sections.append(("the end of the kernel's log", "\n".join(lines[-20:])))
    return report


@pytest.fixture
def netns():
    """Makes named namespaces; those still there at the end are deleted."""
    made = []

    def make(name):
        made.append(Namespace(name))
        return made[-1]

    yield make
    for namespace in made:
        namespace.delete()


@pytest.fixture(scope="session")
def _hardware():
    return Hardware()


@pytest.fixture
def hardware(request, _hardware, netns):
    """Two PFs, up, with two VFs each (`@pytest.mark.vfs(count)`: so many), as new.

    Afterwards every VF must be back: in the initial namespace, bound to igbvf, with its first name, MAC and settings.
    This is looked at before the namespaces of `netns` are deleted, which would send any VF home.
    """
    marker = request.node.get_closest_marker("vfs")
    _hardware.make(marker.args[0] if marker else 2)
    yield _hardware
    try:
        wait_until(lambda: not _hardware.differences(), "every VF back as it was", LEAK_SECONDS)
    except AssertionError:
        pytest.fail("the test left VFs behind:\n" + "\n".join(_hardware.differences()), pytrace=False)


@pytest.fixture
def vfs(hardware):
    """The VFs of the `hardware` fixture: a list for each PF."""
    return [pf.vfs() for pf in hardware.pfs]


@pytest.fixture(scope="session")
def program():
    """The path of a program of ours by name: the static release build of the CNI program, debug of the others."""

    def find(name):
        kind = "release" if name == "patchbay-cni" else "debug"
        path = REPOSITORY / ".build" / kind / name
        assert path.exists(), f"{path} is not built; Tests/run lab does it"
        return str(path)

    return find
