"""A suggested reply for each ticket: what answered a similar one before, else a polite first answer. Pure."""

from broker.answers import Precedent

# Cosine from which an earlier answer is worth showing. Lower than for near-duplicates: a person reads it before it is sent.
SIMILAR_FROM = 0.7

OPENINGS = {
    "Billing": "I have looked at your account and your question about the charge.",
    "Technical": "I am sorry that this is not working for you. I have started to look into it.",
    "Legal": "I have passed your request to the person who handles such matters here.",
    "Feature Request": "Thank you for the suggestion. I have noted it for the people who plan our product.",
    "General": "Thank you for getting in touch.",
}
OTHER_OPENING = "I have read your message and started to look into it."


def suggest(category: str, summary: str, precedent: Precedent | None) -> tuple[str, str]:
    """The text and where it comes from."""
    if precedent is not None:
        return precedent.response, f"answer to ticket {precedent.ticket_id}, {precedent.similarity:.0%} similar"
    opening = OPENINGS.get(category, OTHER_OPENING)
    text = f"Hello,\n\nthank you for writing about “{summary}”. {opening}\n\n[what happens next, and by when]\n\nKind regards"
    return text, f"template for {category}"
