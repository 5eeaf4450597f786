"""Marking as a pure library: a task folder and a response in, one verdict per scoring point out.

It knows no web, no database, no clock and no template. `python -m grading` is its command line.
"""

from grading.engine import Grading, grade
from grading.errors import GradingError, ResponseError, SandboxError, TaskError
from grading.library import Library, load_library
from grading.loader import load_task
from grading.model import Mark, Task, Upload, Verdict
from grading.registry import KeyFile, grader

__all__ = [
    "Grading", "GradingError", "KeyFile", "Library", "Mark", "ResponseError", "SandboxError", "Task", "TaskError", "Upload",
    "Verdict", "grade", "grader", "load_library", "load_task",
]
