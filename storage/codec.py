"""
Frozen values to bytes and back: what journal records and snapshots are written as.

A record is coded as its class's name and a JSON object of its fields. The set of classes is given
when the codec is built; it knows nothing of what they mean. Decoding is strict: an unknown name, a
missing or additional field, or a number where a text belongs is an error and never a guess, since
a replay must read exactly what was decided on.
"""

from collections.abc import Callable, Iterator
from enum import Enum, IntEnum, StrEnum
from types import UnionType
from typing import Any, TypeVar, get_args

import cattrs
import orjson
from cattrs.preconf.orjson import make_converter

from storage.errors import UndecodableRecordError, UnencodableError

T = TypeVar("T")

_ENCODE_ERRORS = (TypeError, ValueError, AttributeError, cattrs.StructureHandlerNotFoundError)
_DECODE_ERRORS = (TypeError, ValueError, LookupError, AttributeError, cattrs.BaseValidationError)


def _exactly(wanted: type) -> Callable[[object, object], object]:
    """Return a hook that takes values of just this type: cattrs alone would call `str(5)`."""

    def hook(value: object, _: object) -> object:
        if type(value) is not wanted:
            raise TypeError(f"expected {wanted.__name__}, found {type(value).__name__}")
        return value

    return hook


def _member(value: object, kind: type[Enum]) -> object:
    """Return the member of a list that has this value."""
    return kind(value)


def _flattened(kinds: tuple[type | UnionType, ...]) -> Iterator[type]:
    for kind in kinds:
        if isinstance(kind, UnionType):
            yield from _flattened(get_args(kind))
        else:
            yield kind


class RecordCodec:
    """
    Codes values of the given dataclasses, or unions of them, tagged by the class's name.

    Raises:
        ValueError: two different classes have the same name.
    """

    def __init__(self, *kinds: type | UnionType) -> None:
        self._types: dict[str, type] = {}
        for kind in _flattened(kinds):
            known = self._types.setdefault(kind.__name__, kind)
            if known is not kind:
                raise ValueError(f"two record types are called {kind.__name__}")
        self._converter = make_converter(forbid_extra_keys=True)
        for primitive in (int, str, bool):
            self._converter.register_structure_hook(primitive, _exactly(primitive))
        # They are texts and numbers too, and would stay such.
        self._converter.register_structure_hook(StrEnum, _member)
        self._converter.register_structure_hook(IntEnum, _member)
        # Looked up once: the converter's own dispatch costs as much as the conversion.
        self._writers = {
            kind: self._converter.get_unstructure_hook(kind) for kind in self._types.values()
        }
        self._readers = {
            name: self._converter.get_structure_hook(kind) for name, kind in self._types.items()
        }

    def encode(self, body: object) -> tuple[str, bytes]:
        """
        Return a record's name and its bytes.

        Raises:
            UnencodableError: its class is not one of the codec's, a whole number has more than
                64 bits, or a text is no Unicode (half of a surrogate pair). Texts from outside
                are to be cleaned where they come in.
        """
        writer = self._writers.get(type(body))
        name = type(body).__name__
        if writer is None:
            raise UnencodableError(f"{name} is not a record type of this codec")
        try:
            return name, orjson.dumps(writer(body))
        except _ENCODE_ERRORS as error:
            raise UnencodableError(f"a {name} cannot be written: {error}") from error

    def decode(self, name: str, data: bytes, *, position: int = 0) -> object:
        """
        Return the value that `encode` was given.

        Raises:
            UndecodableRecordError: the name is unknown, or the bytes are not such a record's.
        """
        reader = self._readers.get(name)
        if reader is None:
            raise UndecodableRecordError(name, "unknown record type", position=position)
        try:
            return reader(orjson.loads(data), self._types[name])
        except _DECODE_ERRORS as error:
            raise UndecodableRecordError(name, _explained(error), position=position) from error

    def pack(self, value: object) -> bytes:
        """
        Return any value of plain dataclasses as bytes, such as the core's state for a snapshot.

        Raises:
            UnencodableError: it holds something that JSON cannot.
        """
        try:
            return orjson.dumps(self._converter.unstructure(value))
        except _ENCODE_ERRORS as error:
            raise UnencodableError(f"{type(value).__name__} cannot be packed: {error}") from error

    def unpack(self, kind: type[T], data: bytes) -> T:
        """
        Return the value of type `kind` that `pack` was given.

        Raises:
            UndecodableRecordError: the bytes are not such a value's.
        """
        try:
            value: T = self._converter.structure(orjson.loads(data), kind)
        except _DECODE_ERRORS as error:
            raise UndecodableRecordError(kind.__name__, _explained(error)) from error
        return value


def _explained(error: Exception) -> str:
    """Return what is wrong, with the path of the field where cattrs knows it."""
    if isinstance(error, cattrs.BaseValidationError):
        return "; ".join(cattrs.transform_error(error, format_exception=_described))
    return _described(error, None)


def _described(error: BaseException, _: Any) -> str:  # noqa: ANN401 - cattrs' own signature
    if isinstance(error, KeyError):
        return f"field {error} is missing"
    return str(error) or type(error).__name__
