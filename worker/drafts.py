"""A suggested reply for each ticket: what answered a similar one before, else a polite first answer. Pure."""

from broker.answers import Precedent

# Cosine from which an earlier answer is worth showing: what .7 is before the mean of everyday tickets is taken out. A single text is
# compared with a single text here, so this lies above the bars of groups.
SIMILAR_FROM = 0.67

OPENINGS = {
    "Billing": "I have looked at your account and your question about the charge.",
    "Technical": "I am sorry that this is not working for you. I have started to look into it.",
    "Legal": "I have passed your request to the person who handles such matters here.",
    "Feature Request": "Thank you for the suggestion. I have noted it for the people who plan our product.",
    "General": "Thank you for getting in touch.",
}
TEMPLATE = "template for "
OTHER_OPENING = "I have read your message and started to look into it."


def suggest(category: str, summary: str, precedent: Precedent | None) -> tuple[str, str]:
    """The text and where it comes from."""
    if precedent is not None:
        return precedent.response, f"answer to ticket {precedent.ticket_id}, {precedent.similarity:.0%} similar"
    opening = OPENINGS.get(category, OTHER_OPENING)
    text = f"Hello,\n\nthank you for writing about “{summary}”. {opening}\n\n[what happens next, and by when]\n\nKind regards"
    return text, f"{TEMPLATE}{category}"


def is_template(source: str | None) -> bool:
    """Nobody and nothing has answered anything like this ticket yet."""
    return source is not None and source.startswith(TEMPLATE)


def by_model(version: str) -> str:
    """Where a generated draft comes from: whoever sends it should know that nobody has read it."""
    return f"the model {version} (a generated text that nobody has read yet)"
