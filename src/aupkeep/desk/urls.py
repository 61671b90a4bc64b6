"""Every address of the desk; what is not here is not there."""

from __future__ import annotations

from django.urls import path

from aupkeep.desk.analyst import acts, appeal, case, casework, queue, signing
from aupkeep.desk.customer import notice, sending
from aupkeep.desk.public import policy

urlpatterns = [
    path("", queue.queue, name="queue"),
    path("alarm/<slug:alarm>/acknowledge", acts.acknowledge, name="acknowledge"),
    path("pause/<str:provider>/<str:power>/go-on", acts.go_on, name="go-on"),
    path("case/<slug:case>", case.case, name="case"),
    path("case/<slug:case>/whole", case.whole, name="whole"),
    path("case/<slug:case>/attribute", casework.attribute, name="case-attribute"),
    path("case/<slug:case>/dispose", casework.dispose, name="case-dispose"),
    path("case/<slug:case>/move", casework.move, name="case-move"),
    path("case/<slug:case>/<slug:sanction>/approve", acts.approve, name="approve"),
    path("case/<slug:case>/<slug:sanction>/override", acts.override, name="override"),
    path("case/<slug:case>/<slug:sanction>/refuse", acts.refuse, name="refuse"),
    path("case/<slug:case>/<slug:sanction>/lift", acts.lift, name="lift"),
    path("case/<slug:case>/appeal/<slug:appeal>/decide", appeal.decide, name="decide-appeal"),
    path("sign-in/<str:token>", signing.sign_in, name="sign-in"),
    path("sign-out", signing.sign_out, name="sign-out"),
    path("notice/<str:token>", notice.notice, name="notice"),
    path("notice/<str:token>/fixed", sending.fixed, name="notice-fixed"),
    path("notice/<str:token>/read", sending.read, name="notice-read"),
    path("notice/<str:token>/attach", sending.attach, name="notice-attach"),
    path("notice/<str:token>/appeal", sending.appeal, name="notice-appeal"),
    path("policy/<str:provider>/", policy.in_force, name="policy"),
    path("policy/<str:provider>/<str:version>/", policy.version, name="policy-version"),
]

handler400 = "aupkeep.desk.errors.bad_request"
handler403 = "aupkeep.desk.errors.forbidden"
handler404 = "aupkeep.desk.errors.not_found"
handler500 = "aupkeep.desk.errors.failed"
