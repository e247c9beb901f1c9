"""
Who may take a call at a step: skills at least levels, rings, agents added by name.

Read off the rules alone: no call and no agent is changed here, and none is looked for.
"""

from bisect import bisect_left
from typing import NamedTuple

from acd.policy import FIRST_RING, QueuePolicy, Strategy
from cti.ids import AgentId, SkillName, Skills

RING = "ring"
"""Rules a ready agent out: his ring is not open yet, or he is only added at a later step."""
SKILLS = "skills"
"""Rules a ready agent out: he lacks a skill that is asked for, or has too little of it."""

MISSED_THIS_CALL = "missed_this_call"
"""Rules a ready agent out: he is spared the call for a while, as he did not take it."""
PREFERRED = "preferred"
"""The rule by which a call goes to an agent whom it is kept for; it rules out all others."""


class Reach(NamedTuple):
    """
    Whom a call reaches at a step: those of the open rings who have the skills, and `agents`.

    `wanted` are the skills by which the most skilled is found, where he is: those that were asked
    for at first.
    """

    skills: Skills
    ring: int
    agents: tuple[AgentId, ...]
    wanted: tuple[SkillName, ...] | None


def level(skills: Skills, name: SkillName) -> int:
    """Return the level of a skill; 0 where it is not there."""
    at = bisect_left(skills, (name, 0))
    return skills[at][1] if at < len(skills) and skills[at][0] == name else 0


def has(skills: Skills, asked: Skills) -> bool:
    """Return whether all that is asked for is there, each at its level at least."""
    for least in asked:  # of one name, the first that is not less is the one that is enough
        at = bisect_left(skills, least)
        if at == len(skills) or skills[at][0] != least[0]:
            return False
    return True


def score(skills: Skills, wanted: tuple[SkillName, ...]) -> int:
    """Return the levels of these skills, added up."""
    return sum(level(skills, name) for name in wanted)


def reach_at(rules: QueuePolicy, own: Skills, step: int) -> Reach:
    """Return whom a call with skills of its own reaches when so many steps have been taken."""
    asked = dict(rules.skills)
    for name, least in own:
        asked[name] = max(least, asked.get(name, 0))
    wanted = tuple(sorted(asked)) if rules.strategy is Strategy.MOST_SKILLED else None
    ring = FIRST_RING
    added: set[AgentId] = set()
    for taken in rules.steps[:step]:
        if taken.any_skills:
            asked.clear()
        # a step relaxes: a level that it names above the one asked for asks for no more
        for name, least in taken.skills:
            if name in asked:
                asked[name] = min(least, asked[name])
        ring = max(ring, taken.ring)
        added.update(taken.agents)
    least_levels = tuple(sorted((name, least) for name, least in asked.items() if least > 0))
    return Reach(least_levels, ring, tuple(sorted(added)), wanted)
