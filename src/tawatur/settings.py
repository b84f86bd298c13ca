"""Settings, from the environment (`TAWATUR_*`). `docs/settings.md` lists them, and a test compares the two."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an operator can set without a policy."""

    model_config = SettingsConfigDict(env_prefix="TAWATUR_")

    data_dir: Path = Field(
        Path("tawatur-data"), description="Where pictures, the SQLite database and the server's secret live."
    )
    database_url: str | None = Field(
        None, description="`sqlite:///…` or `postgresql://…`. Default: `tawatur.db` in the data directory."
    )
    host: str = Field("127.0.0.1", description="The address that `tawatur serve` listens on.")
    port: int = Field(8000, ge=0, le=65535, description="The port that `tawatur serve` listens on.")
    public_url: str | None = Field(
        None,
        description="How readers reach this server, for addresses in answers. Default: as the request came in.",
    )
    secret: SecretStr | None = Field(
        None,
        description="The secret that pseudonyms are made with, at least 32 characters. "
        "Default: made once, kept in `secret` in the data directory. Servers that share a database must share it.",
    )
    seal_key: SecretStr | None = Field(
        None,
        description="The private key that seals of the log are signed with, 64 hexadecimal digits. Default: made once, "
        "kept in `seal-keys` in the data directory. Servers that share a database must share it.",
    )
    seal_seconds: float = Field(
        60.0,
        ge=0,
        le=600,
        description="The log is sealed this often, and whenever 1,024 events wait. 0: this server seals only before it "
        "erases.",
    )
    label_key: SecretStr | None = Field(
        None,
        description="The private key that labels for Bluesky's network are signed with, 64 hexadecimal digits. "
        "Default: one a site, made by `tawatur labels setup`, kept in `label-keys` in the data directory. "
        "Servers that share a database must share it.",
    )
    plc_directory: str = Field(
        "https://plc.directory",
        pattern=r"^https?://[^\s?#]+$",
        description="The directory in which accounts of Bluesky's network (did:plc) are looked up.",
    )
    fetch_allow: str = Field(
        "",
        description="Networks that pictures may be fetched from although they are not public, such as `10.1.0.0/16`, "
        "separated by commas. Default: none.",
    )
    trusted_proxies: str = Field(
        "127.0.0.0/8,::1/128",
        description="Networks of web servers in front of this one, separated by commas: only from these is "
        "`X-Forwarded-For` believed. Default: this machine.",
    )
    metrics_allow: str = Field(
        "127.0.0.0/8,::1/128",
        description="Networks that `/metrics` may be read from, separated by commas, and never through a web server. "
        "Default: this machine. Empty: nobody.",
    )
    altered_copies: bool = Field(
        True,
        description="Whether crops, screenshots and other altered copies of blocked pictures are looked for and "
        "blurred. It takes 20 ms and 5.6 kB a picture.",
    )
    copy_model: Path | None = Field(
        None,
        description="A copy-detection model of your own in ONNX, which finds altered copies beside what is built in. "
        "Needs the extra `onnxruntime`.",
    )
    copy_model_threshold: float | None = Field(
        None, gt=0, le=1, description="From which cosine on the model takes one picture for a copy of another."
    )
    context_fetch: bool = Field(
        False,
        description="Whether the page that a picture stands on (`page_url`) is fetched and read, in the background, "
        "where its text did not come with the picture.",
    )
    oidc_issuer: str | None = Field(
        None,
        description="An OpenID provider that people may sign in to the console with, by its issuer, such as "
        "`https://login.town.example`. Needs the extra `oidc`.",
    )
    oidc_client_id: str | None = Field(None, description="What the provider calls this server.")
    oidc_client_secret: SecretStr | None = Field(
        None, description="The secret that the provider gave it. Default: none, for a public client."
    )
    oidc_name: str | None = Field(
        None, description="What people call the provider, for the button. Default: its host's name."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="`debug`, `info`, `warning` or `error`."
    )
    log_format: Literal["json", "console"] = Field(
        "json", description="`json`: one object a line, for programs. `console`: for eyes."
    )

    @field_validator("fetch_allow", "trusted_proxies", "metrics_allow")
    @classmethod
    def _networks(cls, value: str) -> str:
        _listed(value)
        return value

    def allowed_networks(self) -> list[IPv4Network | IPv6Network]:
        """The networks of `fetch_allow`."""
        return _listed(self.fetch_allow)

    def proxy_networks(self) -> list[IPv4Network | IPv6Network]:
        """The networks of `trusted_proxies`."""
        return _listed(self.trusted_proxies)

    def metrics_networks(self) -> list[IPv4Network | IPv6Network]:
        """The networks of `metrics_allow`."""
        return _listed(self.metrics_allow)

    def resolved_seal_key(self) -> str | None:
        """The key for seals that is set, if any."""
        return None if self.seal_key is None else self.seal_key.get_secret_value()

    def resolved_label_key(self) -> str | None:
        """The key for labels that is set, if any."""
        return None if self.label_key is None else self.label_key.get_secret_value()

    def resolved_database_url(self) -> str:
        """The database's address, in the data directory where none is set."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'tawatur.db').absolute()}"

    def resolved_secret(self) -> bytes:
        """The server's secret; made and kept, readable by the owner alone, when it does not exist yet."""
        if self.secret is not None:
            value = self.secret.get_secret_value()
            if len(value) < 32:
                raise ValueError("TAWATUR_SECRET must have at least 32 characters.")
            return value.encode()
        path = self.data_dir / "secret"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_secret(path)
        found = path.read_bytes().strip()
        if len(found) < 32:
            raise ValueError(
                f"The secret in {path} is damaged: {len(found)} of at least 32 characters. Restore it from a backup; "
                "with another secret, known reporters would be strangers."
            )
        return found


def _listed(networks: str) -> list[IPv4Network | IPv6Network]:
    return [ip_network(text) for text in filter(None, map(str.strip, networks.split(",")))]


def _make_secret(path: Path) -> None:
    """Writes beside, then links: whoever looks sees a whole secret or none, and of several that are made one stays."""
    temporary = path.with_name(f".secret.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_hex(32).encode())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
