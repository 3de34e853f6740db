"""Sets a fresh desk up, with one of each kind of record, and writes Schemathesis' settings with its tokens.

Arguments: the desk's address, the one-time link's token, the file to write.
"""

import json
import sys
import urllib.request
from pathlib import Path

url, link, target = sys.argv[1:]


def call(method, path, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        url + path, data, {"Content-Type": "application/json", **headers}, method=method
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
        return answer.headers, json.loads(text) if text else None


owner = {"token": link, "workspace": "Acme", "name": "Alex", "email": "alex@example.org"}
headers, _ = call("POST", "/api/v1/setup", {**owner, "password": "correct horse", "zone": "Europe/Berlin"})
cookie = headers["Set-Cookie"].split(";")[0]
_, made = call("POST", "/api/v1/tokens", {"name": "schemathesis"}, Cookie=cookie)
auth = {"Authorization": "Bearer " + made["secret"]}

_, task = call("POST", "/api/v1/tasks", {"title": "Call Dana", "due": {"date": "2030-01-31"}}, **auth)
call("POST", f"/api/v1/tasks/{task['id']}/comments", {"text": "Twice"}, **auth)
call("POST", "/api/v1/projects", {"name": "Refunds"}, **auth)
article = {"title": "Refunds", "body": "# Refunds\n\nWithin 30 days.", "status": "published"}
call("POST", "/api/v1/articles", article, **auth)
_, channels = call("GET", "/api/v1/channels", **auth)
key = channels["items"][0]["key"]
_, visit = call("POST", "/widget/v1/conversations", {"channel": key, "name": "Dana"})
conversation = visit["conversation"]["id"]
visitor = {"Authorization": "Bearer " + visit["visitor_token"]}
call("POST", f"/widget/v1/conversations/{conversation}/messages", {"text": "Where is my refund?"}, **visitor)
call("POST", f"/api/v1/conversations/{conversation}/claim", **auth)

folder = Path(__file__).resolve().parent
settings = (folder / "schemathesis.toml").read_text()
Path(target).write_text(f"""hooks = "{folder / 'hooks.py'}"
{settings}
[headers]
Authorization = "{auth['Authorization']}"

[[operations]]
include-path-regex = "^/widget/"
headers = {{ Authorization = "{visitor['Authorization']}" }}
""")
