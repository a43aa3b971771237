"""Makes suite.json from the directory aws-signing-test-suite/v4 of awslabs/aws-c-auth.

Left out are the cases that do not normalise the path (S3), those that HTTP
cannot carry (raw spaces and UTF-8 in the target, folded headers) and the one
whose session token is not signed.

Run by hand:  python make_suite.py PATH/aws-signing-test-suite/v4
"""
import json
import pathlib
import sys

requests = []
for case in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    context = case / "context.json"
    if not context.exists():
        continue
    context = json.loads(context.read_text())
    if not context["normalize"] or context.get("omit_session_token"):
        continue
    for form in ["header", "query"]:
        signed = case / f"{form}-signed-request.txt"
        head, _, body = signed.read_text().replace("\r\n", "\n").partition("\n\n")
        first, *lines = head.split("\n")
        method, *target, _ = first.split(" ")
        target = " ".join(target)
        if " " in target or not target.isascii() or any(line.startswith(" ") for line in lines):
            continue
        headers = [line.split(":", 1) for line in lines if line]
        requests.append({
            "name": f"{case.name} {form}",
            "token": context["credentials"].get("token"),
            "method": method,
            "target": target,
            "headers": [[name.lower(), value] for name, value in headers],
            "body": body.rstrip("\n") if context["sign_body"] else "",
        })

pathlib.Path(__file__).with_name("suite.json").write_text(json.dumps({
    "source": "aws-signing-test-suite v4 of awslabs/aws-c-auth v0.9.0 (Apache-2.0), the cases that HTTP can carry",
    "accessKeyId": "AKIDEXAMPLE",
    "secretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "region": "us-east-1",
    "service": "service",
    "now": "2015-08-30T12:36:00Z",
    "requests": requests,
}, indent=1) + "\n")
