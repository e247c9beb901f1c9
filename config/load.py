"""
Reads a configuration folder, and finds everything that is wrong with it in one go.

`load` is for the daemon: a complete configuration, or an error with all problems. `check` is for
people: the same problems, and the warnings, as a list.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Final, cast

from pydantic import ValidationError

from acd.policy import Policy
from config.build import CheckedFiles, configuration, hours_of, policy
from config.certificates import unusable_certificate
from config.doubts import Read
from config.doubts_agents import (
    few_phones,
    paperwork_of_other_queues,
    same_names,
    weak_passwords,
)
from config.doubts_announce import odd_announcements, odd_keys, unheard_keys, unplayed_announcements
from config.doubts_call_back import odd_call_backs
from config.doubts_calls import (
    agents_of_other_queues,
    odd_menus,
    odd_numbers,
    odd_queues,
    unreached,
)
from config.doubts_files import odd_data, open_to_everybody, unused_prompts
from config.doubts_network import odd_pbx, odd_rest, odd_web
from config.endpoints import overlapping_trunks, shared_names, unknown_fallback
from config.errors import ConfigError, Position, Problem, Severity, in_order
from config.explain import explain, nearest
from config.hours_check import (
    hours_that_never_open,
    odd_hours,
    unknown_hours,
    unreadable_hours,
)
from config.main_file import MainFile
from config.models import AgentsFile, FlowsFile, QueuesFile, ServicesFile
from config.nodes import KeyPath, Node, plain, problem_at
from config.prompts import unplayable_prompts
from config.references import (
    idle_parts,
    limits_said_twice,
    overflows_to_itself,
    repeated_services,
    unknown_keys,
    unknown_names,
)
from config.secrets import Secret, find_secrets
from config.section import Section
from config.settings import Configuration, QueueHours
from config.skills_check import heavy_head_starts, heavy_queues, unknown_skills, unmet_steps
from config.ways_check import circles, never_reached, not_carried_out
from config.yaml_reader import read_document
from cti.ids import QueueName
from cti.language import _

MAIN_FILE = "cordboard.yaml"
FLOWS_FILE = "flows.yaml"
QUEUES_FILE = "queues.yaml"
FILES: Final[Mapping[str, type[Section]]] = MappingProxyType(
    {
        MAIN_FILE: MainFile,
        "services.yaml": ServicesFile,
        FLOWS_FILE: FlowsFile,
        QUEUES_FILE: QueuesFile,
        "agents.yaml": AgentsFile,
    }
)
TREE_CHECKS: Final = (
    unknown_names,
    unknown_keys,
    unknown_skills,
    limits_said_twice,
    repeated_services,
    overflows_to_itself,
    idle_parts,
    unknown_fallback,
    shared_names,
    overlapping_trunks,
    unreadable_hours,
    hours_that_never_open,
    unknown_hours,
)
DOUBTS: Final = (
    unreached,
    odd_numbers,
    odd_queues,
    odd_announcements,
    odd_keys,
    odd_call_backs,
    agents_of_other_queues,
    unmet_steps,
    heavy_queues,
    heavy_head_starts,
    paperwork_of_other_queues,
    odd_menus,
    odd_hours,
    circles,
    never_reached,
    same_names,
    weak_passwords,
    few_phones,
    odd_pbx,
    odd_web,
    odd_rest,
    open_to_everybody,
    unused_prompts,
)
NOT_YET: Final = (unplayed_announcements, unheard_keys)
"""What the daemon says of itself, and a check does not: the configuration is right."""
PROBLEMS_SHOWN_MAX = 100
"""Of one check of one file; more would be read by nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Findings:
    """What a folder holds: as far as it is right, and what is wrong."""

    folder: Path
    files: Mapping[str, Section]
    secrets: Mapping[KeyPath, Secret]
    problems: tuple[Problem, ...]


def load(directory: Path, environment: Mapping[str, str]) -> Configuration:
    """
    Return the configuration of a folder; secrets are fetched from the environment and from files.

    Raises:
        ConfigError: it cannot be used; all errors are in it, and the warnings too.
    """
    found = _examine(directory, environment, for_daemon=True)
    if any(problem.severity is Severity.ERROR for problem in found.problems):
        raise ConfigError(found.problems)
    files = CheckedFiles(
        main=cast("MainFile", found.files[MAIN_FILE]),
        services=cast("ServicesFile", found.files["services.yaml"]),
        flows=cast("FlowsFile", found.files[FLOWS_FILE]),
        queues=cast("QueuesFile", found.files["queues.yaml"]),
        agents=cast("AgentsFile", found.files["agents.yaml"]),
    )
    return configuration(files, folder=found.folder, secrets=found.secrets, warnings=found.problems)


