"""The Celery application: queues, routes and the beat schedule.

Messages are wake-ups only. Each task claims a row that says what is due, so a lost, late or doubled message changes nothing.
"""

import os

from celery import Celery
from celery.schedules import schedule

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mag_portal.settings")

app = Celery("mag_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.task_routes = {
    "core.tasks.send_mail": {"queue": "mail"},
    "transfers.tasks.finish_upload": {"queue": "transfers"},
    "transfers.tasks.clean_up": {"queue": "transfers"},
}
app.conf.beat_schedule = {
    "invitations-and-drafts": {"task": "orgs.tasks.expire_due", "schedule": schedule(600), "options": {"expires": 600}},
    "invitation-reminders": {
        "task": "orgs.tasks.remind_of_invitations",
        "schedule": schedule(600),
        "options": {"expires": 600},
    },
    "overdue-registrations": {
        "task": "orgs.tasks.tell_overdue",
        "schedule": schedule(900),
        "options": {"expires": 900},
    },
    "one-time-passwords": {
        "task": "accounts.tasks.expire_one_time_passwords",
        "schedule": schedule(600),
        "options": {"expires": 600},
    },
    "factor-resets": {
        "task": "accounts.tasks.expire_factor_resets",
        "schedule": schedule(600),
        "options": {"expires": 600},
    },
    "sessions": {"task": "accounts.tasks.sweep_sessions", "schedule": schedule(60), "options": {"expires": 60}},
    "doors": {
        "task": "accounts.tasks.look_after_doors",
        "schedule": schedule(60),
        "options": {"expires": 60},
    },
    "audit-check": {
        "task": "core.tasks.check_audit_trail",
        "schedule": schedule(86_400),
        "options": {"expires": 86_400},
    },
    "outbox-sweep": {"task": "core.tasks.sweep_outbox", "schedule": schedule(10), "options": {"expires": 10}},
    "uploads-sweep": {"task": "transfers.tasks.sweep", "schedule": schedule(15), "options": {"expires": 15}},
    "ended-sweep": {"task": "core.tasks.sweep_ended", "schedule": schedule(3600), "options": {"expires": 3600}},
    "receipts": {"task": "transfers.tasks.read_receipts", "schedule": schedule(5), "options": {"expires": 5}},
    "store-sweep": {"task": "transfers.tasks.sweep_store", "schedule": schedule(3600), "options": {"expires": 3600}},
}
