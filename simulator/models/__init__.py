"""All tables. Names are those of the glossary; what was handed in is immutable, what it scored is derived."""

from simulator.models.attempts import Attempt, AttemptModule, AttemptTask, Credit, Draft, Submission
from simulator.models.base import Base
from simulator.models.exams import Candidate, Exam, Message, exam_group
from simulator.models.markings import Board, Cell, Marking, VerdictRow
from simulator.models.papers import PaperVersion, TaskVersion
from simulator.models.people import Group, User
from simulator.models.practice import Redo
from simulator.models.remarking import Appeal, Notice, Remarking
from simulator.models.system import Event, Lease, RateCount, Worker
from simulator.models.trials import Trial, TrialFigure

__all__ = [
    "Appeal", "Attempt", "AttemptModule", "AttemptTask", "Base", "Board", "Candidate", "Cell", "Credit", "Draft", "Event", "Exam",
    "Group", "Lease", "Marking", "Message", "Notice", "PaperVersion", "RateCount", "Redo", "Remarking", "Submission", "TaskVersion",
    "Trial", "TrialFigure", "User", "VerdictRow", "Worker", "exam_group",
]
