# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that answers like ZITADEL where metadata is concerned, for tests and demonstrations.

Metadata of organizations and users (API v1, and v2 by REST and by Connect), the life of organizations, the search for
organizations and users, permissions, logins.

Its answers are compared with those of real servers (``tests/recordings``) by ``tests/fake_zitadel_tests``.
::

    with FakeZitadel(release="4.13.1") as fake:      # "3.4.9", "4.3.0", "4.7.0", "4.13.1", "next"
        acme = fake.create_organization("acme", metadata={"tier": "gold"})   # an id of 18 digits
        fake.url, fake.token, fake.home_id            # an IAM_OWNER's token; at home in home_id
        user = fake.create_user("ORG_OWNER", acme)    # .token .user_id .login_name; role None: none
        fake.create_key(user)                         # content of a service account key file (a dict)
        fake.create_user_with_key("ORG_OWNER", acme)  # both
        fake.create_secret(user)                      # (client_id, client_secret)
        fake.metadata(acme)                           # {"tier": b"gold"}: what readers see
        fake.entries(acme)["tier"].sequence           # also .creation_date, .change_date
        fake.stored(acme)                             # the write side: lost writes are here only
        # another writer:
        fake.set(acme, "k", "v"); fake.set_many(acme, {"a": b"1"}); fake.remove(acme, "k", "a")
        fake.rename(acme, "ACME"); fake.change_state(acme, "inactive")
        fake.hide_new_organizations(searches=1)       # those that requests create are found a little later

        jane = fake.create_human("jane", acme, email="jane@example.com", state="locked", metadata={"a": "1"})
        # The same for users (a User or its id): user_metadata, user_entries, user_stored, set_user,
        # set_user_many, remove_user (keys, that is), change_user_state.
        fake.requests, fake.writes                    # .method .path .headers .body .json .status
        fake.clear_requests()
        fake.stop(); fake.start()                     # killed, and back on the same port with the same state

        # Faults. Each takes method=, path= (regex), organization=, times=1 (None: always), every=1.
        fake.respond(503, {"code": 14, "message": "x"}, times=2)    # nothing done; a dict is JSON, "<p>" HTML
        fake.respond(504, "<html>", after=True, method="POST")     # done, but answered like this
        fake.respond(429, headers={"Retry-After": "1"})
        fake.fail(500, 13, "internal")                # an API error without details
        fake.redirect("https://login.example.com/")
        fake.block(); fake.block("^/management/", 405, {"error": "no"})   # a reverse proxy refuses v1 for good
        fake.drop("before"); fake.drop("after"); fake.drop("middle")   # cut: not done / done / half
        fake.delay(); fake.delay(2.5); fake.delay(after=True)          # no seconds: until the client hangs up
        fake.collide(times=3); fake.collide(every=5, times=None)       # 500 SQLSTATE 23505, nothing written
        fake.lose_writes(1)                           # acknowledged, stored, never seen by readers
        fake.lag(reads=2)                             # the next two reads after the write do not see it
        fake.before(lambda request: fake.set(acme, "k", "other"), method="POST", path="_bulk$")
        fake.after(lambda request: fake.remove(acme, "k"), method="POST")
        fake.expire_token(); fake.expire_token(user.token, after_uses=3)
        fake.expire_issued_tokens(); fake.limit_issued_tokens(2)       # those of the token endpoint
        fake.read_only = True; fake.refused_writes
        fake.faults.waiting()                         # those that have not had their requests yet
        fake.clear_faults()

A proxy in front: ``max_body=1_000``, ``drop_headers=["x-zitadel-orgid"]``, ``require_headers={"X-A": "x"}``.
https: ``tls=<ssl.SSLContext>``. More host names: ``hosts=["id.example.com"]``. On leaving the ``with`` block
an error inside the fake is raised. Command line: ``python -m fake_zitadel --help``.

A server that ignores the organization header: ``ignore_organization="^/management/v1/"``. An administrator's
limit of lists: ``max_page=50``. A development flag of "next": ``relational_tables=True``.

Left out: the administration API, and much else (answered with 501 if a real server has it).
"""

from __future__ import annotations

from .exchange import Answer, Request
from .fake import FakeZitadel
from .metadata import Entry
from .releases import RELEASES
from .store import User

__all__ = ["RELEASES", "Answer", "Entry", "FakeZitadel", "Request", "User"]
