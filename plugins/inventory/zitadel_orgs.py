# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: zitadel_orgs
short_description: ZITADEL organizations as hosts
version_added: 0.1.0
description:
  - Makes a host of each active organization that the service account may read, or of those that have certain metadata.
  - The hosts run on the controller, so that a play over them can set metadata with C(org_id={{ zitadel_org_id }}).
  - Each host has the variable C(zitadel_org_id), and the variable C(zitadel_org), a dictionary with the fields C(id),
    C(name), C(primary_domain), C(state), C(metadata) and C(metadata_b64). The last two are as the module
    M(community.zitadel.zitadel_org_metadata_info) returns them.
  - The name of the file must end in C(zitadel_orgs.yml), C(zitadel_orgs.yaml), C(zitadel.yml) or C(zitadel.yaml).
  - Every option can be a template, except for O(compose), O(groups) and O(keyed_groups), which are expressions. Lookups
    and extra variables work there. A connection option that is not in the file comes from its environment variable.
author:
  - Community ZITADEL collection contributors (@ansible-collections)
extends_documentation_fragment:
  - community.zitadel._connection
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description:
      - The name of this plugin, V(community.zitadel.zitadel_orgs).
    type: str
    required: true
    choices: [community.zitadel.zitadel_orgs]
  state:
    description:
      - Take only organizations in this state.
    type: str
    choices: [active, inactive]
    default: active
  name_prefix:
    description:
      - Take only organizations whose names begin with this string.
    type: str
  has_metadata:
    description:
      - Take only organizations that have all of these keys with these values. Values are as for
        O(community.zitadel.zitadel_org_metadata#module:value), and compare as bytes.
    type: dict
  has_keys:
    description:
      - Take only organizations that have all of these keys, whatever their values.
    type: list
    elements: str
  metadata:
    description:
      - Which metadata is in the variables, the output and the cache. V(true) is all of it, V(false) is none. A list of
        shell patterns, which are case-sensitive, selects the keys that match one of them, for example V([tier, limit_*]).
      - Everybody who may read the inventory can read this metadata, so leave out what only a few people may read.
    type: raw
    default: true
  hostname:
    description:
      - Which field of the organization is the name of its host. Two organizations with the same host name are an error.
      - Tenants can often choose the name of their organization. The id replaces a name that is reserved, such as V(all),
        V(ungrouped) or V(localhost), that belongs to a group, to a host from a source that was read before, or to
        another organization as its id, that has a character with a meaning in host patterns or one that cannot be
        printed, that begins with a dot, or that ends like the name of a file with variables. A warning lists such names.
      - List other sources before this one. A host of a source that is read later, with the name that a tenant has
        chosen, is the same host to Ansible.
    type: str
    choices: [id, name, primary_domain]
    default: id
  local:
    description:
      - Whether the hosts run on the controller, with C(ansible_connection=local) and the Python that runs the playbook.
    type: bool
    default: true
notes:
  - Everything that comes from ZITADEL is data. A name or a value that looks like a template is never evaluated.
    Metadata keys that look like templates are left out, with a warning.
  - With O(keyed_groups), set a prefix. Without one, metadata can make a host a member of any group.
  - Ansible only warns about an inventory that fails, and goes on without its hosts. Set the environment variable
    C(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED) to make it an error.
  - The cache holds the variables of the hosts, and no credentials. Another service account, instance or filter has
    another cache.
seealso:
  - module: community.zitadel.zitadel_org_info
  - ref: ansible_collections.community.zitadel.docsite.guide_many_organizations
    description: When to use the inventory, the bulk module, the role, or a loop.
"""

EXAMPLES = r"""
# zitadel_orgs.yml
# The connection comes from ZITADEL_URL and ZITADEL_TOKEN.
plugin: community.zitadel.zitadel_orgs

---
# gold.zitadel_orgs.yml
# The organizations on the gold plan in groups by region, without any other metadata.
plugin: community.zitadel.zitadel_orgs
url: https://id.example.com
token: "{{ lookup('ansible.builtin.env', 'MY_ZITADEL_TOKEN') }}"
has_metadata:
  tier: gold
metadata:
  - region
hostname: name
keyed_groups:
  - key: zitadel_org.metadata.region | default('nowhere')
    prefix: region
compose:
  support_domain: zitadel_org.primary_domain
"""

import hashlib
import json
import typing as t

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.module_utils.basic import missing_required_lib
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible_collections.community.zitadel.plugins.module_utils._connection import Connection
from ansible_collections.community.zitadel.plugins.module_utils._errors import ZitadelError, defect
from ansible_collections.community.zitadel.plugins.module_utils._given import validated
from ansible_collections.community.zitadel.plugins.module_utils._listing import (
    EVERYTHING,
    Condition,
    condition_of,
    find_with_metadata,
    search_of,
)
from ansible_collections.community.zitadel.plugins.module_utils._options import connection_of
from ansible_collections.community.zitadel.plugins.module_utils._organizations import Search
from ansible_collections.community.zitadel.plugins.module_utils._reading import as_options
from ansible_collections.community.zitadel.plugins.module_utils._spec import CONNECTION_SPEC, INVENTORY_SPEC
from ansible_collections.community.zitadel.plugins.module_utils._transport import REQUESTS_IMPORT_ERROR
from ansible_collections.community.zitadel.plugins.plugin_utils import _inventory_file
from ansible_collections.community.zitadel.plugins.plugin_utils._organization_hosts import (
    Organization,
    about_names,
    host_names,
    variables_of,
    without_templates,
)

_SPEC = {**CONNECTION_SPEC, **INVENTORY_SPEC}


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Adds organizations as hosts."""

    NAME = _inventory_file.NAME

    def verify_file(self, path: str) -> bool:
        """Return whether the name of a file is one of those that this plugin reads."""
        if not super().verify_file(path):
            return False
        if path.endswith(_inventory_file.ENDINGS):
            return True
        if _inventory_file.is_ours(path):
            endings = ", ".join(_inventory_file.ENDINGS)
            self.display.warning(
                f"{path} is not read. The name of a file for {self.NAME} must end in one of {endings}."
            )
        return False

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        """Add the organizations. Raises AnsibleParserError, with nothing added."""
        super().parse(inventory, loader, path, cache)
        try:
            if REQUESTS_IMPORT_ERROR:
                raise ZitadelError(missing_required_lib("requests"))
            self._add(inventory, self._read(path, cache))
        except ZitadelError as error:
            raise AnsibleParserError(error.msg) from None
        except AnsibleError as error:
            # Core would show lines of the file with it, which can hold secrets.
            raise AnsibleParserError(" ".join(str(error).split())) from None
        except Exception as error:  # noqa: BLE001
            raise AnsibleParserError(defect(error).msg) from None

    def _read(self, path: str, cache: bool) -> list[Organization]:
        """Take the options of the file and return the organizations. Raises ZitadelError or AnsibleError."""
        content = _inventory_file.load(self.loader, path)
        of_core = self.option_definitions.keys() - _SPEC.keys()
        expressions = {name: content[name] for name in content if name in _inventory_file.EXPRESSIONS}
        options = {name: content[name] for name in content if name not in expressions}
        given = _inventory_file.evaluated(options, self.templar, self._vars or {})
        own = {name: value for name, value in given.items() if name not in of_core}
        self._params = validated(_SPEC, own, known=of_core)
        self.set_options(direct={**expressions, **{name: given[name] for name in given if name in of_core}})
        search = search_of(self._params)
        condition = condition_of(self._params, _patterns(self._params["metadata"]))
        connection = connection_of(self._params, own, self.display.v)
        try:
            return self._cached(path, cache, connection, search, condition)
        finally:
            # What runs a playbook forks after this.
            connection.close()

    def _cached(
        self, path: str, cache: bool, connection: Connection, search: Search, condition: Condition
    ) -> list[Organization]:
        """Return the organizations from the cache where they are there and it is used, else from ZITADEL."""
        if not self.get_option("cache"):
            return _found(connection, search, condition, self.display.warning)
        self.load_cache_plugin()
        key = f"{self.get_cache_key(path)}_{_digest(connection, search, condition)}"
        if not cache or key not in self._cache:
            self._cache[key] = {"organizations": _found(connection, search, condition, self.display.warning)}
        return t.cast(list[Organization], self._cache[key]["organizations"])

    def _add(self, inventory: t.Any, organizations: list[Organization]) -> None:
        """Add the organizations as hosts, all of them or none. Raises ZitadelError or AnsibleError."""
        organizations, dropped = without_templates(organizations)
        groups = set(inventory.groups)

        def is_taken(name: str, org_id: str) -> bool:
            if name in groups or name not in inventory.hosts:
                return name in groups
            other = inventory.hosts[name].vars.get("zitadel_org_id")
            # Who has put an id into another source means this organization, and no tenant can choose it.
            return str(other) != org_id and (other is not None or name != org_id)

        while True:
            names, refused = host_names(organizations, self._params["hostname"], is_taken)
            built = self._built(organizations, names)
            made = set(built.groups) - {"all", "ungrouped"}
            if not made & set(names.values()):
                break
            # A name that is also that of one of the groups that metadata makes.
            groups |= made
        _copy(built, inventory)
        warnings = [about_names(refused)]
        if dropped:
            warnings.append(f"The inventory leaves out metadata keys that look like templates: {dropped} of them.")
        for warning in filter(None, warnings):
            self.display.warning(warning)

    def _built(self, organizations: list[Organization], names: t.Mapping[str, str]) -> InventoryData:
        """Return an inventory of nothing but these organizations."""
        self.inventory = InventoryData()
        strict = self.get_option("strict")
        for organization in organizations:
            name = names[organization["id"]]
            if name in self.inventory.groups:
                # The variables would be those of the group.
                name = organization["id"]
            self.inventory.add_host(name)
            for variable, value in variables_of(organization, local=self._params["local"]).items():
                self.inventory.set_variable(name, variable, value)
            variables = self.inventory.get_host(name).get_vars()
            self._set_composite_vars(self.get_option("compose"), variables, name, strict=strict)
            self._add_host_to_composed_groups(self.get_option("groups"), {}, name, strict=strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), {}, name, strict=strict)
        return self.inventory


