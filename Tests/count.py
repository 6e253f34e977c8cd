"""Adds up JUnit files, as pytest and `swift test` write them: prints `PASSED FAILED`.

A skipped test is a failed one: nothing here may be skipped.
"""

import sys
import xml.etree.ElementTree as XML

passed = failed = 0
for path in sys.argv[1:]:
    for case in XML.parse(path).iter("testcase"):
        if any(child.tag in ("failure", "error", "skipped") for child in case):
            failed += 1
        else:
            passed += 1
print(passed, failed)
