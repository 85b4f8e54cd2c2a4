# SPDX-License-Identifier: ISC
"""What the Python tests share: `from stack import Stack` works everywhere below tests/."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
sys.dont_write_bytecode = True
