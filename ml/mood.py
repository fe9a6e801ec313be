"""Mood from words alone: what the writer feels, 1 furious .. 10 delighted, 5 neutral or dry. Pure, no model.

Words carry a valence of -4..+4; a negation before one turns and weakens it, an intensifier strengthens it. Words for
what is broken ("error", "outage") carry none: a dry outage report is neutral.
"""

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.text import words

NEUTRAL = 5.0
# A negated word says less than its opposite: "not great" is milder than "terrible".
NEGATED = -0.6
# How far back a negation or an intensifier reaches, in words.
REACH = 3
# The valence sum that moves the score half way from neutral to its end.
HALF_WAY = 3.0

_VALENCE_LINES = """
-4 hate hated despise fraud fraudulent scam scammers scammed thieves thief disgusting disgusted disgrace disgraceful
-4 furious livid outrageous outraged appalling appalled criminal crooks worst pathetic garbage trash idiots idiotic
-4 fuck fucking fucked shit shitty bullshit bastards bitch hell damn damned crap evil
-3 terrible horrible awful unacceptable ridiculous incompetent incompetence useless angry lied lies liars liar rude
-3 insulting insult stupid dreadful atrocious shameful shame abysmal joke fed nightmare terrified devastated crying
-3 harassing harassment threatening threatened disappointing disappointed infuriating sick ripped stole stealing
-3 worthless ignored ignoring clowns laughable absurd insane
-2 bad poor sad upset annoyed annoying frustrated frustrating frustration unhappy tired worried scared afraid hurt
-2 complaint complain unprofessional unfair misleading deceptive deceived wasted waste sucks suck ugly pain painful
-2 lousy mess nonsense ashamed embarrassing embarrassed nobody refuse refused refuses hopeless desperate stress stressed
-2 stressful miserable worse dying cheated dishonest lost losing broken horrid boring killed died
-1 confused confusing unfortunately concerned concern disappoint trouble problem problems slow wrong difficult hard
-1 inconvenient inconvenience again sorry miss missing lack weird sadly never late delay delayed waiting failed
1 please ok okay fine fair thanks hope hoping interested welcome enough easy quick appreciated works solved clear
1 better safe calm curious hopefully cheers
2 thank good nice glad helpful kind kindly appreciate appreciates enjoy enjoyed enjoying useful pleased pleasant smooth
2 friendly grateful happy fun cool neat handy impressed comfortable sweet lucky smile recommend recommended fast quickly
2 win won yay cute beautiful pretty fresh polite
3 great love loved loves loving lovely wonderful brilliant excellent awesome delighted thrilled superb perfect perfectly
3 excited exciting gorgeous fabulous favorite favourite best terrific marvellous marvelous blessed joy happily glorious
3 lifesaver legend legends
4 amazing fantastic outstanding incredible phenomenal magnificent ecstatic overjoyed spectacular
"""
_NEGATIONS_LINES = """
    not no never without hardly isn't wasn't aren't don't doesn't didn't can't won't nothing cannot couldn't neither
"""
_NEGATIONS = frozenset(_NEGATIONS_LINES.split())
_BOOSTERS_LINES = """
    very really so extremely absolutely totally completely incredibly utterly truly super such beyond too
"""
_BOOSTERS = frozenset(_BOOSTERS_LINES.split())
_DAMPERS_LINES = """
    slightly somewhat little bit fairly kinda rather
"""
_DAMPERS = frozenset(_DAMPERS_LINES.split())
_SARCASM = re.compile(
    r"(?:oh (?:great|good|wonderful|joy|how nice)|just (?:great|perfect|wonderful|brilliant|what i needed)|"
    r"thanks (?:a lot )?for nothing|(?:great|nice|good|brilliant|fantastic|lovely|excellent) (?:job|work|one)[,.!]? "
    r"(?:breaking|losing|deleting|ignoring|guys|everyone|again)|slow clap|how (?:lovely|wonderful|delightful|generous)|"
    r"congratulations|bravo|well done|truly impressive|(?:love|loving|adore) (?:how|it when|that you|being|waiting|paying))",
    re.IGNORECASE,
)
_HAPPY = re.compile(r"(?::-?[)D]|;-?\)|<3|\^\^|[\U0001F600-\U0001F60D\U0001F618\U0001F389\u2764\U0001F44D\U0001F64F])")
_SAD = re.compile(r"(?::'?-?[(/|]|>:\(|[\U0001F612-\U0001F616\U0001F61E-\U0001F62D\U0001F92C\U0001F44E])")
_LETTERS = re.compile(r"[^\W\d_]")


def _valences() -> dict[str, float]:
    table: dict[str, float] = {}
    for line in _VALENCE_LINES.strip().splitlines():
        value, *listed = line.split()
        table.update(dict.fromkeys(listed, float(value)))
    return table


VALENCE = _valences()

FEATURE_NAMES = ("sum", "positive", "negative", "sarcasm", "emoticons", "exclamations", "capitals", "questions")


@dataclass(frozen=True, slots=True)
class Mood:
    """What the words of a text add up to. `positive` and `negative` are sums of valence (negative below zero)."""

    positive: float
    negative: float
    sarcasm: bool
    emoticons: int
    exclamations: int
    capitals: float
    questions: int
    strongest: str  # the word that weighed most, "" for none

    @property
    def total(self) -> float:
        """Valence of the whole: sarcasm turns praise round, shouting strengthens what is there."""
        positive = -0.8 * self.positive - 1.5 if self.sarcasm else self.positive
        raw = positive + 1.2 * self.negative + 1.5 * self.emoticons
        shout = 1.0 + 0.1 * min(self.exclamations, 3) + (0.3 if self.capitals > 0.5 else 0.0)
        return raw * shout

    @property
    def score(self) -> float:
        """1 furious .. 10 delighted."""
        span = 5.0 if self.total > 0 else 4.0
        return NEUTRAL + span * math.tanh(self.total / (2 * HALF_WAY))

    def features(self) -> NDArray[np.float32]:
        """For a trained head: float32, each about -2..2, shape (len(FEATURE_NAMES),)."""
        return np.array(
            [
                math.tanh(self.total / 4),
                math.tanh(self.positive / 4),
                math.tanh(self.negative / 4),
                float(self.sarcasm),
                math.tanh(self.emoticons),
                min(self.exclamations, 3) / 3,
                self.capitals,
                min(self.questions, 3) / 3,
            ],
            dtype=np.float32,
        )


def read(text: str) -> Mood:
    """The mood of `text` (cleaned, own words)."""
    tokens = words(text)
    positive = negative = heaviest = 0.0
    strongest = ""
    for i, token in enumerate(tokens):
        value = VALENCE.get(token, 0.0)
        if not value:
            continue
        before = tokens[max(0, i - REACH) : i]
        if any(word in _NEGATIONS for word in before):
            value *= NEGATED
        if any(word in _BOOSTERS for word in before[-2:]):
            value *= 1.3
        if any(word in _DAMPERS for word in before[-2:]):
            value *= 0.6
        positive, negative = positive + max(value, 0.0), negative + min(value, 0.0)
        if abs(value) > heaviest:
            heaviest, strongest = abs(value), token
    letters = _LETTERS.findall(text)
    return Mood(
        positive=positive,
        negative=negative,
        sarcasm=_SARCASM.search(text) is not None,
        emoticons=len(_HAPPY.findall(text)) - len(_SAD.findall(text)),
        exclamations=text.count("!"),
        capitals=sum(letter.isupper() for letter in letters) / len(letters) if len(letters) > 5 else 0.0,
        questions=text.count("?"),
        strongest=strongest,
    )
