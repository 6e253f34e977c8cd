"""Adds up a JUnit file, as pytest and `swift test` write it: prints `PASSED FAILED`, and to standard error who failed.

A skipped test is a failed one: nothing here may be skipped.
"""

import sys
import xml.etree.ElementTree as XML

failed = set()
seen = set()
for case in XML.parse(sys.argv[1]).iter("testcase"):
    name = f"{case.get('classname')}: {case.get('name')}"
    seen.add(name)
    for verdict in ("failure", "error", "skipped"):
        if case.find(verdict) is not None:
            failed.add(name)
            print(f"  {verdict}: {name}", file=sys.stderr)
print(len(seen) - len(failed), len(failed))
