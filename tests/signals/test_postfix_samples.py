"""The labelled lines of the developers' samples; skipped where they are not at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aupkeep.signals.formats.postfix import fields

SAMPLES = Path(__file__).parents[2].parent / "shared" / "data" / "mail" / "postfix-grok"
PROGRAMS = (
    *("smtpd", "cleanup", "qmgr", "smtp", "lmtp", "local", "pipe"),
    *("virtual", "bounce", "pickup", "postsuper", "error", "discard"),
)

#: The samples' names, less their prefix, and ours. Composite values are checked part by part.
NAMES = {
    "queueid": "queue_id",
    "bounce_queueid": "bounce_queue_id",
    "bounce_recipient": "notified",
    "bounce_reason": "notification",
    "message-id": "message_id",
    "milter_result": "result",
    "milter_message": "message",
    "milter_data": "argument",
    "message_level": "level",
    "message": "message",
    "prepend_type": "part",
    "prepend_trigger": "content",
    "prepend_value": "argument",
    "status": "status",
    "error_response": "reply",
    "smtp_response": "reply",
    "local_response": "reply",
    "pipe_response": "reply",
    "postsuper_action": "action",
    "postsuper_summary_action": "action",
    "postsuper_summary_count": "count",
    "from": "sender",
    "tls_trustlevel": "tls_trust",
    "relay_hostname": "relay_name",
    "relay_ip": "relay_ip",
    "relay_port": "relay_port",
    "tls_version": "tls_version",
    "tls_cipher": "tls_cipher",
    "tls_cipher_size": "tls_cipher_size",
    "tls_key_exchange": "tls_key_exchange",
    "tls_server_signature": "tls_server_signature",
    "tls_server_signature_curve": "tls_server_signature_curve",
    "tls_server_signature_size": "tls_server_signature_size",
    "tls_server_digest": "tls_server_digest",
    "tls_error": "tls_error",
    "smtp_lostconn_reason": "during",
    "smtp_stage": "stage",
    "pix_workaround": "workarounds",
    "client_hostname": "client_name",
    "client_ip": "client_ip",
    "client_ip_unknown": "client_ip",
    "action": "action",
    "status_code": "code",
    "status_code_enhanced": "dsn",
    "status_data": "about",
    "status_message": "reason",
    "smtpd_lostconn_data": "problem",
    "proxy_result": "result",
    "proxy_smtp_stage": "stage",
    "proxy_message": "reply",
    "proxy_status_code": "code",
    "proxy_status_code_enhanced": "dsn",
    "discarded_ehlo_keywords": "discarded_keywords",
}
#: Names whose place depends on the kind of line.
PLACES = {"smtp_lostconn_data": ("problem", "message")}
KEYS = {
    "to": "recipient",
    "orig_to": "orig_recipient",
    "from": "sender",
    "proto": "protocol",
    "nrcpt": "recipients",
    "uid": "system_user",
    "client": "client_name",
}


def samples() -> list[Any]:
    labels = SAMPLES / "labels.jsonl"
    if not labels.exists():
        return []
    rows = map(json.loads, labels.read_text("utf-8").splitlines())
    wanted = [row for row in rows if row["program"] in PROGRAMS or "status=" in row["data"]]
    return [pytest.param(row, id=row["file"]) for row in wanted]


@pytest.mark.skipif(not SAMPLES.exists(), reason="the samples are not at hand")
@pytest.mark.parametrize("sample", samples())
def test_states_what_the_sample_states(sample: dict[str, Any]) -> None:
    program = sample["program"] if sample["program"] in PROGRAMS else "smtp"
    ours = fields(f"postfix/{program}", sample["data"])
    for name, value in sample["results"].items():
        short = name.removeprefix("postfix_")
        if short == "keyvalue_data":
            _check_pairs(ours, value)
        elif short == "command_counter_data":
            _check_counters(ours, value)
        elif short in PLACES:
            assert value in [ours.get(place) for place in PLACES[short]]
        else:
            assert ours.get(NAMES[short]) == value, short


def _check_pairs(ours: dict[str, Any], text: str) -> None:
    for pair in text.replace(", ", " ").strip(" ,").split(" "):
        key, _, value = pair.strip(",").partition("=")
        value = value.removeprefix("<").removesuffix(">")
        if key == "client":
            name, _, address = value.partition("[")
            assert (ours["client_name"], ours["client_ip"]) == (name, address.rstrip("]"))
        else:
            assert str(ours[KEYS.get(key, key)]) == value, key


def _check_counters(ours: dict[str, Any], text: str) -> None:
    for pair in text.split():
        key, _, value = pair.partition("=")
        name = "commands" if key == "commands" else f"command_{key}"
        stated = str(ours[name])
        if f"{name}_accepted" in ours:
            stated = f"{ours[f'{name}_accepted']}/{stated}"
        assert stated == value, key
