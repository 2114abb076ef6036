"""The one word in a database address that is ours and not libpq's: that a pooler stands between."""

_WORD = "pool_mode="


def is_pooled(url: str) -> bool:
    """Say whether a pooler such as PgBouncer stands between (`?pool_mode=transaction`): each transaction may then meet
    another session of the server."""
    return f"{_WORD}transaction" in url.partition("?")[2].split("&")


def libpq_url(url: str) -> str:
    """Return the address as libpq and its tools take it: they refuse a parameter that they do not know."""
    address, _, query = url.partition("?")
    known = [pair for pair in query.split("&") if pair and not pair.startswith(_WORD)]
    return f"{address}?{'&'.join(known)}" if known else address
