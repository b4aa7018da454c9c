# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Organizations as hosts of an inventory: their names and variables, all of which tenants choose."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError

try:
    from ansible.template import trust_as_template
except ImportError:
    # On ansible-core 2.18 all text is a template, but what is wrapped.
    from ansible.utils.unsafe_proxy import wrap_var

    def as_template(text: str) -> str:
        """Return a text of ours that Ansible may evaluate."""
        return text

    def as_data(value: t.Any) -> t.Any:
        """Return a value whose text is never evaluated, that of dictionary keys included."""
        return wrap_var(value)
else:

    def as_template(text: str) -> str:
        """Return a text of ours that Ansible may evaluate."""
        return t.cast(str, trust_as_template(text))

    def as_data(value: t.Any) -> t.Any:
        """Return a value whose text is never evaluated: it is data unless somebody says otherwise."""
        return value


Organization = dict[str, t.Any]
"""What the variable zitadel_org holds: id, name, primary_domain, state, metadata and metadata_b64"""

_RESERVED = frozenset({"all", "ungrouped", "localhost", "127.0.0.1", "::1"})
# Host patterns and limits give these a meaning, and braces could make a template of a name. Variables of a host are in
# files of its name: "." is the folder of all hosts, ".." whatever is beside it, and "acme.yml" the file of acme.
_NO_HOST_NAME = re.compile(r"[,:!&*?\[\]{}/\\]|^[~@.\s-]|\s$|^$|\.(ya?ml|json)$", re.IGNORECASE)
_TEMPLATE = re.compile(r"\{[{%#]")
_MAX_SHOWN = 5


def host_names(
    organizations: t.Collection[Organization], hostname: str, is_taken: t.Callable[[str, str], bool]
) -> tuple[dict[str, str], list[str]]:
    """Return the host name of each organization by its id, and the names that none can have.

    hostname is the option, is_taken tells whether a name means something else than the organization with an id.
    Raises ZitadelError if two have the same, or if not even an id can be one.
    """
    ids = {organization["id"] for organization in organizations}
    names: dict[str, str] = {}
    owners: dict[str, str] = {}
    refused: list[str] = []
    for organization in organizations:
        org_id = organization["id"]
        name = str(organization[hostname] or "")
        # The id of another could be its host name, which a tenant must not be able to take.
        if name != org_id and (not _can_be_host_name(name) or name in ids or is_taken(name, org_id)):
            refused.append(name)
            name = org_id
        if is_taken(name, org_id):
            raise ZitadelError(
                f"Another source of the inventory has a group, or an organization of another instance, with the name "
                f"{name}, which is the id of an organization. Rename the group, or use an inventory for each instance."
            )
        if owners.setdefault(name, org_id) != org_id:
            raise ZitadelError(
                f"Two organizations have the host name {name!r}: {owners[name]} and {org_id}. Set hostname to id."
            )
        names[org_id] = name
    return names, refused


def _can_be_host_name(name: str) -> bool:
    # Ansible prints it as it is: a character that cannot be seen could change what a terminal shows.
    return name not in _RESERVED and not _NO_HOST_NAME.search(name) and name.isprintable()


def about_names(refused: t.Sequence[str]) -> str | None:
    """Return a warning about names that no host can have, None if there are none."""
    if not refused:
        return None
    shown = ", ".join(map(repr, refused[:_MAX_SHOWN]))
    more = f" and {len(refused) - _MAX_SHOWN} more" if len(refused) > _MAX_SHOWN else ""
    return (
        f"Some organizations have their id as the host name, since their own names cannot be used: {shown}{more}. These "
        "names are reserved, belong to groups or other hosts, have a meaning as names of files, or have characters that "
        "have a meaning in host patterns or cannot be printed. Set hostname to id to use ids for all."
    )


def without_templates(organizations: t.Iterable[Organization]) -> tuple[list[Organization], int]:
    """Return organizations without the metadata keys that look like templates, and the number of such keys.

    An inventory that is exported can mark the values of a dictionary as data, but not its keys.
    """
    dropped = 0
    result = []
    for organization in organizations:
        cleaned = dict(organization)
        for name in ("metadata", "metadata_b64"):
            cleaned[name] = {key: value for key, value in organization[name].items() if not _TEMPLATE.search(key)}
            dropped += len(organization[name]) - len(cleaned[name])
        result.append(cleaned)
    return result, dropped


def variables_of(organization: Organization, *, local: bool) -> dict[str, t.Any]:
    """Return the variables of the host that an organization is."""
    variables = as_data({"zitadel_org_id": organization["id"], "zitadel_org": organization})
    if local:
        variables["ansible_connection"] = as_template("local")
        # Not a path: what runs the playbook need not be what read the inventory.
        variables["ansible_python_interpreter"] = as_template("{{ ansible_playbook_python }}")
    return t.cast(dict[str, t.Any], variables)
