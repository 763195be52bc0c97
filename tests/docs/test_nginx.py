"""nginx takes `deploy/nginx.conf`, and serves the gateway as docs/deployment.md says."""

import json
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.databases import Databases, settings_for, without_settings
from tests.live import ROOT, free_port, serving

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
NAME = "gateway.example.com"
PUBLIC = f"https://{NAME}"
SOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "A" * 22 + "==",
}
"""The headers of a WebSocket's handshake."""

pytestmark = pytest.mark.skipif(
    NGINX is None, reason="nginx is not installed: deploy/nginx.conf was NOT tested"
)


def write_certificate(folder: Path) -> None:
    """A certificate that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "gateway.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "gateway.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def adapted(folder: Path, *, plain: int, tls: int, gateway: int) -> str:
    """The file with other ports and paths, and nothing else changed."""
    text = (ROOT / "deploy/nginx.conf").read_text()
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    for old, new in (
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl", f"listen 127.0.0.1:{tls} ssl"),
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{gateway};"),
        ("/etc/nginx/tls", str(folder)),
        ("worker_processes auto;", "worker_processes 1;"),
        ("http {\n", f"http {{\naccess_log off;\n{temporary}"),
    ):
        assert text.count(old) >= 1, old
        text = text.replace(old, new)
    return text


@contextmanager
def nginx(folder: Path, configuration: str) -> Iterator[None]:
    """Run nginx on a configuration until the block ends."""
    assert NGINX is not None
    file = folder / "nginx.conf"
    file.write_text(configuration)
    log = folder / "error.log"
    globally = f"daemon off; pid {folder}/nginx.pid; error_log {log};"
    if os.getuid() == 0:  # else its workers are nobody, who may not write bodies into the folder
        globally += " user root;"
    command = [NGINX, "-p", str(folder), "-c", str(file), "-e", str(log), "-g", globally]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr + log.read_text()
    process = subprocess.Popen(command)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def connection_to(port: int, folder: Path) -> HTTPSConnection:
    """A connection that knows the certificate, and believes that the port is the host's."""
    context = ssl.create_default_context(cafile=str(folder / "gateway.pem"))
    connection = HTTPSConnection(NAME, port, context=context)
    while True:
        try:
            plain = socket.create_connection(("127.0.0.1", port))
            break
        except ConnectionRefusedError:
            continue  # it is starting
    connection.sock = context.wrap_socket(plain, server_hostname=NAME)
    return connection


async def test_requests_through_nginx(databases: Databases, tmp_path: Path) -> None:
    copy = await databases.copy("sqlite")
    secret = settings_for(copy.url).secret_key
    assert secret is not None
    environment = {
        **without_settings(),
        "GQL_DATABASE_URL": copy.url,
        "GQL_SECRET_KEY": secret.get_secret_value(),
        "GQL_METRICS_TOKEN": "m" * 32,
        "GQL_PUBLIC_URL": PUBLIC,
    }
    write_certificate(tmp_path)
    plain, tls = free_port(), free_port()
    with serving(environment=environment) as served:
        gateway = int(served.url.rpartition(":")[2])
        text = adapted(tmp_path, plain=plain, tls=tls, gateway=gateway)
        with nginx(tmp_path, text):
            connection = connection_to(tls, tmp_path)

            def ask(
                method: str, path: str, body: object = None, **headers: str
            ) -> tuple[HTTPResponse, bytes]:
                content = None if body is None else json.dumps(body)
                json_type = {} if body is None else {"Content-Type": "application/json"}
                connection.request(method, path, content, {**json_type, **headers})
                response = connection.getresponse()
                return response, response.read()

            bearer = f"Bearer {copy.organizations[0].api_key}"
            query = {"query": "{ viewer { organization { name } } }"}
            by_key, answer = ask("POST", "/graphql", query, Authorization=bearer)
            login = {"api_key": copy.organizations[0].api_key}
            logged_in, _ = ask("POST", "/auth/login", login, Origin=PUBLIC)
            forged, _ = ask("POST", "/auth/login", login, Origin=f"https://{NAME}.evil.example")
            download, calls = ask("GET", "/api/v1/calls/export", Authorization=bearer)
            inside = [ask("GET", path)[0].status for path in ("/metrics", "/readyz")]
            lines = {"Authorization": bearer, "Content-Type": "application/x-ndjson"}
            line, outcome = ask("POST", "/api/v1/ingest", "x" * 1_100_000, **lines)
            hook, _ = ask("POST", "/hooks/vapi/nobody", "x" * 1_100_000)
            connection.close()
            connection = connection_to(tls, tmp_path)
            too_long, _ = ask("POST", "/graphql", {"query": "x" * 1_000_000}, Authorization=bearer)
            connection.close()
            connection = connection_to(tls, tmp_path)
            upgraded, _ = ask("GET", "/graphql", **SOCKET)
            connection.close()

            redirected = HTTPConnection("127.0.0.1", plain)
            redirected.request("GET", "/playground?x=1", headers={"Host": NAME})
            location = redirected.getresponse().headers["Location"]
            redirected.close()
    await databases.drop(copy.url)

    assert by_key.status == 200
    assert by_key.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert json.loads(answer) == {
        "data": {"viewer": {"organization": {"name": copy.organizations[0].name}}}
    }
    assert logged_in.status == 200
    assert logged_in.headers["Set-Cookie"].endswith("; SameSite=lax; Secure")
    assert forged.status == 403
    assert download.status == 200
    assert calls.startswith(b"Call ID,")
    assert inside == [404, 404]
    assert (line.status, hook.status) == (200, 404)
    assert json.loads(outcome.splitlines()[0])["status"] == "refused"
    assert too_long.status == 413
    assert upgraded.status == 101
    assert location == f"{PUBLIC}/playground?x=1"
