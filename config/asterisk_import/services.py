"""Finds the numbers that lead into queues, and where a queue's callers go on."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from config.asterisk_import.arguments import split_arguments, whole
from config.asterisk_import.dialplan import Dialplan, Extension, Step
from config.asterisk_import.draft import QueueDraft, ServiceDraft
from config.asterisk_import.names import safe_names
from config.asterisk_import.option import Fate
from config.asterisk_import.place import shown
from config.asterisk_import.report import Findings
from config.asterisk_import.table import APPLICATION
from cti.language import _

FIRST_NUMBER = 8_000
"""Where numbers begin that nobody gave: as in the examples."""
_GUESSED: Final = (*range(FIRST_NUMBER, 10_000), *range(1_000, FIRST_NUMBER))
"""What is tried; a dialplan whose patterns take all of these has none that is sure to be free."""
OVERFLOW_S_MAX = 86_400
_NUMBER: Final = re.compile(r"\+?[0-9*#]{1,20}")
_ARGUMENTS: Final = tuple(APPLICATION)


class Services:
    """Collects the numbers of queues; each number leads to one."""

    def __init__(self, findings: Findings, queues: Sequence[QueueDraft]) -> None:
        self._findings = findings
        self._queues = queues
        self._by_original = {queue.original.lower(): queue for queue in queues}
        self._numbers: dict[str, QueueDraft] = {}
        self._reached: dict[str, str] = {}
        """Queues that are reached by something that is no number, and by what."""

    def take(self, dialplan: Dialplan) -> None:
        """Look through a dialplan for Queue()."""
        for extension in dialplan.extensions():
            for step, after in _with_next(extension.steps):
                if step.application.lower() == "queue":
                    self._queue(extension, step, after)

    def drafts(self, dialplan: Dialplan | None) -> tuple[ServiceDraft, ...]:
        """Return the services: found numbers, FreePBX's own, and numbers to be filled in."""
        remarks = self._remarks(dialplan)
        pairs = [*self._numbers.items()]
        taken = set(self._numbers)
        free = self._free_numbers(dialplan)
        served = {queue.name for queue in self._numbers.values()}
        for queue in self._queues:
            if queue.name in served or queue.name not in remarks:
                continue
            number = next(free)
            pairs.append((number, queue))
            self._tell_if_taken(queue, number, dialplan)
        first = {queue.name: number for number, queue in reversed(pairs)}
        wanted = [
            queue.name if first[queue.name] == number else f"{queue.name} {number}"
            for number, queue in pairs
        ]
        names = safe_names(wanted, "service")
        return tuple(
            ServiceDraft(
                number=number,
                name=names[want],
                queue=queue.name,
                remark="" if number in taken else remarks[queue.name],
            )
            for want, (number, queue) in zip(wanted, pairs, strict=True)
        )

    def _free_numbers(self, dialplan: Dialplan | None) -> Iterator[str]:
        """Give numbers for queues without one, first those that no pattern takes."""
        literal = set(self._numbers)
        if dialplan is not None:
            literal |= {extension.number for extension in dialplan.extensions()}
        likely = [str(number) for number in _GUESSED if str(number) not in literal]
        given: set[str] = set()
        for number in likely:
            if dialplan is None or dialplan.taken_by(number) is None:
                given.add(number)
                yield number
        further = (str(number) for number in range(FIRST_NUMBER, 10**9))
        yield from (one for one in further if one not in literal and one not in given)

    def _tell_if_taken(self, queue: QueueDraft, number: str, dialplan: Dialplan | None) -> None:
        """Note where a pattern takes the number that was guessed: none is free of patterns then."""
        extension = None if dialplan is None else dialplan.taken_by(number)
        if extension is None:
            return
        words = _(
            "service {number}: the dialplan's pattern {pattern} in [{context}] takes this number "
            "too, as it takes all that were tried"
        ).format(number=number, pattern=extension.number, context=extension.context)
        self._findings.add(Fate.KEPT_IN_MIND, queue.place, f"[{queue.original}]", words)

    def _remarks(self, dialplan: Dialplan | None) -> Mapping[str, str]:
        """Note which queues have no number yet; return what to say of those that get one."""
        remarks: dict[str, str] = {}
        given = _("no number is known: the one in services.yaml is a guess; write the right one")
        served = {queue.name for queue in self._numbers.values()}
        for queue in self._queues:
            header = f"[{queue.original}]"
            if queue.name in served:
                continue
            if dialplan is None and _NUMBER.fullmatch(queue.original):
                self._numbers[queue.original] = queue
                words = _("service {number}: the queue's own number, as FreePBX has it")
                told = words.format(number=queue.original)
                self._findings.add(Fate.TAKEN, queue.place, header, told)
            elif dialplan is None or queue.name in self._reached or not served:
                remarks[queue.name] = _("a number that callers dial must stand here")
                self._findings.add(Fate.DIFFERS, queue.place, header, given)
            else:
                words = _("no Queue() leads to it in the dialplan that was read: it has no service")
                self._findings.add(Fate.DIFFERS, queue.place, header, words)
        return remarks

    def _queue(self, extension: Extension, step: Step, after: Step | None) -> None:
        arguments = split_arguments(step.data, len(_ARGUMENTS))
        told = f"[{extension.context}] {extension.number}: Queue({step.data})"
        queue = self._meant(extension, arguments[0] if arguments else "")
        if queue is None:
            words = _("which queue this is cannot be told from the file")
            self._findings.add(Fate.KEPT_IN_MIND, step.place, told, words)
            return
        self._number(extension, step, queue, told)
        values = dict(zip(_ARGUMENTS, arguments, strict=False))
        timeout = values.pop("timeout", "")
        values.pop("queuename", None)
        for name, value in values.items():
            rule = APPLICATION[name]
            if value.strip():
                words = f"{name} {shown(value)}: {rule.words}"
                self._findings.add(rule.fate, step.place, told, words)
        if timeout.strip():
            self._overflow(extension, step, queue, timeout, after)

    def _number(self, extension: Extension, step: Step, queue: QueueDraft, told: str) -> None:
        number = extension.number
        if not _NUMBER.fullmatch(number):
            self._reached[queue.name] = number
            words = _("{number} is no number that callers dial; see services.yaml")
            self._findings.add(Fate.DIFFERS, step.place, told, words.format(number=number or "?"))
            return
        first = self._numbers.setdefault(number, queue)
        if first is queue:
            words = _("service {number} leads to {queue}")
            self._findings.add(
                Fate.TAKEN, step.place, told, words.format(number=number, queue=queue.name)
            )
        else:
            words = _("{number} leads to {queue} already; a service leads to one queue")
            self._findings.add(
                Fate.DIFFERS, step.place, told, words.format(number=number, queue=first.name)
            )

    def _overflow(
        self,
        extension: Extension,
        step: Step,
        queue: QueueDraft,
        timeout: str,
        after: Step | None,
    ) -> None:
        """Turn a longest wait with a Queue() right behind it into an overflow."""
        told = f"[{extension.context}] {extension.number}: Queue({step.data})"
        seconds = min(whole(timeout), OVERFLOW_S_MAX)
        to = None
        if after is not None and after.application.lower() == "queue":
            to = self._meant(extension, split_arguments(after.data, 2)[0] if after.data else "")
        overflow = None if to is None or to is queue or seconds <= 0 else (seconds, to.name)
        if overflow is None:
            rest = _("the step behind it") if after is None else after.application
            words = _("timeout {timeout}: callers keep waiting; {rest} is not reached")
            self._findings.add(
                Fate.KEPT_IN_MIND, step.place, told, words.format(timeout=timeout, rest=rest)
            )
        elif queue.overflow in {None, overflow}:
            queue.overflow = overflow
            words = _("overflow of {queue}: after {seconds}s to {to}, for all its callers")
            filled = words.format(queue=queue.name, seconds=overflow[0], to=overflow[1])
            self._findings.add(Fate.TAKEN, step.place, told, filled)
        else:
            words = _("timeout {timeout}: {queue} has an overflow already, which counts for all")
            filled = words.format(timeout=timeout, queue=queue.name)
            self._findings.add(Fate.DIFFERS, step.place, told, filled)

    def _meant(self, extension: Extension, name: str) -> QueueDraft | None:
        literal = not extension.number.startswith("_")
        said = name.replace("${EXTEN}", extension.number) if literal else name
        return self._by_original.get(said.strip().lower())


def _with_next(steps: Sequence[Step]) -> Iterator[tuple[Step, Step | None]]:
    for at, step in enumerate(steps):
        yield step, steps[at + 1] if at + 1 < len(steps) else None
