"""The phrases that make a ticket more or less urgent: data for `ml.urgency`.

Each signal has a name, the weight it adds to the log-odds of "high" in the rule of the keyword engine, what to tell an
agent, and its patterns. The weights follow the labelling guide: what is broken for how many and by when decides, mood
hardly. They are a hand-set prior; the trained head learns its own from the same counts.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signal:
    """One kind of evidence. `calming` lowers S; only rousing signals can be negated ("not down")."""

    name: str
    weight: float
    reason: str
    pattern: re.Pattern[str]
    calming: bool = False


def _signal(name: str, weight: float, reason: str, phrases: str, *, calming: bool = False) -> Signal:
    """`phrases`: alternatives divided by " | " or a new line (a backslash ends a line that goes on), each a regular
    expression matched on whole words.
    """
    lines = re.sub(r"\\\n\s*", "", phrases).strip().splitlines()
    alternatives = "|".join(phrase for line in lines for phrase in line.strip().split(" | "))
    return Signal(name, weight, reason, re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE), calming)


# A count as customers write one, in "within N hours".
_NUMBER = r"(?:\d{1,3}|a few|an?|one|two|three|four|five|six|eight|ten|fifteen|twenty|thirty|half an)"

SIGNALS: tuple[Signal, ...] = (
    _signal(
        "outage",
        1.6,
        "Mentions an outage",
        r"""
        outages?
        (?:is|are|went|gone|goes|going|be|been|still|all|completely|just|totally|keeps going|server|site|\
        website|system|api|service|network|database|checkout|production|platform|portal|app) down
        offline | unreachable | not responding | unresponsive | (?:has|have|had|just)? ?crash(?:ed|es|ing)?
        (?:error|http|returns?|returning|status) ?(?:code )?50[0-4] | 50[0-4] errors? | unavailable
        stopped (?:working|processing|responding) | nothing (?:works|loads|is working)
        (?:dead|frozen) (?:server|system|site) | failing for (?:all|every) | (?:all|every) requests? fail\w*
        """,
    ),
    _signal(
        "breadth",
        1.3,
        "Affects many",
        r"""
        (?:all|every|many|most|thousands of|hundreds of|dozens of) (?:of )?(?:(?:our|the|my|your) )?\
        (?:\w+ )?(?:users?|customers?|clients?|employees|staff|guests|patients|students|orders|stores|\
        sites|locations|branches|teams?|agents|drivers|requests|tenants|members|nurses|doctors|teachers|accounts)
        every(?:one|body) | nobody (?:can|is able) | no ?(?:one|body) (?:here )?can | (?:entire|whole) \w+
        company[- ]wide | production | customers (?:can't|cannot|can not|are unable|are seeing|are getting)
        (?:users|clients|patients|guests|students|staff) (?:can't|cannot|can not|are unable|are locked)
        \d{2,}(?:,\d{3})* (?:\w+ )?(?:users|customers|people|employees|staff|guests|patients|orders|clients|students)
        """,
    ),
    _signal(
        "data_loss",
        1.8,
        "Reports lost data",
        r"""
        data ?loss
        (?:los(?:t|ing)|wiped|erased|corrupt(?:ed|ing)|destroyed|overwr(?:ote|itten)) (?:\w+ ){0,3}(?:data|\
        records|files|database|history|orders|backups?|documents)
        (?:data|records|files|database|orders|backups?|documents) (?:\w+ ){0,3}(?:lost|gone|wiped|erased|\
        deleted|corrupt(?:ed)?|missing|disappeared|vanished)
        """,
    ),
    _signal(
        "security",
        1.9,
        "Reports a security incident",
        r"""
        (?:security|data) breach | breach(?:ed)? | hack(?:ed|ers?|ing) | ransomware | malware | compromised
        unauthori[sz]ed (?:access|login|transactions?|transfers?|payments?|sign-?ins?) | leak(?:ed|ing|s)? | exposed
        (?:stolen|leaked) (?:\w+ )?(?:card|credentials|password|data|keys?|laptop|phone|account) | phishing
        intrud(?:er|ers|ed) | account takeover
        (?:someone|somebody) (?:else )?(?:is |has |just )?(?:logged in|accessed|changed my|using my|draining)
        see (?:other|another) (?:people|customer|user|patient)\S*
        other (?:customers|users|patients|people)['s]* (?:data|records|invoices|orders|messages|files|details)
        (?:secret|api|private|access) keys? (?:\w+ ){0,3}(?:public|pushed|posted|committed|github)
        """,
    ),
    _signal(
        "safety",
        2.2,
        "Somebody may be in danger",
        r"""
        danger(?:ous)? | injur(?:y|ed|ies) | (?:caught|on) fire | smoke | smok(?:ing|es) | overheat(?:ed|ing)
        burn(?:ed|t|ing|s) | ambulance | hospital | insulin | medic(?:ation|al|ine) | life[- ]threatening | gas leak
        allergic | stranded | electric shock | unsafe | suicid\w+ | self[- ]harm | trapped | ventilator | oxygen
        life safety | explod\w+ | sparks?
        """,
    ),
    _signal(
        "legal",
        0.5,
        "Mentions legal steps",
        r"""
        law ?suit | lawyers? | attorneys? | solicitor | legal action | subpoena(?:ed)? | court | sue | regulators?
        injunction | ombudsman | statutory | litigation | cease and desist | warrant | data protection authority
        legal hold | supervisory authority
        """,
    ),
    _signal(
        "deadline",
        1.6,
        "Has a near deadline",
        rf"""
        (?:in|within|under|less than)(?: the next| about| just| only)? {_NUMBER} ?(?:more )?(?:-)?(?:minutes?|\
        mins?|hours?|hrs?|h)
        (?:next|only|have|just) {_NUMBER} (?:minutes?|mins?|hours?|hrs?)
        (?:by|before|until|due|expires?|ends?|starts?|closes?|begins?|goes live|boards?|leaves?)(?: at| on)? \
        (?:today|tonight|tomorrow|noon|midnight|end of (?:the )?day|eod|cob|close of business|\
        this (?:morning|afternoon|evening)|\d{{1,2}}(?::\d\d)? ?(?:am|pm|a\.m|p\.m)|\d{{1,2}}:\d\d)
        (?:today|tonight|tomorrow)(?: morning| afternoon| evening)? at \d{{1,2}} | deadline | 72[- ]hours?
        24[- ]hours? | 48[- ]hours? | this (?:morning|afternoon|evening) | in an hour
        """,
    ),
    _signal(
        "urgent_words",
        2.0,
        "Is called urgent",
        r"""
        urgent(?:ly)? | asap | a\.s\.a\.p | as soon as possible | immediate(?:ly)? | emergency | critical
        sev(?:erity)?[- ]?[01] | p[01] | right (?:now|away) | wak(?:e|ing) (?:up )?(?:someone|somebody|on-?call)
        top priority | highest priority | drop everything | at once | need (?:help|this|it|someone) now
        show ?stopper | blocker
        """,
    ),
    _signal(
        "money",
        1.3,
        "Money is being lost",
        r"""
        (?:losing|lost|costing|bleeding) (?:us |me )?(?:\w+ ){0,2}(?:money|sales|revenue|[$€£]\s?\d[\d,.]*k?|\
        thousands|orders)
        (?:[$€£]\s?\d[\d,.]*k?|thousands|revenue|money|sales) (?:\w+ )?(?:per|an?|every|each) (?:minute|hour)
        every (?:minute|hour) | charg(?:ed|ing) (?:all|every|our customers|hundreds|thousands|many) | payroll
        (?:double|twice|repeatedly|again and again|over and over)[- ]charg\w+ (?:all|our|every|customers)
        (?:card|account) (?:is )?(?:being )?(?:drained|emptied|charged again)
        (?:can't|cannot) take (?:any )?(?:payments|orders)
        """,
    ),
    _signal(
        "blocked",
        0.6,
        "Somebody is blocked",
        r"""
        (?:can't|cannot|can not|couldn't|unable to|not able to) (?:\w+ ){0,3}(?:log ?in|login|access|work|open|\
        pay|connect|sign ?in|use|get in|ship|send|reach|load|process|check ?out|print)
        locked out | blocked | stuck | broken | not working
        (?:doesn't|does not|won't|isn't) (?:work|load|open|start|working|loading) | fail(?:s|ed|ing|ure)? | halted
        at a standstill
        """,
    ),
    _signal(
        "ongoing",
        0.5,
        "Is happening now",
        r"""
        right now | currently | at (?:this|the) moment | as we speak | still (?:down|happening|failing|going)
        since (?:this morning|\d{1,2}(?::\d\d)?(?: ?[ap]m)?|an hour ago|midnight|noon) | live (?:event|show|stream)
        on stage | on air | in progress | ongoing | getting worse | spreading | (?:is|are) waiting
        """,
    ),
    _signal(
        "repeated",
        0.3,
        "Has written before",
        r"""
        (?:second|third|fourth|fifth|2nd|3rd|4th|5th|\d+th) (?:time|ticket|email|message|request|attempt)
        (?:twice|three times|several times|many times|multiple times|again and again)
        still (?:no|not|waiting|nothing)
        no(?:body| one)? (?:reply|response|answer|has (?:replied|answered|responded)) | follow(?:ing)?[- ]?up
        already (?:wrote|emailed|called|contacted|reported|asked)
        """,
    ),
    _signal(
        "frustration",
        0.1,
        "The writer is upset",
        r"""
        unacceptable | ridiculous | outrageous | furious | disgust(?:ed|ing) | terrible | worst | fed up | angry
        pathetic | appalling | sick of | joke | incompeten\w+ | scam(?:mers)? | awful | horrible
        """,
    ),
    _signal(
        "no_rush",
        -2.6,
        "Says there is no rush",
        r"""
        no (?:rush|hurry|urgency|pressure|immediate \w+)
        (?:not|isn't|n't|hardly|nothing) (?:\w+ ){0,2}(?:urgent|critical|time[- ]sensitive|a blocker|blocking|\
        an emergency|pressing|important)
        non[- ](?:urgent|critical) | nothing urgent | low priority
        when(?:ever)? (?:you|it|someone|somebody|the team)(?:'s|'re)? (?:\w+ ){0,3}(?:chance|moment|time|\
        convenient|suits|bored|around|minute|get (?:to it|around))
        at your (?:convenience|leisure) | take your time | can wait | some ?day | no need to (?:rush|hurry)
        next (?:week|month|quarter|year) | (?:any ?time|sometime) (?:this|next) | not in a (?:rush|hurry)
        minor thing | just curious
        """,
        calming=True,
    ),
    _signal(
        "settled",
        -2.2,
        "Says it is settled",
        r"""
        solved itself
        (?:resolved|fixed|sorted|cleared|solved|healed|recovered) (?:itself|now|already|since|\
        after|by itself|on its own|thanks)
        (?:has|have|been|is|was|got) (?:since |already |now )?(?:been )?(?:resolved|fixed|restored|sorted|\
        solved|back to normal)
        working (?:again|fine now|now) | back (?:up|online|to normal) | never ?mind
        (?:please )?(?:ignore|disregard) (?:this|my) | no longer (?:an issue|happening|needed|a problem)
        all good now | works (?:again|now|fine now) | false alarm | can be closed | close this ticket
        figured it out | no action (?:is )?(?:needed|required)
        """,
        calming=True,
    ),
    _signal(
        "not_real",
        -1.2,
        "Is not about a live system",
        r"""
        (?:test|testing|staging|sandbox|dev|demo|development) (?:environment|server|system|instance|account|site|box)
        in (?:staging|sandbox|dev|test) | hypothetical(?:ly)? | what (?:if|happens if|would happen) | drill
        post[- ]?mortem | last (?:week|month|year|quarter)'?s? (?:outage|incident|breach) | in case of | planning
        curious | webinar | research | blog post | (?:wrote|writing) an article | thesis
        """,
        calming=True,
    ),
    _signal(
        "minor",
        -1.8,
        "Is a small matter",
        r"""
        minor | cosmetic | typo | nitpick\w* | pixels? | alignment | misaligned | tiny
        small (?:thing|issue|bug|question|request|detail|glitch) | trivial | colou?rs? | font | icon | tooltip
        spelling | slightly | a bit (?:off|slow|odd) | little (?:thing|bug|glitch|question)
        """,
        calming=True,
    ),
    _signal(
        "wish",
        -1.4,
        "Is a wish or a question",
        r"""
        would be (?:nice|great|lovely|useful|helpful|good|handy) | feature request | suggest(?:ion|ing)?
        how (?:do|can|would|should) (?:i|we|one) | is there a way | do you (?:have|offer|support|ship|plan)
        wondering (?:if|whether|how|when) | would (?:love|like) (?:to (?:see|have|know)|an?|if) | roadmap
        where (?:can|do) (?:i|we) | (?:just )?want(?:ed)? to (?:say|let you know|ask|know) | wish(?:list)?
        consider adding | could you (?:add|consider|tell) | thank you for | quick question | kudos | i was wondering
        """,
        calming=True,
    ),
)
