"""A real nginx with nothing outside its own folder, on a free port of the loopback, with two sites.

`shop.example` and `blog.example` include the power's file; `plain.example` does not.
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aupkeep.outlets.nginx_site.power import NginxSite
from private_postfix import free_ports, wait_for

_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
_CONF = """
daemon on;
master_process on;
worker_processes 1;
pid {root}/nginx.pid;
error_log {root}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {root}/tmp;
    proxy_temp_path {root}/tmp;
    fastcgi_temp_path {root}/tmp;
    uwsgi_temp_path {root}/tmp;
    scgi_temp_path {root}/tmp;
    default_type text/html;
    include {root}/aupkeep/http.conf;
    include {root}/extra/*.conf;
    server {{
        listen 127.0.0.1:{port};
        server_name shop.example;
        include {root}/aupkeep/site.conf;
        root {root}/shop;
    }}
    server {{
        listen 127.0.0.1:{port};
        server_name blog.example;
        include {root}/aupkeep/site.conf;
        root {root}/blog;
    }}
    server {{
        listen 127.0.0.1:{port};
        server_name plain.example;
        root {root}/blog;
    }}
    server {{
        listen 127.0.0.1:{secure} ssl;
        server_name shop.example;
        ssl_certificate {root}/cert.pem;
        ssl_certificate_key {root}/key.pem;
        include {root}/aupkeep/site.conf;
        root {root}/shop;
    }}
}}
"""


@dataclass(frozen=True)
class Nginx:
    root: Path
    port: int
    secure: int

    @property
    def locks(self) -> Path:
        return self.root / "aupkeep" / "locks"

    @property
    def config(self) -> Path:
        return self.root / "nginx.conf"

    def power(self) -> NginxSite:
        return NginxSite(
            folder=self.root / "aupkeep",
            config=self.config,
            ask=f"http://127.0.0.1:{self.port}",
            shared=("shared.example",),
            patience=60.0,
        )

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["nginx", "-c", str(self.config), *words],
            env={"PATH": _PATH},
            capture_output=True,
            text=True,
            check=False,
        )

    def get(self, host: str, path: str = "/") -> tuple[int, str, str]:
        """Status, type and text of a page, as a visitor sees it."""
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        asked.request("GET", path, headers={"Host": host, "Connection": "close"})
        answer = asked.getresponse()
        told = answer.status, answer.headers.get("Content-Type", ""), answer.read().decode()
        asked.close()
        return told

    def start(self) -> None:
        done = self.run()
        assert done.returncode == 0, done.stderr
        wait_for(self.port)

    def stop(self) -> None:
        """End the master process of this instance, by its own number."""
        pid = self.root / "nginx.pid"
        if not pid.exists():
            return
        os.kill(int(pid.read_text()), signal.SIGTERM)
        self.wait(lambda: not pid.exists())

    def wait(self, holds: Callable[[], bool]) -> None:
        until = time.monotonic() + 20
        while not holds():
            assert time.monotonic() < until
            time.sleep(0.02)


def missing() -> str:
    if os.geteuid() != 0:
        return "an nginx that is reloaded by its master is started by root here"
    return "" if shutil.which("nginx", path=_PATH) else "Debian's nginx is not installed"


@contextmanager
def private_nginx() -> Iterator[Nginx]:
    # The workers' user must be able to pass through, which pytest's folders forbid.
    root = Path(tempfile.mkdtemp(prefix="aupkeep-nginx-"))
    root.chmod(0o755)
    port, secure = free_ports(2)
    own = Nginx(root, port, secure)
    try:
        for name in ("shop", "blog", "tmp", "extra"):
            (root / name).mkdir()
        for name in ("shop", "blog"):
            (root / name / "index.html").write_text(f"{name}\n")
            (root / name / "offer.html").write_text(f"{name} offer\n")
        certificate = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        certificate += ["-subj", "/CN=shop.example", "-keyout", "key.pem", "-out", "cert.pem"]
        subprocess.run(certificate, cwd=root, check=True, capture_output=True)
        own.config.write_text(_CONF.format(root=root, port=port, secure=secure))
        own.power().prepare()
        own.start()
        yield own
    finally:
        own.stop()
        shutil.rmtree(root)
