"""The columns of what hosts, web servers, resolvers, applications and devices log.

In: nothing. Out: one schema a kind, gathered in `events.schema.KINDS`. `text` is the whole line as
it was logged; rules that search for words without naming a column look there.
"""

from __future__ import annotations

import polars as pl

#: Who and what a line of the audit log names as numbers.
_IDS = ("uid", "euid", "auid", "gid", "egid")
#: Arguments of a program or a system call, as the audit log writes them.
_ARGUMENTS = tuple(f"a{number}" for number in range(10))

PROCESS: dict[str, pl.DataType] = {
    "host": pl.String(),
    #: Which log: auditd, sysmon, syslog, auth, sudo, cron, sshd, vsftpd, clamav ...
    "log": pl.String(),
    #: The program that wrote the line.
    "program": pl.String(),
    #: The audit log's type of record: EXECVE, SYSCALL, PATH ...
    "record": pl.String(),
    "exe": pl.String(),
    "command_line": pl.String(),
    #: The short name that the kernel knows the program by.
    "comm": pl.String(),
    **{name: pl.String() for name in _ARGUMENTS},
    "parent_exe": pl.String(),
    "parent_command_line": pl.String(),
    "user": pl.String(),
    "parent_user": pl.String(),
    #: As whom it was to run.
    "target_user": pl.String(),
    "login_id": pl.String(),
    "cwd": pl.String(),
    "pid": pl.Int64(),
    "parent_pid": pl.Int64(),
    "syscall": pl.String(),
    #: Its number on the machine's architecture.
    "syscall_number": pl.Int64(),
    #: As the audit log says it: `yes` or `no`.
    "success": pl.String(),
    "exit": pl.String(),
    #: The key of the audit rule that was met.
    "audit_key": pl.String(),
    #: A file that was touched.
    "path": pl.String(),
    #: What was done to it: NORMAL, CREATE, DELETE, PARENT.
    "path_type": pl.String(),
    **{name: pl.String() for name in _IDS},
    "terminal": pl.String(),
    "session": pl.String(),
    "service_unit": pl.String(),
    "hashes": pl.String(),
    # A connection that the program made or took:
    "src_ip": pl.String(),
    "src_port": pl.Int64(),
    "dst_ip": pl.String(),
    "dst_host": pl.String(),
    "dst_port": pl.Int64(),
    "protocol": pl.String(),
    "initiated": pl.Boolean(),
    "text": pl.String(),
}

FILE: dict[str, pl.DataType] = {
    "host": pl.String(),
    #: created, changed, renamed, deleted, found (by a scanner) ...
    "action": pl.String(),
    "path": pl.String(),
    "old_path": pl.String(),
    "exe": pl.String(),
    "command_line": pl.String(),
    "user": pl.String(),
    "pid": pl.Int64(),
    "size": pl.Int64(),
    "hashes": pl.String(),
    #: What a scanner calls what it found.
    "signature": pl.String(),
    "scanner": pl.String(),
    "text": pl.String(),
}

WEB: dict[str, pl.DataType] = {
    #: The server or proxy that logged.
    "server": pl.String(),
    #: access, error, proxy, zeek.
    "log": pl.String(),
    "client_ip": pl.String(),
    "client_port": pl.Int64(),
    "server_ip": pl.String(),
    "server_port": pl.Int64(),
    "user": pl.String(),
    "method": pl.String(),
    #: The site that was asked for.
    "host": pl.String(),
    #: Path and query; a proxy logs the whole URL.
    "uri": pl.String(),
    "path": pl.String(),
    "query": pl.String(),
    #: The path's ending, such as `php`.
    "extension": pl.String(),
    "protocol": pl.String(),
    "status": pl.Int64(),
    "request_bytes": pl.Int64(),
    "response_bytes": pl.Int64(),
    "referrer": pl.String(),
    "user_agent": pl.String(),
    "cookie": pl.String(),
    "request_type": pl.String(),
    "response_type": pl.String(),
    #: Names of the client's headers, joined by commas.
    "header_names": pl.String(),
    "request_body": pl.String(),
    #: What a proxy or firewall in front did with it.
    "action": pl.String(),
    #: What a proxy calls this sort of site.
    "category": pl.String(),
    "text": pl.String(),
}

DNS: dict[str, pl.DataType] = {
    "server": pl.String(),
    "client_ip": pl.String(),
    "client_port": pl.Int64(),
    "server_ip": pl.String(),
    "server_port": pl.Int64(),
    "protocol": pl.String(),
    "query": pl.String(),
    #: A, AAAA, TXT, NULL ...
    "query_type": pl.String(),
    #: Joined by commas.
    "answers": pl.String(),
    #: NOERROR, NXDOMAIN ...
    "response_code": pl.String(),
    "rejected": pl.Boolean(),
    #: The reserved bits of the header.
    "reserved": pl.Int64(),
    "exe": pl.String(),
    "text": pl.String(),
}

CONFIG: dict[str, pl.DataType] = {
    "host": pl.String(),
    #: kubernetes, github, bitbucket, fortigate, cisco, zeek, opencanary, django, jvm ...
    "product": pl.String(),
    #: Which of its logs: audit, aaa, event, dce_rpc ...
    "log": pl.String(),
    "event_id": pl.Int64(),
    #: Where the product has several streams of events in one log.
    "channel": pl.String(),
    "category": pl.String(),
    #: What was done, in the product's word.
    "action": pl.String(),
    "outcome": pl.String(),
    "severity": pl.String(),
    "user": pl.String(),
    "target_user": pl.String(),
    "role": pl.String(),
    "client_ip": pl.String(),
    "client_host": pl.String(),
    "client_port": pl.Int64(),
    "dst_ip": pl.String(),
    "dst_host": pl.String(),
    "dst_port": pl.Int64(),
    "protocol": pl.String(),
    "blocked": pl.Boolean(),
    #: A code or a word.
    "status": pl.String(),
    #: What it was done to: sort, part, name and place of the thing.
    "object": pl.String(),
    "object_part": pl.String(),
    "object_name": pl.String(),
    "namespace": pl.String(),
    "api_group": pl.String(),
    #: Path of the setting, share or file.
    "path": pl.String(),
    "host_path": pl.String(),
    "capabilities": pl.String(),
    "image": pl.String(),
    "privileged": pl.Boolean(),
    "uri": pl.String(),
    "user_agent": pl.String(),
    "command": pl.String(),
    "query": pl.String(),
    #: Of a remote procedure call: its interface, end point and operation.
    "interface": pl.String(),
    "endpoint": pl.String(),
    "operation": pl.String(),
    "operation_number": pl.Int64(),
    "request_type": pl.String(),
    "ticket_service": pl.String(),
    "cipher": pl.String(),
    "certificate_serial": pl.String(),
    "certificate_subject": pl.String(),
    "certificate_issuer": pl.String(),
    "fingerprint": pl.String(),
    "request_bytes": pl.Int64(),
    "response_bytes": pl.Int64(),
    #: The signature of an intrusion detection that fired.
    "signature": pl.String(),
    "signature_id": pl.Int64(),
    "old_value": pl.String(),
    "new_value": pl.String(),
    "text": pl.String(),
}
