"""The arguments of a Bot API call, and its errors.

A value arrives as a form field, a multipart field, a query parameter or JSON. Nested objects are JSON in a
string in the first three, so every reader here takes both.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """An answer with `ok: false`. `description` is what Telegram would write."""

    def __init__(self, status: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters


def bad_request(reason: str) -> ApiError:
    """400, in Telegram's form."""
    return ApiError(400, f"Bad Request: {reason}")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a call."""

    name: str
    data: bytes


class Args:
    """Typed access to a call's arguments. Every method raises ApiError 400 for an invalid value."""

    def __init__(self, values: Mapping[str, Any], uploads: Mapping[str, Sequence[Upload]]) -> None:
        self._values = values
        self._uploads = uploads

    def __contains__(self, name: str) -> bool:
        return name in self._values or name in self._uploads

    def text(self, name: str, default: str = "") -> str:
        value = self._values.get(name, default)
        return value if isinstance(value, str) else json.dumps(value)

    def number(self, name: str, default: int | None = None) -> int:
        value = self._values.get(name, default)
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad_request(
                f"{name} is empty" if value in (None, "") else f"invalid {name} specified"
            ) from None

    def flag(self, name: str) -> bool:
        return self.text(name).strip('"').lower() in {"true", "1", "yes"}

    def json(self, name: str) -> Any:
        """The nested value, or None if the argument was not given."""
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise bad_request(f"can't parse {name} JSON object") from None

    def object(self, name: str) -> Json:
        value = self.json(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise bad_request(f"object expected as {name.replace('_', ' ')}")
        return value

    def array(self, name: str) -> list[Any]:
        value = self.json(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise bad_request(f"can't parse {name}: expected an Array")
        return value

    def upload(self, name: str) -> Upload | None:
        return next(iter(self.uploads(name)), None)

    def uploads(self, name: str) -> Sequence[Upload]:
        return self._uploads.get(name, ())

    def logged(self) -> Json:
        """The arguments for the record of calls, uploads by name and size."""
        files = {
            name: [f"<{upload.name}, {len(upload.data)} bytes>" for upload in uploads]
            for name, uploads in self._uploads.items()
        }
        return {**self._values, **files}
