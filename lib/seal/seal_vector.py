#!/usr/bin/env python3
"""Seals two models by docs/formats/sealed-model.md alone, with another library than the C++ code.

Prints the SHA-256 of each file; header_test.cc and seal_stream_test.cc hold the same fixed secrets
and seal_stream_test.cc the same two digests. With a folder as argument, also writes the seeds of
the fuzzers `seal_header` and `seal_metadata` below it.

Needs the Python package `cryptography`.
"""

import hashlib
import pathlib
import struct
import sys

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HEADER, ENVELOPE, CHUNK = 65536, 256, 65536
CONTENT_ID, DATA_KEY = b"\x11" * 32, b"\x12" * 32
SEALING_KEY, MEASUREMENT = b"\x21" * 32, b"\x31" * 32
WRAP_SALT, METADATA_NONCE = b"\x41" * 32, b"\x51" * 12
OWNER = b"\x61" * 32
MODEL_ID = b"alice/resnet18"


def hkdf(key: bytes, salt: bytes | None, info: bytes) -> bytes:
    return bytes(HKDF(SHA256(), 32, salt, b"blindai-seal-v1 " + info).derive(key))


def text(value: bytes) -> bytes:
    return struct.pack("<H", len(value)) + value


def tensor(name: bytes, datatype: int, shape: list[int]) -> bytes:
    return text(name) + bytes([datatype, len(shape)]) + struct.pack(f"<{len(shape)}q", *shape)


def metadata(content: bytes, layout: int = 2) -> bytes:
    fields = struct.pack("<H", layout) + text(MODEL_ID) + hashlib.sha256(content).digest()
    fields += struct.pack("<QQQ", len(content), 1_700_000_000, 3)
    fields += struct.pack("<H", 1) + tensor(b"input", 11, [-1, 3, 224, 224])
    fields += struct.pack("<H", 2) + tensor(b"label", 8, [-1]) + tensor(b"scores", 11, [-1, 1000])
    fields += b"\x01" + OWNER + text(b"alice")
    if layout == 1:
        return fields
    callers, handover = [b"\x71" * 32, b"\x72" * 32], [b"\x81" * 32]
    fields += b"\x01" + struct.pack("<H", len(callers)) + b"".join(callers)
    return fields + struct.pack("<H", len(handover)) + b"".join(handover)


def header(content: bytes) -> tuple[bytes, bytes]:
    bound = b"\x89BAISE\r\n" + struct.pack("<IIII", 1, 1, HEADER, CHUNK)
    bound += CONTENT_ID + hashlib.sha256(MODEL_ID).digest()
    wrapped_to = bound + MEASUREMENT + hkdf(SEALING_KEY, None, b"key id")[:16] + WRAP_SALT
    wrapping = AESGCM(hkdf(SEALING_KEY, WRAP_SALT, b"wrap"))
    envelope = wrapped_to + wrapping.encrypt(bytes(12), DATA_KEY, wrapped_to)
    envelope += METADATA_NONCE + bytes(28)
    assert len(bound) == 88 and len(wrapped_to) == 168 and len(envelope) == ENVELOPE
    plaintext = metadata(content).ljust(HEADER - ENVELOPE - 16, b"\0")
    cipher = AESGCM(hkdf(DATA_KEY, CONTENT_ID, b"metadata"))
    return bound, envelope + cipher.encrypt(METADATA_NONCE, plaintext, envelope)


def seal(content: bytes) -> bytes:
    bound, out = header(content)
    cipher = AESGCM(hkdf(DATA_KEY, CONTENT_ID, b"content"))
    chunks = [content[i : i + CHUNK] for i in range(0, len(content), CHUNK)] or [b""]
    for i, chunk in enumerate(chunks):
        last = i == len(chunks) - 1
        nonce = bytes(3) + struct.pack(">Q", i) + bytes([last])
        out += cipher.encrypt(nonce, chunk, bound)
    return out


def sample(length: int) -> bytes:
    return bytes((i * 31 + i // 251) & 0xFF for i in range(length))


def main() -> None:
    for length in (0, 2 * CHUNK + 5):
        print(length, hashlib.sha256(seal(sample(length))).hexdigest())
    if len(sys.argv) > 1:
        corpus = pathlib.Path(sys.argv[1])
        genuine = header(b"model")[1]
        (corpus / "seal_header" / "genuine").write_bytes(genuine[:512])
        (corpus / "seal_header" / "other_version").write_bytes(genuine[:8] + b"\x02\0\0\0")
        (corpus / "seal_header" / "other_measurement").write_bytes(genuine[:88] + bytes(32))
        (corpus / "seal_metadata" / "fixture").write_bytes(metadata(b"model"))
        (corpus / "seal_metadata" / "layout_1").write_bytes(metadata(b"model", layout=1))


if __name__ == "__main__":
    main()
