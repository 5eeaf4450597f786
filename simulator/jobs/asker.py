"""Asks the language model for the trials that wait for it, some at a time; the workers' fork servers and markings never wait.

One on each machine that marks (in its first worker process). It only carries prompts out and answers in: see `simulator/asking.py`.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from simulator import asking
from simulator.asking import Question
from simulator.db import LOST, patiently
from simulator.endpoint import CONNECT_S, Endpoint, EndpointError
from simulator.jobs.notify import make_bell
from simulator.services import Services

log = logging.getLogger(__name__)

IDLE_S = 2.0
MARGIN_S = 30.0
FAULT = "程序没能问到大模型，已记录。请再试一次；仍不行时请告诉教师，或改用内置引擎。"


class Asker:
    """A thread that takes what waits, and for each question one more, `parallel` of them at most."""

    def __init__(self, services: Services, endpoint: Endpoint, name: str) -> None:
        """name : of the worker process, ``host:pid/number``."""
        self._services, self._endpoint, self._name = services, endpoint, name
        # The socket may wait twice as long as set: for the head of an answer, and for its last byte.
        self._lease = timedelta(seconds=2 * endpoint.timeout_s + CONNECT_S + MARGIN_S)
        self._bell = make_bell(services.settings)
        self._free = threading.Semaphore(endpoint.parallel)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="asker", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._bell.listen()
        self._thread.start()

    def stop(self) -> None:
        """Take no more questions; those under way are dropped with the process, and asked again by another."""
        self._stop.set()
        self._bell.ring()
        self._thread.join(IDLE_S)
        self._bell.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if not self.once() and not self._stop.is_set():
                    self._bell.wait(IDLE_S)
            except LOST as error:
                log.warning("the database cannot be reached: %s", error.orig)
                self._stop.wait(IDLE_S)
            except Exception:  # an asker goes on; what it had is swept
                log.exception("asker failed")
                self._stop.wait(IDLE_S)

    def once(self) -> bool:
        """Start to ask the next question, as soon as one fewer than `parallel` are under way; False if none waits."""
        self._free.acquire()
        try:
            question = None if self._stop.is_set() else self._claim()
            if question is not None:
                threading.Thread(target=self._ask, args=(question,), name="asking", daemon=True).start()
        except BaseException:
            self._free.release()
            raise
        if question is None:
            self._free.release()
        return question is not None

    def _claim(self) -> Question | None:
        with self._services.db.read() as session:  # reading first: a claim locks the database
            if not asking.waits(session):
                return None
        with self._services.db.write() as session:
            return asking.claim(session, self._name, self._lease, self._services.clock())

    def _ask(self, question: Question) -> None:
        try:
            text, sentence = self._answer(question)
            patiently(lambda: self._settle(question, text, sentence))
        except Exception:  # the lease ends, and it is asked again
            log.exception("the answer to trial %s is lost", question.trial_id)
        finally:
            self._free.release()
            self._services.notify()

    def _answer(self, question: Question) -> tuple[str, str]:
        """Return the answer and "", or "" and why there is none."""
        try:
            return self._endpoint.ask(question.prompt, question.model), ""
        except EndpointError as error:
            return "", str(error)
        except Exception:
            log.exception("trial %s: the model could not be asked", question.trial_id)
            return "", FAULT

    def _settle(self, question: Question, text: str, sentence: str) -> None:
        with self._services.db.write() as session:
            now = self._services.clock()
            if sentence:
                asking.fail(session, question, self._name, sentence, now)
            else:
                asking.answer(session, question, self._name, text, now)
