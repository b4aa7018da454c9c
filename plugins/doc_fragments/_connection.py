# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  url:
    description:
      - Address of the ZITADEL instance, for example V(https://id.example.com). It needs no path.
      - It is required here or in the environment variable E(ZITADEL_URL).
    type: str
  token:
    description:
      - Personal access token of a service account, or any other access token for the ZITADEL API.
      - The authentication methods are mutually exclusive. Give exactly one of O(token), O(token_file), O(key_file),
        O(key_json), or O(client_id) with O(client_secret).
      - If the task or C(module_defaults) names an authentication method, the login variables of the environment do not
        count. If it names none, exactly one method must be set in the environment, by E(ZITADEL_TOKEN),
        E(ZITADEL_TOKEN_FILE), E(ZITADEL_KEY_FILE), E(ZITADEL_KEY_JSON), or E(ZITADEL_CLIENT_ID) with
        E(ZITADEL_CLIENT_SECRET).
      - An environment variable that is set but empty counts as not set.
    type: str
  token_file:
    description:
      - File that contains the token. Whitespace around the token is ignored.
      - Or the environment variable E(ZITADEL_TOKEN_FILE).
    type: path
  key_file:
    description:
      - Key file of a service account, the JSON file that ZITADEL offers for download.
      - Needs the Python libraries C(PyJWT) and C(cryptography).
      - Or the environment variable E(ZITADEL_KEY_FILE).
    type: path
  key_json:
    description:
      - Content of such a key file, as a string or as a dictionary.
      - Or the environment variable E(ZITADEL_KEY_JSON).
    type: raw
  client_id:
    description:
      - Login name of a service account that has a client secret.
      - If the task gives only the client ID, the secret comes from the environment variable E(ZITADEL_CLIENT_SECRET).
      - Or the environment variable E(ZITADEL_CLIENT_ID).
    type: str
  client_secret:
    description:
      - The secret that belongs to O(client_id).
      - Or the environment variable E(ZITADEL_CLIENT_SECRET).
    type: str
  audience:
    description:
      - Audience of the JWT that is signed with a service-account key. The default is the origin of O(url), which is
        right unless the server is reached under another name than its own.
      - Or the environment variable E(ZITADEL_AUDIENCE).
    type: str
  instance_host:
    description:
      - Host name of the instance, sent as C(x-zitadel-instance-host), where the server is reached under another name.
      - Or the environment variable E(ZITADEL_INSTANCE_HOST).
    type: str
  headers:
    description:
      - Additional headers for every request, including the login, for example for an identity-aware proxy.
      - Their values are never shown. C(Authorization) and C(x-zitadel-orgid) may not be set here.
    type: dict
    default: {}
  validate_certs:
    description:
      - Whether the server must have a valid TLS certificate.
      - Or the environment variable E(ZITADEL_VALIDATE_CERTS).
    type: bool
    default: true
  ca_path:
    description:
      - PEM file with the certificate authorities (CA) to trust, instead of those of the operating system.
      - Or the environment variable E(ZITADEL_CA_PATH).
    type: path
  client_cert:
    description:
      - PEM file with the client certificate, and with its key if O(client_key) is not given.
      - Or the environment variable E(ZITADEL_CLIENT_CERT).
    type: path
  client_key:
    description:
      - PEM file with the key of O(client_cert).
      - Or the environment variable E(ZITADEL_CLIENT_KEY).
    type: path
  timeout:
    description:
      - Seconds to wait for a connection, and for each read.
      - Or the environment variable E(ZITADEL_TIMEOUT).
    type: float
    default: 30
  retries:
    description:
      - How often to repeat a request that fails with a transient error. These are HTTP 429, 502, 503 and 504, connection
        errors, time-outs, and the error that ZITADEL returns when two writers collide. Writes are repeated as well,
        since each of them is done completely or not at all.
      - The wait between tries begins at half a second (after a collision, at 50 milliseconds) and doubles, or is as long
        as the server asks for, up to a minute.
      - Or the environment variable E(ZITADEL_RETRIES).
    type: int
    default: 4
  api_version:
    description:
      - Which API of ZITADEL carries the metadata.
      - V(v1) is the Management API. V(v2) is API v2, which has the metadata of organizations in ZITADEL v4.7.0 and later,
        and that of users in v4.0.0 and later.
      - V(auto) uses v1 for the metadata of organizations. If v1 does not work and v2 does, it uses v2 and gives a warning.
        For the metadata of users, it uses v2 if ZITADEL has it, else v1.
      - Or the environment variable E(ZITADEL_API_VERSION).
    type: str
    choices: [auto, v1, v2]
    default: auto
  connections:
    description:
      - How many organizations or users a task that reads or writes many of them works on at the same time, 1 to 32.
      - It has no effect where a task works on one organization or user. Every module takes it, so that
        C(module_defaults) can set it for all of them.
      - Or the environment variable E(ZITADEL_CONNECTIONS).
    type: int
    default: 4
notes:
  - Null means that an option is not given. There are exceptions. For options that name an organization or user, and for
    filters, null is an error, so that a missing name never means the service account's own organization, and a missing
    filter never means all. Use V(default(omit\)) to leave an option out.
  - On ansible-core 2.18 a template such as V({{ x | default(none\) }}) arrives as an empty string, which is an error for
    every option.
requirements:
  - the Python library requests, always (on C(localhost), in the Python that runs Ansible)
  - the Python libraries PyJWT and cryptography, only to log in with O(key_file) or O(key_json)
seealso:
  - ref: ansible_collections.community.zitadel.docsite.guide_getting_started
    description: From the installation to the first key.
  - ref: ansible_collections.community.zitadel.docsite.guide_authentication
    description: The authentication methods, and which role a service account needs.
  - ref: ansible_collections.community.zitadel.docsite.guide_patterns
    description: Common tasks as complete playbooks.
  - ref: ansible_collections.community.zitadel.docsite.guide_performance
    description: Which requests a task sends, and how fast the modules are.
"""

    PLUGINS = r"""
options:
  url:
    vars:
      - name: zitadel_url
  token:
    vars:
      - name: zitadel_token
  token_file:
    vars:
      - name: zitadel_token_file
  key_file:
    vars:
      - name: zitadel_key_file
  key_json:
    vars:
      - name: zitadel_key_json
  client_id:
    vars:
      - name: zitadel_client_id
  client_secret:
    vars:
      - name: zitadel_client_secret
  audience:
    vars:
      - name: zitadel_audience
  instance_host:
    vars:
      - name: zitadel_instance_host
  headers:
    vars:
      - name: zitadel_headers
  validate_certs:
    vars:
      - name: zitadel_validate_certs
  ca_path:
    vars:
      - name: zitadel_ca_path
  client_cert:
    vars:
      - name: zitadel_client_cert
  client_key:
    vars:
      - name: zitadel_client_key
  timeout:
    vars:
      - name: zitadel_timeout
  retries:
    vars:
      - name: zitadel_retries
  api_version:
    vars:
      - name: zitadel_api_version
  connections:
    vars:
      - name: zitadel_connections
"""
