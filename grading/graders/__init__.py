"""Graders: one file per family of pure functions. Importing this package registers them all.

A new grader is one function with `@grader` in a file here, an entry in the properties of `tests/grading/test_common.py`,
and nothing else.
"""

from __future__ import annotations

import importlib
import pkgutil

for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    importlib.import_module(f"{__name__}.{_module}")
