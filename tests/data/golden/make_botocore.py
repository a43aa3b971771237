"""Writes botocore.json: the vectors of cases.json as botocore makes them.

By hand, after make_js.mjs:
  python3 -m venv VENV && VENV/bin/pip install botocore
  VENV/bin/python tests/data/golden/make_botocore.py
`presigned` and `signed`: signatures; `decoded`: make_js.mjs's event-stream
messages as botocore's parser reads them (headers, payload in base64);
`exceptions`: the errors of the operations in botocore's service models.
"""
import base64
import datetime
import json
import pathlib
from unittest import mock

import botocore.auth
import botocore.loaders
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.eventstream import EventStreamBuffer

HERE = pathlib.Path(__file__).parent
cases = json.loads((HERE / "cases.json").read_text("utf-8"))
javascript = json.loads((HERE / "javascript.json").read_text("utf-8"))
NOW = datetime.datetime.fromtimestamp(cases["time_unix"], datetime.timezone.utc)


def credentials(case):
    keys = cases["credentials"][case["credentials"]]
    return Credentials(keys["accessKeyId"], keys["secretAccessKey"], keys.get("sessionToken"))


def add_auth(signer, request):
    with mock.patch.object(botocore.auth, "get_current_datetime", lambda **_: NOW):
        signer.add_auth(request)


presigned = {}
for case in cases["presigned"]:
    # botocore knows the default ports of http and https alone.
    base = case["url"].replace("wss://", "https://").replace("ws://", "http://")
    request = AWSRequest(method="GET", url=base + "/stream-transcription-websocket", params=dict(case["query"]))
    signer = botocore.auth.SigV4QueryAuth(credentials(case), "transcribe", case["region"], expires=300)
    add_auth(signer, request)
    # The SDK appends its parameters in another order: compared as a sorted list.
    presigned[case["name"]] = sorted(request.url.split("?", 1)[1].split("&"))

signed = {}
for case in cases["signed"]:
    request = AWSRequest(method="POST", url=case["url"] + case["path"], headers=dict(case["headers"]), data=case["body"].encode())
    add_auth(botocore.auth.SigV4Auth(credentials(case), case["service"], case["region"]), request)
    signed[case["name"]] = {name.lower(): value for name, value in request.headers.items()}

decoded = {}
for group, messages in javascript["messages"].items():
    decoded[group] = {}
    for name, message in messages.items():
        buffer = EventStreamBuffer()
        buffer.add_data(base64.b64decode(message))
        (event,) = list(buffer)
        decoded[group][name] = {"headers": event.headers, "payload": base64.b64encode(event.payload).decode()}

exceptions = {}
loader = botocore.loaders.Loader()
for service, operations in {
    "translate": ["TranslateText"],
    "polly": ["SynthesizeSpeech"],
    "cognito-identity": ["GetId", "GetCredentialsForIdentity"],
}.items():
    model = loader.load_service_model(service, "service-2")
    names = {error["shape"] for name in operations for error in model["operations"][name]["errors"]}
    exceptions[service] = sorted(names)
# Transcribe streaming is not in botocore: the event stream of its API reference.
exceptions["transcribe-streaming"] = [
    "BadRequestException",
    "ConflictException",
    "InternalFailureException",
    "LimitExceededException",
    "ServiceUnavailableException",
]

out = {"presigned": presigned, "signed": signed, "decoded": decoded, "exceptions": exceptions}
(HERE / "botocore.json").write_text(json.dumps(out, indent=1, ensure_ascii=False) + "\n", "utf-8")
