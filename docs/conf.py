# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of Sphinx for the site that ``make docs`` builds from the guides and the plugins' documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "community.zitadel"
title = html_short_title = "community.zitadel"
copyright = "Community ZITADEL collection contributors"  # noqa: A001 - the name that Sphinx asks for
extensions = ["sphinx_antsibull_ext"]
default_role = "any"
highlight_language = "YAML+Jinja"
pygments_style = "ansible"
html_theme = "sphinx_ansible_theme"
html_show_sphinx = False
html_use_index = False
html_copy_source = False


# Ansible's own pages that the generated ones refer to; its inventory of labels would have to be downloaded.
_ANSIBLE = "https://docs.ansible.com/ansible/latest"
_PAGES = {
    "action_plugins": f"{_ANSIBLE}/plugins/action.html",
    "ansible_configuration_settings": f"{_ANSIBLE}/reference_appendices/config.html",
    "common_return_values": f"{_ANSIBLE}/reference_appendices/common_return_values.html",
}
_BUILTIN = "ansible_collections.ansible.builtin."


def _link_ansible(
    app: Sphinx, environment: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.reference | None:
    label = node["reftarget"]
    if label.startswith(_BUILTIN):
        page = label.removeprefix(_BUILTIN).partition("__")[0]
        url = f"{_ANSIBLE}/collections/ansible/builtin/{page}.html"
    elif label in _PAGES:
        url = _PAGES[label]
    else:
        return None
    return nodes.reference("", content.astext(), refuri=url, internal=False)


def setup(app: Sphinx) -> None:
    app.connect("missing-reference", _link_ansible)
