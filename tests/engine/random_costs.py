"""Random arguments of `costs`, which fit together more often than not."""

from typing import Any

from graphql import GraphQLField

from tests.engine.random_arguments import Values, Word

SERVICES = ("LLM", "TTS", "STT", "TELEPHONY")
UNITS = ("CALL", "MINUTE", "MINUTE", "TOKEN", "CHARACTER", "SEGMENT")
PRICES = ("0", "0.000001", "0.0125", "0.15", "7.333333")
BUCKETS = ("HOUR", "DAY", "WEEK", "MONTH")
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Sao_Paulo",
)
RANGES = {
    "HOUR": [("2026-03-28", "2026-03-31"), ("2026-06-01T10:17:00Z", "2026-06-20T00:00:00Z")],
    "DAY": [("2026-01-01", "2026-07-01"), ("2026-03-29T00:30:00+01:00", "2026-06-30")],
    "WEEK": [("2024-01-15T10:00:00Z", "2026-12-31"), ("2026-05-01", "2026-07-01")],
    "MONTH": [("2024-01-01", "2027-01-01"), ("2026-05-31T23:00:00Z", "2026-07-01")],
}


def cost_arguments(values: Values, spec: GraphQLField) -> dict[str, Any]:
    """Values by argument."""
    pick = values.pick
    arguments = values.arguments(spec, None, pages=False)
    if pick.random() < 0.9:
        arguments.pop("channels", None)
    if "timezone" in arguments and pick.random() < 0.95:
        arguments["timezone"] = pick.choice(ZONES)
    if "first" in arguments and pick.random() < 0.95:
        arguments["first"] = pick.choice([1, 2, 5, 100, 1000])
    others = sorted(set(_dimensions(spec)) - set(BUCKETS))
    groups = pick.sample(others, pick.choice([0, 0, 1, 1, 2]))
    bucket = pick.choice([None, *BUCKETS])
    if bucket is not None:
        groups.insert(0, bucket)
    if groups or pick.random() < 0.5:
        arguments["groupBy"] = [Word(each) for each in groups]
    if bucket is None and pick.random() < 0.95:
        arguments.pop("emptyBuckets", None)
    arguments.pop("rateCard", None)
    if pick.random() < 0.4:
        arguments["rateCard"] = rate_card(values)
    if (bucket or arguments.get("compareTo")) and pick.random() < 0.97:
        lower, upper = pick.choice(RANGES[bucket or "MONTH"])
        bounds = {pick.choice(["gt", "gte"]): lower, pick.choice(["lt", "lte"]): upper}
        arguments["filter"] = {**(arguments.get("filter") or {}), "startedAt": bounds}
    return arguments


def summary_arguments(values: Values) -> dict[str, Any]:
    """Values by argument of the sums of a list."""
    return {"rateCard": rate_card(values)} if values.pick.random() < 0.5 else {}


def rate_card(values: Values) -> dict[str, Any]:
    """Prices of some services, now and then of one twice or below zero."""
    pick = values.pick
    services = pick.sample(SERVICES, pick.randint(1, len(SERVICES)))
    if pick.random() < 0.05:
        services.append(pick.choice([*SERVICES, "OTHER"]))
    rates = []
    for service in services:
        rate: dict[str, Any] = {
            "service": Word(service),
            "unit": Word(pick.choice(UNITS)),
            "price": pick.choice(PRICES if pick.random() < 0.97 else ["-1", "9999999999999"]),
        }
        if pick.random() < 0.3:
            rate |= _token_prices(values)
            if pick.random() < 0.5:
                del rate["price"]
        if pick.random() < 0.5:
            rate["per"] = pick.choice([1, 3, 1_000, 1_000_000])
        rates.append(rate)
    return {"currency": pick.choice(["USD", "USD", "USD", "EUR", "'\u00e9"]), "rates": rates}


def _token_prices(values: Values) -> dict[str, Any]:
    """Prices of kinds of tokens, seldom of output alone or of what is counted in something else."""
    pick = values.pick
    prices: dict[str, Any] = {"inputPrice": pick.choice(PRICES), "outputPrice": pick.choice(PRICES)}
    if pick.random() < 0.3:
        prices["cachedInputPrice"] = pick.choice(PRICES)
    if pick.random() < 0.03:
        del prices["inputPrice"]
    return prices if pick.random() < 0.03 else {**prices, "unit": Word("TOKEN")}


def _dimensions(spec: GraphQLField) -> list[str]:
    kind: Any = spec.args["groupBy"].type
    return list(kind.of_type.of_type.values)