def check(directory: Path, environment: Mapping[str, str]) -> list[Problem]:
    """
    Return all errors and warnings, by file and line; none: all is well.

    A secret's environment variable that is not set is a warning here and an error for `load`: a
    configuration may be checked where its secrets are not.
    """
    return list(_examine(directory, environment, for_daemon=False).problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a folder says of queues and agents: the core's policy, and when queues are open."""

    policy: Policy
    hours: Mapping[QueueName, QueueHours]


def load_rules(directory: Path, environment: Mapping[str, str]) -> Rules:
    """
    Return the rules of a folder's queues and agents; its secrets need not be here.

    Raises:
        ConfigError: the configuration has errors; all are in it, and the warnings too.
    """
    found = _examine(directory, environment, for_daemon=False)
    if any(problem.severity is Severity.ERROR for problem in found.problems):
        raise ConfigError(found.problems)
    queues = cast("QueuesFile", found.files["queues.yaml"])
    main = cast("MainFile", found.files[MAIN_FILE])
    return Rules(
        policy=policy(queues, cast("AgentsFile", found.files["agents.yaml"])),
        hours=MappingProxyType(hours_of(queues, main.telephony)),
    )


def load_policy(directory: Path, environment: Mapping[str, str]) -> Policy:
    """
    Return the core's policy as a folder describes it; its secrets need not be here.

    Raises:
        ConfigError: the configuration has errors; all are in it, and the warnings too.
    """
    return load_rules(directory, environment).policy


def find_data(directory: Path, environment: Mapping[str, str]) -> Path:
    """
    Return the data folder of a configuration that has no errors; its secrets need not be here.

    Raises:
        ConfigError: it has errors; all are in it, and the warnings too.
    """
    found = _examine(directory, environment, for_daemon=True, unset=Severity.WARNING)
    if any(problem.severity is Severity.ERROR for problem in found.problems):
        raise ConfigError(found.problems)
    return found.folder / cast("MainFile", found.files[MAIN_FILE]).data


def _examine(
    directory: Path,
    environment: Mapping[str, str],
    *,
    for_daemon: bool,
    unset: Severity | None = None,
) -> _Findings:
    """Run every check over every file, whatever the others say; `unset` is a secret's variable."""
    try:
        folder = directory.resolve(strict=True)
        entries = sorted(entry.name for entry in folder.iterdir())
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: a circle of links
        return _nothing(directory, _folder_fault(error))
    problems = _first(_stray_files(entries))
    trees: dict[str, Node] = {}
    files: dict[str, Section] = {}
    for name, model in FILES.items():
        document = read_document(folder, name)
        problems += _first(document.problems)
        if document.node is not None:
            trees[name] = document.node
            try:
                files[name] = model.model_validate(plain(document.node))
            except ValidationError as error:
                problems += _first(explain(error, model, name, document.node))
    for reference_check in TREE_CHECKS:
        problems += _first(reference_check(trees))
    secrets: Mapping[KeyPath, Secret] = {}
    if MAIN_FILE in trees:
        unset = unset or (Severity.ERROR if for_daemon else Severity.WARNING)
        outside = find_secrets(MAIN_FILE, trees[MAIN_FILE], folder, environment, unset=unset)
        secrets = outside.secrets
        problems += _first(outside.problems)
        problems += unusable_certificate(MAIN_FILE, trees[MAIN_FILE], folder)
    problems += _unplayable(trees, folder)
    read = Read(folder=folder, trees=trees, files=files)
    if not any(problem.severity is Severity.ERROR for problem in problems):
        # while a name is misspelled, what it means looks unused: first things first
        for doubt in (*DOUBTS, *NOT_YET) if for_daemon else DOUBTS:
            problems += _first(doubt(read))
        # the daemon tries for itself, and says best what kept it from its folder
        problems += not_carried_out(read, Severity.ERROR if for_daemon else Severity.WARNING)
        problems += odd_data(read, Severity.WARNING if for_daemon else Severity.ERROR)
    return _Findings(
        folder=folder, files=files, secrets=secrets, problems=tuple(in_order(problems))
    )


def _unplayable(trees: Mapping[str, Node], folder: Path) -> Iterator[Problem]:
    """Yield what is wrong with the prompts that flows and queues name."""
    for name in (FLOWS_FILE, QUEUES_FILE):
        if name in trees:
            yield from _first(unplayable_prompts(name, trees[name], folder))


def _folder_fault(error: OSError | RuntimeError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return _("there is no such folder; name the one that holds cordboard.yaml")
    if isinstance(error, NotADirectoryError):
        return _("is not a folder; name the one that holds cordboard.yaml")
    reason = error.strerror if isinstance(error, OSError) else error
    return _("the folder cannot be read: {reason}").format(reason=reason)


def _nothing(directory: Path, message: str) -> _Findings:
    problem = problem_at(str(directory), Position(line=0, column=0), (), message)
    return _Findings(folder=directory, files={}, secrets={}, problems=(problem,))


def _stray_files(entries: Iterable[str]) -> Iterator[Problem]:
    """Yield a warning for each YAML file that looks like one of ours and is not read."""
    for name in entries:
        if name.endswith((".yaml", ".yml")) and name not in FILES:
            near = nearest(name, FILES)
            words = (
                _("is not read; did you mean {near}?")
                if near
                else _("is not read; files are: {files}")
            )
            message = words.format(near=near, files=", ".join(FILES))
            yield problem_at(name, Position(), (), message, Severity.WARNING)


def _first(problems: Iterable[Problem]) -> list[Problem]:
    """Return so many problems that somebody still reads them, and say where there are more."""
    shown = list(islice(problems, PROBLEMS_SHOWN_MAX + 1))
    if len(shown) > PROBLEMS_SHOWN_MAX:
        last = shown[PROBLEMS_SHOWN_MAX]
        has_errors = any(problem.severity is Severity.ERROR for problem in shown)
        more = Position(line=last.line, column=last.column)
        shown[PROBLEMS_SHOWN_MAX] = problem_at(
            last.file,
            more,
            (),
            _("more problems follow; put those before right first"),
            Severity.ERROR if has_errors else Severity.WARNING,
        )
    return shown
