"""`deploy/install.py`: what the lock files name is installed, even if there are newer releases."""

import base64
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import stat
import subprocess
import sys
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.conf import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = settings.BASE_DIR
SCRIPT = ROOT / "deploy" / "install.py"
LOCKS = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
NEWER = "9999.1"


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("deploy_install", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def locked_versions():
    """Version by canonical name, of all lock files."""
    pins = re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", "".join(file.read_text() for file in LOCKS), re.MULTILINE
    )
    return {canonicalize_name(name): version for name, version in pins}


def needed_with_an_extra():
    """{package: {extra, ...}} of the locked packages that another locked package asks for with an extra."""
    versions = locked_versions()
    found = {}
    for name in versions:
        try:
            requirements = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:  # for another platform
            continue
        for requirement in map(Requirement, requirements):
            if requirement.extras and (needed := canonicalize_name(requirement.name)) in versions:
                found.setdefault(needed, set()).update(requirement.extras)
    return found


def write_wheel(folder, name, version, *, extras=(), requires=(), files=()):
    """A wheel with this metadata and {path: bytes}; returns its path."""
    stem = f"{name.replace('-', '_')}-{version}"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Provides-Extra: {extra}" for extra in extras] + [f"Requires-Dist: {line}" for line in requires]
    contents = {
        **dict(files),
        f"{stem}.dist-info/METADATA": "\n".join([*lines, "", ""]).encode(),
        f"{stem}.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip('=')},{len(data)}"
        for path, data in contents.items()
    ]
    contents[f"{stem}.dist-info/RECORD"] = "\n".join([*record, f"{stem}.dist-info/RECORD,,", ""]).encode()
    wheel = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, data in contents.items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = (stat.S_IFREG | 0o755) << 16  # scripts stay executable
            archive.writestr(entry, data)
    return wheel


def write_uv_wheel(folder):
    """Pack the uv that is installed here: the index of the test holds packages of its own only."""
    installed = importlib.metadata.distribution("uv")
    stem = f"uv-{installed.version}"
    files = {}
    for file in installed.files:
        path = file.locate()
        if path.name in {"uv", "uvx"} and path.parent.name == "bin":
            files[f"{stem}.data/scripts/{path.name}"] = path.read_bytes()
        elif file.parts[0] == "uv" and path.suffix == ".py":
            files[str(file)] = path.read_bytes()
    return write_wheel(folder, "uv", installed.version, files=files)


def pin(wheel):
    name, version = wheel.name.split("-")[:2]
    return f"{name.replace('_', '-')}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """A folder of wheels and its lock files: what needs an extra, at the version of today, and a newer release of each."""
    folder = tmp_path_factory.mktemp("index")
    versions, needed = locked_versions(), needed_with_an_extra()
    wheels = [write_wheel(folder, name, versions[name], extras=extras) for name, extras in needed.items()]
    for name, extras in needed.items():
        write_wheel(folder, name, NEWER, extras=extras)
    requires = [f"{name}[{','.join(sorted(extras))}]" for name, extras in needed.items()]
    wheels.append(write_wheel(folder, "dependent", "1.0", requires=requires))
    (folder / "lock.txt").write_text("".join(map(pin, wheels)))
    (folder / "lock-uv.txt").write_text(pin(write_uv_wheel(folder)))
    return folder


@pytest.fixture
def index_server(index, tmp_path):
    """The folder as an index over HTTP."""
    root = tmp_path / "simple"
    for wheel in index.glob("*.whl"):
        page = root / canonicalize_name(wheel.name.split("-")[0]) / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        (page.parent / wheel.name).symlink_to(wheel)
        with page.open("a") as file:
            file.write(f'<a href="{wheel.name}">{wheel.name}</a><br>\n')
    handler = partial(QuietHandler, directory=root)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def environment(tmp_path, **own):
    """Nothing of this machine's pip and uv, and empty caches."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "PYTEST"))}
    caches = {
        "UV_CACHE_DIR": str(tmp_path / "uv-cache"),
        "UV_NO_CONFIG": "1",
        "PIP_CACHE_DIR": str(tmp_path / "pip-cache"),
    }
    return {**kept, **caches, "PIP_CONFIG_FILE": os.devnull, **own}


def run_install(venv, index, variables):
    command = [sys.executable, str(SCRIPT), str(venv), str(index / "lock-uv.txt"), str(index / "lock.txt")]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=300)


def installed_versions(venv):
    (packages,) = venv.glob("lib/python*/site-packages")
    found = importlib.metadata.distributions(path=[str(packages)])
    return {canonicalize_name(each.metadata["Name"]): each.version for each in found}


