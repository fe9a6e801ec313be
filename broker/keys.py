"""Every key in Redis: what it holds, how long, who writes it, who reads it. Nothing else in the house names a key.

A key is `{namespace}:name`. The braces are Redis Cluster's hash tag: all keys of a namespace share a slot, so a script may
touch any of them, and many namespaces spread over a cluster. A name that ends in `*` is a prefix: the rest is an id.

A ticket lives in one hash, `ticket:ID`, and in exactly one of eight sorted sets, one a state. Which set holds it is the truth that
the conservation line counts, so no counter can drift from the records.

    pending -> processing -> ready -> claimed -> resolved
                    |          |         `--------> snoozed -> ready
                    |          `--> folded (into an incident) -> resolved
                    `--> dead

Times in scores are Unix time, microseconds (`us`) where order matters and milliseconds (`ms`) elsewhere, by Redis's own clock.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """One row of the schema. `writers` and `readers` are names of Lua verbs, or of modules for plain commands."""

    type: str
    holds: str
    lifetime: str
    writers: str
    readers: str


SCHEMA: dict[str, Key] = {
    # --- the ticket and its states
    "ticket*": Key(
        "hash",
        "the record, one field a value; lists and objects as JSON",
        "until retention",
        "all verbs",
        "all verbs, listing",
    ),
    "bell": Key(
        "list", "ids to look at; only a wake-up call, may hold ids already taken", "-", "submit, recover", "claim, work"
    ),
    "pending": Key(
        "zset",
        "id -> us when last rung",
        "until claimed",
        "submit, claim, recover, yield",
        "recover, snapshot, listing",
    ),
    "processing": Key(
        "zset",
        "id -> ms when the worker's lease ends",
        "until finished",
        "claim, renew, finish, recover, yield",
        "recover",
    ),
    "ready": Key("zset", "id -> priority, lowest first", "until pulled", "finish, next, place, fold", "next, snapshot"),
    "claimed": Key(
        "zset", "id -> ms when the agent's lease ends", "until resolved", "next, resolve, release, extend", "recover"
    ),
    "snoozed": Key("zset", "id -> ms when it comes back", "until then", "recover", "recover, snapshot"),
    "folded": Key(
        "zset", "id -> ms when folded into its incident", "until resolved", "fold, incident_resolve", "snapshot"
    ),
    "resolved": Key(
        "zset", "id -> ms when resolved", "until retention", "resolve, incident_resolve, expire", "expire, snapshot"
    ),
    "dead": Key("zset", "id -> ms when given up", "until redriven", "recover", "snapshot"),
    # --- indexes over the states, each kept in the same script as the state
    "queue": Key(
        "zset", "id -> priority of all ready and claimed", "as those", "place, next, resolve, fold", "listing"
    ),
    "index*": Key(
        "zset",
        "for GET /tickets: `all`, and FIELD:VALUE of each indexed field (record.lua) -> us when accepted",
        "as the ticket",
        "all verbs, by `set` in record.lua",
        "listing",
    ),
    "degraded": Key(
        "zset", "id -> ms from which the models may judge it again", "while ready", "place, rescore, next", "rescore"
    ),
    "advice*": Key(
        "zset",
        "per kind (draft, opinion): ready ids that an optional model may add to -> priority; may hold ids pulled since",
        "until taken; the 10,000 most urgent",
        "finish, rescore",
        "advice",
    ),
    "unassigned*": Key(
        "zset",
        "per category: ready ids that are nobody's -> priority",
        "while ready",
        "place, next, fold",
        "next, assign",
    ),
    "categories": Key("set", "categories that have had unassigned tickets", "-", "place", "next, assign, snapshot"),
    "desk*": Key(
        "zset", "per agent: ready ids assigned -> priority", "while ready", "place, next, fold", "next, assign"
    ),
    "hands*": Key(
        "set", "per agent: claimed ids that take a slot", "while claimed", "next, resolve, release", "assign"
    ),
    "skipped*": Key("set", "per ticket: agents who passed it on", "as the ticket", "skip", "place, next"),
    "corrections": Key(
        "zset",
        "id of a ticket whose category a person set or confirmed by an edit -> ms",
        "as the ticket",
        "edit, expire",
        "keep",
    ),
    "answered": Key("list", "resolved ids, newest first, to be learned from", "newest 1,000", "resolve", "answers"),
    # --- what corrections teach (broker/examples.py, broker/lessons.py); numbers and labels only, no text of a ticket
    "lessons_due": Key(
        "zset", "corrected id -> ms, still to be read by a model", "newest 5,000", "edit, keep, rollback", "examples"
    ),
    "examples": Key(
        "hash",
        "ticket id -> JSON {label, evidence: [space, base64 float16 chances, base64 float16 sentence vector]}",
        "as the three below; outlives the ticket",
        "keep, rollback",
        "examples",
    ),
    "examples_corrected": Key(
        "zset", "id -> number, of tickets whose category a person set", "newest 5,000", "keep, rollback", "examples"
    ),
    "examples_agreed": Key(
        "zset", "id -> number, of tickets resolved as they were judged", "newest 5,000", "keep, rollback", "examples"
    ),
    "examples_aside": Key(
        "zset", "id -> number, of examples that a rollback has set aside", "newest 5,000", "keep, rollback", "lessons"
    ),
    "lessons": Key(
        "hash",
        "version -> JSON: number, when, from which examples, scores on those held back",
        "as lessons_order",
        "publish, rollback",
        "lessons",
    ),
    "lessons_order": Key(
        "zset", "version -> ms when made", "100, the older ones thinned", "publish, rollback", "lessons"
    ),
    "lesson_weights": Key(
        "hash",
        "version -> base64 float16 weights, where it changes anything",
        "as lessons",
        "publish, rollback",
        "lessons",
    ),
    "lesson_state": Key(
        "hash",
        "newest, active: versions; taken: number of the newest example; fitted: of the newest that was fitted",
        "-",
        "keep, publish, rollback, lessons",
        "lessons",
    ),
    "lesson_fitter": Key(
        "string", "token of the one worker that fits", "60 s lease", "lessons, publish, rollback", "publish"
    ),
    "answers": Key(
        "hash", "ticket id -> JSON {fingerprint, response} of a resolved ticket", "newest 2,000", "answers", "answers"
    ),
    "answers_order": Key("zset", "ticket id -> ms when learned", "as answers", "answers", "answers"),
    # --- intake
    "idempotency*": Key("string", "payload digest:ticket id of the first answer", "24 h", "submit", "submit"),
    "copied": Key(
        "string",
        "counts acceptances that waited for replicas (MIN_REPLICAS), so that each has a write",
        "-",
        "scripts",
        "-",
    ),
    # --- agents and workers
    "agents": Key(
        "hash", "name -> JSON {skills, capacity, status}", "until deleted", "agent_put, agent_delete", "assign, next"
    ),
    "agents_seen": Key(
        "zset", "name -> ms of the last heartbeat, if any was sent", "as agents", "agent_put, absent", "agents, absent"
    ),
    "agents_seeded": Key(
        "set", "names once created from AGENTS, so that a deleted one stays deleted", "-", "agents", "agents"
    ),
    "users": Key("hash", "user id -> JSON {name, email, created_ms}", "-", "user_put", "users"),
    "users_email": Key("hash", "email in lower case -> user id", "-", "user_put", "users"),
    "users_created": Key("zset", "user id -> us when created", "-", "user_put", "users"),
    "workers": Key("hash", "worker id -> JSON report", "60 s after the last beat", "presence", "presence"),
    "workers_seen": Key("zset", "worker id -> ms of the last beat", "as workers", "presence", "presence"),
    # --- near-duplicates and incidents
    "leaders": Key(
        "hash",
        "leader or other exemplar of a group, by ticket id -> JSON [leader, [space, base64 float16], bars]",
        "two windows of quiet",
        "group",
        "group",
    ),
    "leaders_order": Key("zset", "exemplar's ticket id -> version when registered", "as leaders", "group", "group"),
    "exemplars*": Key(
        "set", "per leader: its exemplars, and lone leaders merged into it", "as leaders", "group", "group"
    ),
    "merged": Key(
        "hash", "leader of a group that was merged -> leader that took it in", "as leaders", "group", "group, finish"
    ),
    "groups": Key("zset", "leader ticket id -> us when its newest member was accepted", "as leaders", "group", "group"),
    "group*": Key("zset", "per leader: member id -> us when accepted", "as leaders", "group", "fold, finish"),
    "group_incident": Key(
        "hash", "leader ticket id -> its open incident", "while open", "fold, incident_resolve", "fold, group"
    ),
    "incidents": Key("zset", "incident id -> ms when opened", "until retention", "fold", "incidents"),
    "incident*": Key(
        "hash",
        "status, leader, category, summary, first and last seen (ms), from when members fold (us)",
        "until retention",
        "fold, incident_*",
        "incidents",
    ),
    "members*": Key("zset", "per incident: ticket id -> us when accepted", "until retention", "fold", "incidents"),
    "resolving": Key(
        "set", "incidents resolved whose members are still being settled", "seconds", "incident_resolve", "recovery"
    ),
    # --- alerts
    "outbox": Key(
        "zset", "alert id -> ms when due", "until delivered", "finish, rescore, fold, outbox_*", "outbox_take"
    ),
    "alerts": Key(
        "hash",
        "alert id -> JSON {kind, subject id, created_ms, attempt}",
        "until delivered",
        "as outbox",
        "outbox_take",
    ),
    "alerts_dead": Key(
        "hash", "alert id -> JSON with the reason it was refused", "the first 1,000", "outbox_settle", "outbox"
    ),
    "sender": Key("string", "token of the one sender", "30 s lease", "outbox", "outbox_*"),
    # --- numbers and news
    "counters": Key(
        "hash",
        "accepted, expired, incidents, leaders; category:C, engine:E, resolved_by:A",
        "-",
        "most verbs",
        "snapshot",
    ),
    "hours": Key("hash", "hours since 1970 -> tickets accepted", "7 days", "submit, recover", "snapshot"),
    "latency": Key("hash", "bucket -> tickets whose accept-to-ready time fell into it", "-", "finish", "snapshot"),
    "rate*": Key("string", "requests of one client in one minute", "2 minutes", "rate", "rate"),
    "news": Key(
        "stream", "the newest changes, to catch up after a lost connection", "newest 10,000", "all verbs", "events"
    ),
    "events": Key(
        "channel", "JSON {event_id, ticket_id, status, agent} at each change", "not stored", "all verbs", "events"
    ),
}


class Keys:
    """Full names for one namespace."""

    def __init__(self, namespace: str) -> None:
        self._prefix = f"{{{namespace}}}:"

    def name(self, key: str, rest: str = "") -> str:
        """The Redis name of schema entry `key`; prefixes (`ticket*`) take the `rest`. Raises KeyError if undocumented."""
        SCHEMA[key]
        return f"{self._prefix}{key[:-1]}:{rest}" if key.endswith("*") else f"{self._prefix}{key}"
