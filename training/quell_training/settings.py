"""``name=value`` on the command line for the fields of a dataclass of settings."""

import dataclasses


def with_settings(base, pairs: list[str]):
    """`base` with the fields named by `pairs` changed; a range is two numbers: ``level_db=-75,-3``."""
    fields = {field.name for field in dataclasses.fields(base)}
    changes = {}
    for pair in pairs:
        name, is_pair, text = pair.partition("=")
        if not is_pair or name not in fields:
            raise ValueError(f"{pair!r} is no setting: expected NAME=VALUE with one of {', '.join(sorted(fields))}")
        changes[name] = _parsed(name, text, getattr(base, name))
    return dataclasses.replace(base, **changes)


def _parsed(name: str, text: str, like):
    """`text` as a value of the type of `like`."""
    try:
        if isinstance(like, bool):
            return dict(true=True, false=False)[text]
        if isinstance(like, tuple):
            low, high = (float(part) for part in text.split(","))
            return low, high
        return type(like)(text)
    except (KeyError, ValueError):
        raise ValueError(f"{name}={text}: expected a value like {like!r}") from None
