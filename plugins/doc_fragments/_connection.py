# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  url:
    description:
      - Address of the ZITADEL instance, for example V(https://id.example.com). No path is needed.
      - Required here or in the environment variable E(ZITADEL_URL).
    type: str
  token:
    description:
      - Personal access token of a service account, or any other access token for the ZITADEL API.
      - Give exactly one way to log in, O(token), O(token_file), O(key_file), O(key_json), or O(client_id) with
        O(client_secret).
      - If the task or C(module_defaults) names one of them, the login variables of the environment are ignored
        altogether. If it names none, exactly one of E(ZITADEL_TOKEN), E(ZITADEL_TOKEN_FILE), E(ZITADEL_KEY_FILE),
        E(ZITADEL_KEY_JSON), or E(ZITADEL_CLIENT_ID) with E(ZITADEL_CLIENT_SECRET) must be set.
      - A variable of the environment that is set but empty counts as not set.
    type: str
  token_file:
    description:
      - File that holds the token. Blanks and newlines around it are dropped.
      - Or the environment variable E(ZITADEL_TOKEN_FILE).
    type: path
  key_file:
    description:
      - Key file of a service account, the JSON that ZITADEL offers for download.
      - Needs the Python libraries C(PyJWT) and C(cryptography).
      - Or the environment variable E(ZITADEL_KEY_FILE).
    type: path
  key_json:
    description:
      - Content of such a key file, as text or as a dictionary.
      - Or the environment variable E(ZITADEL_KEY_JSON).
    type: raw
  client_id:
    description:
      - Login name of a service account that has a client secret.
      - If only the client id is given, the secret is taken from the environment variable E(ZITADEL_CLIENT_SECRET).
      - Or the environment variable E(ZITADEL_CLIENT_ID).
    type: str
  client_secret:
    description:
      - The secret that belongs to O(client_id).
      - Or the environment variable E(ZITADEL_CLIENT_SECRET).
    type: str
  audience:
    description:
      - Audience of the JWT that a service-account key makes. The default is the origin of O(url), which is right unless
        the server is reached under another name than its own.
      - Or the environment variable E(ZITADEL_AUDIENCE).
    type: str
  instance_host:
    description:
      - Host name of the instance, sent as C(x-zitadel-instance-host), where the server is reached under another name.
      - Or the environment variable E(ZITADEL_INSTANCE_HOST).
    type: str
  headers:
    description:
      - More headers for every request, also for the one that logs in, for example for an identity-aware proxy.
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
      - PEM file with the authorities to trust instead of those of the operating system.
      - Or the environment variable E(ZITADEL_CA_PATH).
    type: path
  client_cert:
    description:
      - PEM file with the client certificate, and its key if O(client_key) is not given.
      - Or the environment variable E(ZITADEL_CLIENT_CERT).
    type: path
  client_key:
    description:
      - PEM file with the key of O(client_cert).
      - Or the environment variable E(ZITADEL_CLIENT_KEY).
    type: path
  timeout:
    description:
      - Seconds to wait for a connection, and for each piece of an answer.
      - Or the environment variable E(ZITADEL_TIMEOUT).
    type: float
    default: 30
  retries:
    description:
      - How often to try again when ZITADEL or what stands in front of it is busy, cannot be reached, or does not
        answer, and when two writers met. Writes are repeated too, they do all or nothing.
      - The waits between the tries begin at half a second and double, or are as long as the server asks, up to a
        minute.
      - Or the environment variable E(ZITADEL_RETRIES).
    type: int
    default: 4
requirements:
  - requests
  - PyJWT and cryptography, only to log in with O(key_file) or O(key_json)
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
"""
