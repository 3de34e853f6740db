"""What Schemathesis should know of Deskhand that a schema cannot say."""

import unicodedata

import schemathesis


def is_as_typed(value):
    """Whether nothing is cleaned away from the texts in `value`, so that their lengths are those that count."""
    if isinstance(value, dict):
        return all(map(is_as_typed, value.values()))
    if isinstance(value, list):
        return all(map(is_as_typed, value))
    if isinstance(value, str):
        return value == value.strip() and not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in value)
    return True


@schemathesis.hook
def filter_body(context, body):
    return is_as_typed(body)
