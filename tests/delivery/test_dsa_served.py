"""What a site tells the public while it is served: by real servers, from requests to files."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tawatur.delivery.dsa_schema import why_not
from tests.ground.server import Server, Site
from tests.survival.world import picture, register, report, statement

PERSONAL = re.compile(r'"(?:reporter|uploader|reviewer|by|network|device|external_id|page)": ?"([^"]+)"')


def lines(server: Server, *arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.tawatur("export", *arguments).splitlines()]


def test_what_a_served_site_tells_is_valid_lasting_and_names_nobody(server: Server, tmp_path: Path) -> None:
    site: Site = server.site()
    with server.client(site) as client:
        one, two = register(client, picture(1)), register(client, picture(2))
        for n in range(14):
            report(client, one, statement(f"reader-{n}"))
        report(client, two, statement("reader-0"))
        assert client.get(f"/v1/images/{one}").json()["status"] == "blocked"
        decided = {"outcome": "upheld", "reviewer": "layla", "reason": "hate"}
        assert client.post(f"/v1/images/{two}/reviews", json=decided).status_code == 201

    told = lines(server, "dsa", site.site, "--lang", "ar")
    assert [why_not(one_told) for one_told in told] == [None] * len(told)
    assert [one_told["automated_decision"] for one_told in told] == [
        *["AUTOMATED_DECISION_FULLY"] * (len(told) - 1),
        "AUTOMATED_DECISION_NOT_AUTOMATED",
    ]
    with server.client(site) as client:
        decided = {"outcome": "rejected", "reviewer": "layla"}
        assert client.post(f"/v1/images/{one}/reviews", json=decided).status_code == 201
    again = lines(server, "dsa", site.site, "--lang", "ar")
    assert [one_told["puid"] for one_told in again] == [one_told["puid"] for one_told in told]
    today = datetime.now(UTC).date().isoformat()
    assert again[-2]["end_date_visibility_restriction"] == today

    server.tawatur(
        "export", "transparency", site.site, "--from", today, "--to", today, "--out", str(tmp_path / "report")
    )
    said = json.dumps(again) + "".join(path.read_text() for path in (tmp_path / "report").iterdir())
    names = set(PERSONAL.findall(server.tawatur("export", "events", "--site", site.site)))
    assert len(names) >= 15
    assert [name for name in {*names, "layla", "reader-0", one, two} if name in said] == []
    assert "block,reports,1,1" in (tmp_path / "report" / "errors.csv").read_text()
