"""Properties that are computed once for each object, whichever of several threads asks first."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any, Generic, Self, TypeVar, cast, overload

__all__ = ["once"]

T = TypeVar("T")


class once(Generic[T]):  # noqa: N801, a decorator
    """``functools.cached_property`` with a lock for each object.

    That of Python 3.11 has one for all objects of a class, so that designs wait for each other; later ones have none,
    so that two threads may do the same work in one folder.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self.make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Self | T:
        if instance is None:
            return self
        values = instance.__dict__  # what is in there is found before this descriptor
        with values.setdefault(f"_lock of {self.name}", RLock()):
            if self.name not in values:
                values[self.name] = self.make(instance)
        return cast(T, values[self.name])
