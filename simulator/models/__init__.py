"""All tables. Names are those of the glossary; what was handed in is immutable, what it scored is derived."""

from simulator.models.attempts import Attempt, AttemptTask, Draft, Submission
from simulator.models.base import Base
from simulator.models.exams import Exam, exam_group
from simulator.models.markings import Marking, VerdictRow
from simulator.models.papers import PaperVersion, TaskVersion
from simulator.models.people import Group, User
from simulator.models.system import Event, Lease, RateCount, Worker
from simulator.models.trials import Trial, TrialFigure

__all__ = [
    "Attempt", "AttemptTask", "Base", "Draft", "Event", "Exam", "Group", "Lease", "Marking", "PaperVersion", "RateCount", "Submission",
    "TaskVersion", "Trial", "TrialFigure", "User", "VerdictRow", "Worker", "exam_group",
]
