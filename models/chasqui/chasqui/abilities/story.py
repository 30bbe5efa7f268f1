"""Stories: told to the end, in the same order of scenes, about the hero that the prompt asks for.

What the prompt leaves open follows from what it says (by a hash of the hero's kind), so that a story
has one likely course that a tiny model can learn and that greedy decoding can follow.
"""

import hashlib
import re

from ..sample import story as story_check
from .asking import Question, phrase, sample
from .basics_data import ANIMALS, THINGS
from .common import city, given_name
from .story_data import (
    ASKS, FEAST, FIRST_EVENING, GROUNDS, HELPER, HELPER_KINDS, HELPER_NAMES, HERO_NAMES, LAST, LEAVING,
    LESSON, OPENING, PEOPLE, PLOTS, REMEMBER, THING,
)

ABILITY = "story"

_KINDS_OF_HERO = ANIMALS + PEOPLE
_USUAL_HEROES = "llama girl boy fox runner weaver mouse shepherd".split()
# Things that a hero can carry in a bag.
_CARRIED = [thing for thing in THINGS if thing not in """anchor bed belt bench boat bridge car carpet cart chair
clock cradle curtain desk door drawer drum engine fence flag frame gate glove guitar key kite knot ladder machine
oven paint paper piano quipu rocket rope scarf scissors screen shelf ship shirt sign skirt sock string stamp
table tape tent thread train truck umbrella wagon window wire wool stone map letter wheel""".split()]
_FAMILIAR = "mirror whistle button lamp bell shell spoon comb feather coin cup bowl".split()


def make(source, think):
    return sample(source, think, ABILITY, KINDS, several=0)


# The request --------------------------------------------------------------------------------------

_NAME = [" about {N}", " about {N}", " about {N}", " with {N} in it", " in which the hero is {N}",
         " about someone called {N}", " where the hero is named {N}", " about my friend {N}", " about a hero named {N}"]
_KIND = [" about {aK}", " about {aK}", " about {aK}", " with {aK}", " about {aK} and a friend", " about a brave {K}",
         " about a little {K}", " about a small {K}", " about a {K} on an adventure", " in which the hero is {aK}",
         " about the {K}", " with {aK} in it", " about a clever {K}", " for kids about {aK}", " about a lonely {K}"]
_BOTH = [" about {aK} named {N}", " about {aK} called {N}", " about {N} the {K}", " about {N}, {aK}",
         " about a little {K} named {N}", " with {aK} named {N}", " about a brave {K} called {N}",
         " about {aK} whose name is {N}", " about {N}, who is {aK}", " about my {K} {N}", " about a {K} named {N}",
         " in which {N} is {aK}"]
_PLACE = [" in {P}", " in {P}", " who lives in {P}", " set in {P}", " that takes place in {P}", " from {P}"]
_THING = [" and {aT}", " with {aT}", " who has {aT}", " who owns {aT}", " who carries {aT}"]


def _an(words):
    return ("an " if words[0] in "aeiou" else "a ") + words


def _choose(options, *given):
    """The one option that goes with what is given, always the same."""
    digest = hashlib.blake2b("|".join(given).encode(), digest_size=4).digest()
    return options[int.from_bytes(digest, "little") % len(options)]


def story(source):
    has_name, has_kind = source.weighted(
        [((True, False), 25), ((False, True), 30), ((True, True), 38), ((False, False), 7)]
    )
    has_place, has_thing, has_plot = source.chance(0.25), source.chance(0.2), source.chance(0.2)
    kind = source.word(_KINDS_OF_HERO) if has_kind else source.pick(_USUAL_HEROES)
    name = given_name(source) if has_name else _choose(HERO_NAMES, "name", kind)
    place = _choose(GROUNDS, "place", kind)
    if has_place:
        place = city(source) if source.chance(0.4) else source.pick(GROUNDS)
    thing = source.word(_CARRIED) if has_thing else _choose(_FAMILIAR, "thing", kind)
    theme = source.pick(list(PLOTS)) if has_plot else _choose(list(PLOTS), "plot", kind)

    about = source.pick(
        _BOTH if has_name and has_kind else _NAME if has_name else _KIND if has_kind else [""]
    )
    if about:
        about += source.pick(_THING) if has_thing else ""
        about += source.pick(_PLACE) if has_place else ""
        about += f" {source.pick(PLOTS[theme]['asks'])}" if has_plot and not (has_thing or has_place) else ""
    values = dict(N=name, K=kind, aK=_an(kind), P=place, T=thing, aT=_an(thing))
    about = re.sub(r"\ba (?=[aeiou])", "an ", about.format(**values))
    prompt = phrase(source, source.pick(ASKS), x=about)

    wanted = []
    if has_name:
        wanted.append(name)
    elif has_kind:
        wanted.append(kind)
    subject = f"{_an(kind)} named {name}" if has_kind else name
    thought = f"The user wants a story. The hero is {subject}."
    return Question(prompt, tell(values, theme), thought, story_check(*wanted))


# The story ----------------------------------------------------------------------------------------


def tell(values, theme):
    """The scenes in their order, one variant of each."""
    kind, plot = values["K"], PLOTS[theme]
    helpers = [h for h in HELPER_NAMES if h.lower() not in values["N"].lower()]
    helper_kinds = [g for g in HELPER_KINDS if kind not in g]
    helper, helper_kind = _choose(helpers, "helper", kind), _choose(helper_kinds, "helper kind", kind)
    values = dict(
        values, Q=re.sub(r"^an? ", "the ", values["P"]), H=helper, G=helper_kind, aG=_an(helper_kind), aGcap=_an(helper_kind).capitalize()
    )
    shared = lambda name, options: _choose(options, kind, theme, name)
    telling = _choose((0, 1), kind, theme, "telling")
    own = {scene: variants[telling] for scene, variants in plot.items() if scene != "asks"}
    paragraphs = [
        [shared("opening", OPENING), shared("thing", THING)],
        [own["problem"], shared("leaving", LEAVING)],
        [own["first"], shared("evening", FIRST_EVENING)],
        [shared("helper", HELPER), own["second"]],
        [shared("remember", REMEMBER), own["turn"]],
        [own["end"]],
        [shared("feast", FEAST), shared("lesson", LESSON), shared("last", LAST)],
    ]
    return "\n\n".join(" ".join(paragraph) for paragraph in paragraphs).format(**values)


KINDS = [(story, 1)]
