"""Makes signed.json: requests to the services, signed by botocore.

Run by hand:  python -m venv V && V/bin/pip install botocore && V/bin/python make_vectors.py
"""
import datetime
import json
import pathlib
from urllib.parse import quote, urlsplit

import botocore.auth
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOW = datetime.datetime(2026, 3, 14, 15, 9, 26, tzinfo=datetime.timezone.utc)
botocore.auth.get_current_datetime = lambda remove_tzinfo=True: (
    NOW.replace(tzinfo=None) if remove_tzinfo else NOW
)

ID = "ASIAEXAMPLEEXAMPLE01"
SECRET = "abc/DEF+ghi=0123456789012345678901234567"
TOKEN = "FwoGZXIvYXdzEBYaDH+/example==//+token+with/slashes=="


def vector(name, service, method, url, headers, body, presign):
    credentials = Credentials(ID, SECRET, TOKEN)
    request = AWSRequest(method=method, url=url, headers=headers, data=body)
    if presign:
        SigV4QueryAuth(credentials, service, "us-east-1", expires=60).add_auth(request)
    else:
        SigV4Auth(credentials, service, "us-east-1").add_auth(request)
    parts = urlsplit(request.url)
    sent = {name.lower(): value for name, value in request.headers.items()}
    sent["host"] = parts.netloc
    target = parts.path + ("?" + parts.query if parts.query else "")
    return {
        "name": name,
        "service": service,
        "method": method,
        "target": target,
        "headers": sent,
        "body": body,
    }


def transcribe(host, **extra):
    query = {
        "language-code": "es-US",
        "media-encoding": "pcm",
        "sample-rate": "16000",
        "session-id": "00000000-0000-4000-8000-00000000000a",
        "enable-partial-results-stabilization": "true",
        "partial-results-stability": "high",
        **extra,
    }
    text = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in query.items())
    return f"https://{host}/stream-transcription-websocket?{text}"


def json_headers(target):
    return {"content-type": "application/x-amz-json-1.1", "x-amz-target": target}


TRANSLATE = "https://translate.us-east-1.amazonaws.com/"
POLLY = "https://polly.us-east-1.amazonaws.com"
TEXT = {"Text": "¿Puede ayudarme? \"€ + 字\" ~*'()", "SourceLanguageCode": "es", "TargetLanguageCode": "en"}
SPEECH = {"Text": "Can you help me?", "VoiceId": "Joanna", "OutputFormat": "pcm", "SampleRate": "16000"}

vectors = [
    vector("translate text", "translate", "POST", TRANSLATE,
           json_headers("AWSShineFrontendService_20170701.TranslateText"), json.dumps(TEXT), False),
    vector("translate text, not escaped", "translate", "POST", TRANSLATE,
           json_headers("AWSShineFrontendService_20170701.TranslateText"), json.dumps(TEXT, ensure_ascii=False), False),
    vector("list languages", "translate", "POST", TRANSLATE,
           json_headers("AWSShineFrontendService_20170701.ListLanguages"), "{}", False),
    vector("speech", "polly", "POST", POLLY + "/v1/speech", {"content-type": "application/json"}, json.dumps(SPEECH), False),
    vector("speech at a local port", "polly", "POST", "http://127.0.0.1:8701/v1/speech",
           {"content-type": "application/json"}, json.dumps(SPEECH), False),
    vector("voices", "polly", "GET", POLLY + "/v1/voices?LanguageCode=es-US&Engine=neural", {}, "", False),
    vector("voices, presigned", "polly", "GET", POLLY + "/v1/voices?LanguageCode=es-US", {}, "", True),
    vector("header with spaces", "polly", "POST", POLLY + "/v1/speech",
           {"content-type": "application/json", "x-amz-meta": "  two   spaces  "}, "{}", False),
    vector("stream", "transcribe", "GET", transcribe("transcribestreaming.us-east-1.amazonaws.com:8443"), {}, "", True),
    vector("stream at a local port", "transcribe", "GET", transcribe("127.0.0.1:8701"), {}, "", True),
    vector("stream with odd characters", "transcribe", "GET",
           transcribe("127.0.0.1:8701", **{"vocabulary-name": "a b+c/ü~*'"}), {}, "", True),
]
out = {
    "now": NOW.isoformat(),
    "region": "us-east-1",
    "accessKeyId": ID,
    "secretAccessKey": SECRET,
    "sessionToken": TOKEN,
    "requests": vectors,
}
path = pathlib.Path(__file__).with_name("signed.json")
path.write_text(json.dumps(out, indent=1, ensure_ascii=False) + "\n")
