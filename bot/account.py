"""What a question takes: whether a person may ask it now, what it cost, how it ended."""

from bot import pages
from bot.domain import Limit, Wait
from bot.health import Outcome
from bot.markup import Page
from bot.parts import Parts
from bot.phrases import Phrases
from rag.domain import Answer, Reply


def limited(parts: Parts, phrases: Phrases, wait: Wait) -> Page:
    """That a person has to wait, and until when."""
    most = {Limit.MINUTE: parts.settings.per_minute, Limit.DAY: parts.settings.per_day}
    left = wait.until - parts.now()
    return pages.limited(phrases, wait.limit, wait=left, most=most.get(wait.limit, 0))


async def paid(parts: Parts, user_id: int, reply: Reply) -> None:
    """Write down what a reply cost."""
    usage = reply.provenance.usage
    parts.metrics.spent(tokens_in=usage.tokens_in, tokens_out=usage.tokens_out, cost=usage.cost)
    if usage.cost:
        await parts.quota.spend(user_id, parts.now(), usage.cost)


def outcome(reply: Reply) -> Outcome:
    """What became of a question."""
    if reply.degraded:
        return Outcome.DEGRADED
    return Outcome.ANSWERED if isinstance(reply, Answer) else Outcome.REFUSED
