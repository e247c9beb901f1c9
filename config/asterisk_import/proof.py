"""Checks what is going to be written, before it is."""

from collections.abc import Mapping

from pydantic import ValidationError

from config.asterisk_import.errors import ImportRefusedError
from config.errors import Problem, Severity
from config.explain import explain
from config.load import FILES, TREE_CHECKS
from config.nodes import Node, plain
from config.yaml_reader import parse_document
from cti.language import _


def prove(files: Mapping[str, str]) -> None:
    """
    Check the five files by themselves and against one another.

    Raises:
        ImportRefusedError: they could not be used. What was read is too much for them.
    """
    trees: dict[str, Node] = {}
    problems: list[Problem] = []
    for name, model in FILES.items():
        document = parse_document(files[name].encode(), name)
        problems += document.problems
        if document.node is None:
            continue
        trees[name] = document.node
        try:
            model.model_validate(plain(document.node))
        except ValidationError as error:
            problems += explain(error, model, name, document.node)
    for check in TREE_CHECKS:
        problems += check(trees)
    wrong = [problem for problem in problems if problem.severity is Severity.ERROR]
    if wrong:
        raise ImportRefusedError(
            _("what came out cannot be used, import fewer queues at once: {problem}").format(
                problem=wrong[0]
            )
        )
