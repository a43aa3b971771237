"""Writes transcribe/*.bin: one malformed event-stream message per file.

By hand, no packages needed: python3 tests/data/malformed/make_messages.py
The format: total length, headers' length, CRC-32 of these (4 bytes each,
big-endian), headers, payload, CRC-32 of all before it.
"""
import json
import pathlib
import struct
import zlib

HERE = pathlib.Path(__file__).parent / "transcribe"
EVENT = {":message-type": "event", ":event-type": "TranscriptEvent", ":content-type": "application/json"}
PAYLOAD = b'{"Transcript":{"Results":[{"ResultId":"r","StartTime":0,"EndTime":1,"IsPartial":false,"Alternatives":[]}]}}'


def header(name, value, kind=7):
    name = name if isinstance(name, bytes) else name.encode()
    if isinstance(value, str):
        value = struct.pack(">H", len(value.encode())) + value.encode()
    return bytes([len(name)]) + name + bytes([kind]) + value


def headers(values):
    return b"".join(header(name, value) for name, value in values.items())


def message(head, payload=PAYLOAD, total=None, head_length=None):
    """A message with right checksums around whatever lengths are claimed."""
    prelude = struct.pack(
        ">II",
        16 + len(head) + len(payload) if total is None else total,
        len(head) if head_length is None else head_length,
    )
    body = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return body + struct.pack(">I", zlib.crc32(body))


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def without(name):
    return {key: value for key, value in EVENT.items() if key != name}


good = message(headers(EVENT))
head = headers(EVENT)
after = headers({":event-type": "TranscriptEvent", ":content-type": "application/json"})
exception = headers({":message-type": "exception", ":content-type": "application/json"})
files = {
    "empty": b"",
    "one_byte": b"\x00",
    "truncated_prelude": good[:11],
    "truncated_headers": good[:30],
    "truncated_payload": good[:-20],
    "truncated_checksum": good[:-1],
    "prelude_checksum": flip(good, 8),
    "total_length_changed": flip(good, 3),
    "message_checksum": flip(good, len(good) - 1),
    "payload_changed": flip(good, len(good) - 10),
    "trailing_byte": good + b"\x00",
    "two_messages": good + good,
    "huge_length": message(head, total=0xFFFFFFFF),
    "length_zero": message(head, total=0),
    "length_below_the_least": message(head, total=15),
    "headers_longer_than_the_message": message(head, head_length=0xFFFFFFF0),
    "headers_of_one_byte": message(b"\x00", head_length=1),
    "headers_end_within_a_header": message(head, head_length=len(head) - 3),
    "header_name_overruns": message(b"\xff" + head[1:]),
    "header_name_is_not_utf8": message(header(b"\xff\xfe", "x") + head),
    "header_value_overruns": message(head[:14] + struct.pack(">BH", 7, 0xFFFF) + b"event"),
    "header_value_is_not_utf8": message(header(":message-type", struct.pack(">H", 2) + b"\xff\xfe") + after),
    "header_type_unknown": message(header(":message-type", "event", 42) + after),
    "headers_missing": message(b""),
    "message_type_missing": message(headers(without(":message-type"))),
    "message_type_is_a_boolean": message(header(":message-type", b"", 0) + after),
    "message_type_is_bytes": message(header(":message-type", "event", 6) + after),
    "message_type_unknown": message(headers({**EVENT, ":message-type": "gossip"})),
    "event_type_missing": message(headers(without(":event-type"))),
    "event_type_is_a_number": message(header(":message-type", "event") + header(":event-type", b"\x00\x00\x00\x07", 4)),
    "exception_type_missing": message(exception, b'{"Message":"?"}'),
    "exception_type_is_a_time": message(exception + header(":exception-type", b"\x00" * 8, 8), b'{"Message":"?"}'),
    "error_code_missing": message(headers({":message-type": "error"}), b""),
    "payload_is_empty": message(head, b""),
    "payload_is_not_json": message(head, b"<html>Bad gateway</html>"),
    "payload_is_not_utf8": message(head, b'{"Transcript":{"Results":[{"ResultId":"\xff"}]}}'),
    "payload_is_cut": message(head, PAYLOAD[:-3]),
    "payload_is_a_list": message(head, b"[1, 2, 3]"),
    "transcript_as_a_list": message(head, b"[[[]]]"),
    "payload_is_nested_too_deep": message(head, b'{"Transcript":' + b"[" * 1_000),
    "results_are_an_object": message(head, b'{"Transcript":{"Results":{"ResultId":"r"}}}'),
    "time_is_a_text": message(head, b'{"Transcript":{"Results":[{"StartTime":"0.5"}]}}'),
    "time_is_too_large": message(head, b'{"Transcript":{"Results":[{"StartTime":1e999}]}}'),
    "partial_is_a_number": message(head, b'{"Transcript":{"Results":[{"IsPartial":1}]}}'),
    "transcript_is_a_number": message(head, b'{"Transcript":{"Results":[{"Alternatives":[{"Transcript":7}]}]}}'),
    "item_type_is_a_number": message(head, json.dumps({"Transcript": {"Results": [{"Alternatives": [{"Items": [{"Type": 3}]}]}]}}).encode()),
}
for old in HERE.glob("*.bin"):
    old.unlink()
for name, data in files.items():
    (HERE / f"{name}.bin").write_bytes(data)