def test_newer_releases_behind_an_extra_do_not_stop_the_installation(index, index_server, tmp_path):
    config = tmp_path / "pip.conf"
    config.write_text(f"[global]\nindex-url = {index_server}\n")  # pip's own settings name the index, and nothing else
    variables = environment(tmp_path, PIP_CONFIG_FILE=str(config))
    venv = tmp_path / "venv"

    done = run_install(venv, index, variables)

    assert done.returncode == 0, done.stdout + done.stderr
    versions, needed = locked_versions(), needed_with_an_extra()
    assert {"coverage", "opentelemetry-exporter-http-transport"} <= needed.keys()
    assert installed_versions(venv).items() >= {name: versions[name] for name in needed}.items()
    assert "Installed" in done.stdout

    # The control: pip alone refuses the same lock file, since it resolves the extra again and finds the newer release.
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--dry-run", "--ignore-installed", "--require-hashes"]
    refused = subprocess.run(
        [*pip, "-r", str(index / "lock.txt")], env=variables, capture_output=True, text=True, check=False
    )
    assert refused.returncode != 0
    assert "--require-hashes mode" in refused.stderr


def test_a_folder_of_wheels_is_enough_without_a_network(index, tmp_path):
    venv = tmp_path / "venv"

    done = run_install(venv, index, environment(tmp_path, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(index)))

    assert done.returncode == 0, done.stdout + done.stderr
    assert installed_versions(venv)["coverage"] == locked_versions()["coverage"]


def test_a_changed_package_is_refused_in_words(index, tmp_path):
    wrong = tmp_path / "lock.txt"
    wrong.write_text(re.sub("sha256:[0-9a-f]{64}", "sha256:" + "0" * 64, (index / "lock.txt").read_text()))
    variables = environment(tmp_path, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(index))
    command = [sys.executable, str(SCRIPT), str(tmp_path / "venv"), str(index / "lock-uv.txt"), str(wrong)]

    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=300)

    assert done.returncode == 1
    assert "Hash mismatch" in done.stderr
    assert "The packages could not be installed. The whole output is in" in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_of_pip_reach_uv(script, tmp_path):
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    listing = "\n".join(
        [
            "global.index-url='https://one.invalid/simple'",
            "install.index-url='https://two.invalid/simple'",
            f"global.extra-index-url='file://{wheels} https://three.invalid/simple'",
            f":env:.find-links='{wheels} {tmp_path}/missing'",
            ":env:.no-cache-dir='1'",
            "global.cert='/etc/ssl/own.pem'",
            "global.trusted-host='one.invalid two.invalid'",
            "list.format='columns'",
            "global.quiet=''",
        ]
    )

    variables = script.uv_environment(script.parse_pip_settings(listing), {"UV_HTTP_TIMEOUT": "5", "HOME": "/home/ada"})

    assert variables == {
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_DEFAULT_INDEX": "https://two.invalid/simple",
        "UV_INDEX": f"file://{wheels} https://three.invalid/simple",
        "UV_FIND_LINKS": str(wheels),
        "UV_NO_CACHE": "1",
        "SSL_CERT_FILE": "/etc/ssl/own.pem",
        "UV_INSECURE_HOST": "one.invalid two.invalid",
        "UV_HTTP_TIMEOUT": "5",
        "HOME": "/home/ada",
    }


def test_what_is_set_for_uv_wins_over_what_is_set_for_pip(script):
    settings_of_pip = {"index-url": "https://one.invalid/simple", "no-index": "true"}

    variables = script.uv_environment(settings_of_pip, {"UV_DEFAULT_INDEX": "https://uv.invalid/simple"})

    assert variables["UV_DEFAULT_INDEX"] == "https://uv.invalid/simple"
    assert variables["UV_NO_INDEX"] == "1"


def test_an_older_python_is_refused_in_words(script, monkeypatch):
    monkeypatch.setattr(script.sys, "version_info", (3, 9, 2, "final", 0))

    with pytest.raises(script.InstallError, match=r"Agora needs Python 3\.11 or newer.*PYTHON=python3\.12"):
        script.check_python()


def test_every_way_to_install_is_the_same_program():
    makefile, dockerfile = (ROOT / "Makefile").read_text(), (ROOT / "Dockerfile").read_text()

    assert "deploy/install.py .venv $(LOCKS)" in makefile
    assert "LOCKS := requirements-uv.txt requirements.txt requirements-dev.txt" in makefile
    assert "python install.py /opt/venv requirements-uv.txt requirements.txt" in dockerfile
    assert "pip install" not in makefile + dockerfile
    assert len(re.findall(r"^\S+==", Path(ROOT / "requirements-uv.txt").read_text(), re.MULTILINE)) == 1
