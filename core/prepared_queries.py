"""Querysets whose SQL is written once.

Django takes one to five milliseconds to write the SQL of a queryset, PostgreSQL a fraction of one to answer it. What
every page asks is therefore written at its first use and then only run: with new values in its slots, as a prepared
statement, so that PostgreSQL plans it once too. Constants stay in the text, where partial indexes can be seen to hold.

    NEWEST = Written(lambda author, now: Post.objects.published(now).filter(author=author)[:3])
    NEWEST(author=7, now=timezone.now())
"""

import copy
import inspect
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property
from types import SimpleNamespace
from typing import Any, Generic, NamedTuple, Self, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Expression, Field, Lookup, QuerySet
from psycopg.sql import Literal

R = TypeVar("R")

PLACEHOLDER = re.compile("%[s%]")


class Param(Expression):
    """Stands in a queryset for a value that is given when it runs."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


@Field.register_lookup
class EqualsAny(Lookup):
    """`column__any=values`: the column equals one of a list, or of what a slot is given."""

    lookup_name = "any"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, left_values = self.process_lhs(compiler, connection)
        right, right_values = compiler.compile(self.rhs) if hasattr(self.rhs, "as_sql") else ("%s", [list(self.rhs)])
        return f"{left} = ANY({right})", (*left_values, *right_values)


class Statement(NamedTuple):
    """SQL with a placeholder for each of `slots`, in order; `compiler` knows how a row becomes what is asked for."""

    sql: str
    slots: list[str]
    queryset: QuerySet[Any]
    compiler: Any


class PreparedQuery(Generic[R]):
    """A queryset in which the arguments of `make` are slots. What is compared with a list is `column__any`.

    `is_planned_once`: unless the best way to the rows depends on the values.
    """

    def __init__(self, make: Callable[..., QuerySet[Any, R]], *, is_planned_once: bool = True) -> None:
        self._make = make
        self._is_planned_once = is_planned_once

    def __call__(self, **values: Any) -> list[R]:
        """The rows for these values; one query."""
        statement = self._statement
        with prepared() if self._is_planned_once else connection.cursor() as cursor:
            cursor.execute(statement.sql, [values[name] for name in statement.slots])
            rows = cursor.fetchall()
        return list(_read(statement, rows)) if rows else []

    def first(self, **values: Any) -> R | None:
        """The first row, if there is one; one query."""
        return next(iter(self(**values)), None)

    @cached_property
    def _statement(self) -> Statement:
        queryset = self._make(*map(Param, inspect.signature(self._make).parameters))
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, given = compiler.as_sql()
        slots, rest = [], iter(given)

        def fill(placeholder: re.Match[str]) -> str:
            if placeholder[0] == "%%":
                return "%%"
            value = next(rest)
            if isinstance(value, Param):
                slots.append(value.name)
                return "%s"
            return Literal(value).as_string(connection.connection).replace("%", "%%")

        connection.ensure_connection()
        _know_the_columns(compiler)
        return Statement(PLACEHOLDER.sub(fill, sql), slots, queryset, compiler)


def _know_the_columns(compiler: Any) -> None:
    """Let a compiler ask its columns now what is to be done with their values, and not again for each result."""
    columns = [column for column, *_ in compiler.select[: compiler.col_count]]
    converters, has_composites = compiler.get_converters(columns), compiler.has_composite_fields(columns)
    compiler.get_converters = lambda *_: converters
    compiler.has_composite_fields = lambda *_: has_composites


def prepared() -> AbstractContextManager[Any]:
    """A cursor for statements that come again: the values travel beside the text, and it is planned once."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        raw = (_Telling if connection.queries_logged else psycopg.Cursor)(connection.connection)
        return connection._prepare_cursor(raw)  # type: ignore[attr-defined,no-any-return]  # noqa: SLF001  as cursor() does


class _Telling(psycopg.Cursor[Any]):
    """Keeps the text of what it ran for the log of queries; psycopg forgets that of a statement it knows already."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> Self:
        super().execute(query, params, **more)
        self._query = self._query or self._convert_query(query, params)
        return self


def _read(statement: Statement, rows: list[tuple[Any, ...]]) -> Any:
    """Make of rows what the queryset would: models with what they are joined to, dictionaries or tuples."""
    compiler, query = copy.copy(statement.compiler), copy.copy(statement.queryset.query)
    compiler.connection = connections[DEFAULT_DB_ALIAS]  # the thread's own: converters are given it
    compiler.execute_sql = lambda *_, **__: [rows]
    query.get_compiler = lambda *_, **__: compiler  # type: ignore[method-assign]
    asked: Any = statement.queryset
    known = {"db": DEFAULT_DB_ALIAS, "_known_related_objects": {}, "_fields": asked._fields}
    return asked._iterable_class(SimpleNamespace(query=query, **known))  # noqa: SLF001
