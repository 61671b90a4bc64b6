"""The columns of each kind of event.

In: nothing. Out: `KINDS`, one schema a kind, and the columns every row has. Times are microseconds
UTC in Int64. Addresses, domains, logins and mail addresses are lower-cased at intake; a missing
value is null. Columns under `ATTRIBUTED` are added by stage 3.
"""

from __future__ import annotations

import polars as pl

from aupkeep.events.schema_hosts import CONFIG, DNS, FILE, PROCESS, WEB

Schema = dict[str, pl.DataType]

#: On every row, stamped at intake. (stream, position, part) is the event id.
COMMON: Schema = {
    "event_time": pl.Int64(),
    "observed_at": pl.Int64(),
    "stream": pl.Int64(),
    "position": pl.Int64(),
    "part": pl.Int64(),
    #: Index into the run's list of sources.
    "source": pl.Int32(),
    "provider": pl.String(),
    "authenticated": pl.Boolean(),
    "late": pl.Boolean(),
}

#: Rows are evaluated in this order.
ORDER = ("event_time", "stream", "position", "part")

#: Added by attribution; null customer unless `attribution` is `attributed`.
ATTRIBUTED: Schema = {
    "customer": pl.String(),
    "service": pl.String(),
    "plan": pl.String(),
    #: Plans the customer held at that instant, sorted, joined by `|`.
    "plans": pl.String(),
    #: attributed, ambiguous, unknown, or outsider (the actor is not behind our networks).
    "attribution": pl.String(),
    #: What the customer was known by: `login:`, `user:`, `ip:`, `domain:`, `url:` and the value.
    "actor": pl.String(),
    #: The actor's identity could have been forged (no handshake behind an unguarded exporter,
    #: a sender address alone): the row supports `strong` at most.
    "forgeable": pl.Boolean(),
}

MAIL: Schema = {
    "host": pl.String(),
    "queue_id": pl.String(),
    "message_id": pl.String(),
    "client_ip": pl.String(),
    "client_name": pl.String(),
    #: The authenticated login (sasl_username).
    "login": pl.String(),
    #: Numeric uid (as text) of a local submission through pickup.
    "system_user": pl.String(),
    #: Envelope sender; empty text for a bounce.
    "sender": pl.String(),
    "sender_domain": pl.String(),
    "recipient": pl.String(),
    "recipient_domain": pl.String(),
    "orig_recipient": pl.String(),
    #: smtp, lmtp, local, virtual, pipe, error, discard, bounce, smtpd (rejects), qmgr (expired) ...
    "transport": pl.String(),
    "relay": pl.String(),
    #: Seconds from arrival to this outcome.
    "delay": pl.Float64(),
    "dsn": pl.String(),
    #: sent, deferred, bounced, expired, held, rejected.
    "status": pl.String(),
    "reply": pl.String(),
    "size": pl.Int64(),
    #: Recipients of the whole message (nrcpt).
    "recipients": pl.Int64(),
    #: attempt (gate) or result (log).
    "stage": pl.String(),
    #: This outcome is the recipient's last one.
    "final": pl.Boolean(),
    #: False on the further row that a changed final outcome makes.
    "counted": pl.Boolean(),
}

LOGIN: Schema = {
    "host": pl.String(),
    #: sshd, sshd-session, sshd-auth.
    "program": pl.String(),
    "user": pl.String(),
    #: Where the attempt came from, as an address; null where the log names a host instead.
    "client_ip": pl.String(),
    #: As the log names it: an address or a host name.
    "client_host": pl.String(),
    "client_port": pl.Int64(),
    #: failed or accepted.
    "outcome": pl.String(),
    #: password, publickey, keyboard-interactive/pam, none ...
    "method": pl.String(),
    #: Short machine word for the kind of line (bad_password, invalid_user, not_allowed ...).
    "reason": pl.String(),
}

FLOW: Schema = {
    "exporter": pl.String(),
    "src_ip": pl.String(),
    "dst_ip": pl.String(),
    "src_port": pl.Int64(),
    "dst_port": pl.Int64(),
    #: tcp, udp, icmp, or the protocol number as text.
    "protocol": pl.String(),
    #: Union of the TCP flags seen.
    "tcp_flags": pl.Int64(),
    "packets": pl.Int64(),
    "bytes": pl.Int64(),
    "started": pl.Int64(),
    #: One packet in so many was seen; null = unknown.
    "sampling": pl.Int64(),
    #: The exporter is declared `source_guarded`.
    "guarded": pl.Boolean(),
    #: The source opened it (or tried to).
    "initiated": pl.Boolean(),
    #: TCP: SYN seen, ACK never, at most three packets.
    "half_open": pl.Boolean(),
    #: TCP: the source's own ACK was seen after its SYN, so its address was reachable.
    "handshake": pl.Boolean(),
    # Set by attribution, which knows the networks:
    #: outbound, inbound, internal, transit.
    "direction": pl.String(),
    #: The inside address that opened the flow; null when it was not ours that did.
    "actor_ip": pl.String(),
    "peer_ip": pl.String(),
}

REPORT: Schema = {
    #: XARF 4 type name, or `other`.
    "report_type": pl.String(),
    #: XARF 4 category name, or null.
    "category": pl.String(),
    "accused_ip": pl.String(),
    "accused_port": pl.Int64(),
    "accused_host": pl.String(),
    "accused_url": pl.String(),
    #: When the accused thing was done, by the report; null when it says no usable time.
    "acted_at": pl.Int64(),
    "reporter": pl.String(),
    "reporter_domain": pl.String(),
    "reference": pl.String(),
    "message_id": pl.String(),
    #: 0 to 1: how sure the reader is of what it read.
    "confidence": pl.Float64(),
    #: arf, xarf4 ...
    "reader": pl.String(),
}

KINDS: dict[str, Schema] = {
    "mail": MAIL,
    "login": LOGIN,
    "flow": FLOW,
    "report": REPORT,
    "process": PROCESS,
    "file": FILE,
    "web": WEB,
    "dns": DNS,
    "config": CONFIG,
}


def columns(kind: str) -> Schema:
    """Return every column that a stamped row of `kind` has before attribution."""
    return COMMON | KINDS[kind]


def empty(kind: str) -> pl.DataFrame:
    """Return a frame of `kind` without rows."""
    return pl.DataFrame(schema=columns(kind))
