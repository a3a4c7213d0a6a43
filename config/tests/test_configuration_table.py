"""docs/configuration.md names every environment variable that the project reads, and no other."""

import ast
import re
from collections import Counter

from django.conf import settings

ROOT = settings.BASE_DIR
ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]*)` \| (.+?) \| (.+) \|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs" / "configuration.md").read_text())
# Set by make, pytest, Django or our own processes for one another; nobody configures a site with them.
INTERNAL = {"AGORA_STACK", "DJANGO_SETTINGS_MODULE", "MAKELEVEL", "PYTEST_XDIST_WORKER", "PROMETHEUS_MULTIPROC_DIR"}
READERS = {"bool", "int", "float", "str", "list", "dict", "json", "get", "required", "setdefault", "url", "path"}


def read_variables():
    """{name: literal default or None} of every variable that Python code reads from its environment."""
    found = {}
    for app in ("accounts", "analytics", "blog", "chat", "config", "core", "deploy", "shop", "demo"):
        for file in (ROOT / app).rglob("*.py"):
            if "tests" not in file.parts:
                for name, default in variables_of(ast.parse(file.read_text())):
                    found.setdefault(name, default)
    return found


def variables_of(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and is_reader(node.func) and node.args:
            name, *rest = node.args
            rest += [keyword.value for keyword in node.keywords if keyword.arg == "default"]
            if isinstance(node.func, ast.Name):
                rest = []  # the second argument of required() serves development alone
        elif isinstance(node, ast.Subscript) and is_environment(node.value):
            name, rest = node.slice, []
        else:
            continue
        if isinstance(name, ast.Constant) and isinstance(name.value, str) and name.value.isupper():
            default = rest[0].value if rest and isinstance(rest[0], ast.Constant) else None
            yield name.value, default


def is_reader(function):
    if isinstance(function, ast.Name):
        return function.id == "required"
    return isinstance(function, ast.Attribute) and function.attr in READERS and is_environment(function.value)


def is_environment(node):
    return ast.unparse(node) in {"env", "os.environ"}


def variables_of_other_files():
    compose = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text()))
    return compose | set(re.findall(r"\{\$([A-Z_]+)", (ROOT / "deploy" / "Caddyfile").read_text()))


def test_every_variable_that_is_read_has_one_row():
    rows = Counter(name for name, _, _ in ROWS)

    read = read_variables().keys() | variables_of_other_files()

    assert {name: count for name, count in rows.items() if count > 1} == {}
    assert sorted(read - rows.keys() - INTERNAL) == [], "Add a row to docs/configuration.md."
    assert sorted(rows.keys() - read) == [], "Nothing reads these any more."
    assert len(rows) > 50


def test_defaults_in_the_table_are_those_of_the_code():
    shown = {name: default for name, default, _ in ROWS}
    checked = {
        name: default for name, default in read_variables().items() if default not in {None, ""} and name in shown
    }

    wrong = {name: (shown[name], default) for name, default in checked.items() if f"`{default}`" not in shown[name]}

    assert wrong == {}
    assert len(checked) > 10


def test_the_example_file_names_only_what_the_table_explains():
    example = re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)

    assert set(example) - {name for name, _, _ in ROWS} == set()
    assert {"SECRET_KEY", "DATA_KEYS", "DATABASE_URL", "REDIS_URL", "DOMAIN", "EMAIL_URL"} <= set(example)