def _found(
    connection: Connection, search: Search, condition: Condition, warn: t.Callable[[str], None]
) -> list[Organization]:
    """Return what ZITADEL says of the organizations, as JSON can hold it. Raises ZitadelError."""
    return [
        {
            "id": one.id,
            "name": one.name,
            "primary_domain": one.primary_domain,
            "state": one.state,
            **as_options(condition.wanted_of(entries)),
        }
        for one, entries in find_with_metadata(connection, search, condition, warn)
    ]


def _patterns(metadata: t.Any) -> t.Sequence[str]:
    """Return the shell patterns that the option metadata stands for. Raises ZitadelError if it makes no sense."""
    if isinstance(metadata, list) and metadata and all(isinstance(one, str) and one for one in metadata):
        return metadata
    try:
        return EVERYTHING if boolean(metadata) else ()
    except TypeError:
        raise ZitadelError(
            f"metadata is {metadata!r}. Give true for all metadata, false for none, or a list of shell patterns."
        ) from None


def _digest(connection: Connection, search: Search, condition: Condition) -> str:
    """Return what tells the cache of one question, asked by one service account, from all others."""
    options = connection.options
    question = {
        "url": options.url,
        "instance_host": options.instance_host,
        "api_version": options.api_version,
        "login": [repr(options.login), *options.login.secrets],
        "search": search,
        "has_metadata": {key: value.hex() for key, value in condition.values.items()},
        "has_keys": sorted(condition.keys),
        "metadata": condition.wanted,
    }
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:32]


def _copy(source: InventoryData, target: t.Any) -> None:
    """Add hosts with their variables, groups, and who is in them to an inventory."""
    for host in source.hosts.values():
        target.add_host(host.name)
        for name, value in host.vars.items():
            if name not in ("inventory_file", "inventory_dir"):
                target.set_variable(host.name, name, value)
    groups = [group for group in source.groups.values() if group.name not in ("all", "ungrouped")]
    for group in groups:
        target.add_group(group.name)
    for group in groups:
        for child in (*group.child_groups, *group.hosts):
            target.add_child(group.name, child.name)
