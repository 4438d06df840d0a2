"""Prints vectors.json: tokens of package cookiestore, made without its code.

It follows the package comment of cookiestore alone, with XChaCha20 written out
from draft-irtf-cfrg-xchacha-03 section 2.2 and ChaCha20-Poly1305 from the
Python package "cryptography", and so is a second implementation of the format.
"""
import base64, hashlib, hmac, json, struct
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305


def hkdf(key, info):
    extracted = hmac.new(bytes(32), key, hashlib.sha256).digest()
    return hmac.new(extracted, b"sessiongen key: " + info + b"\x01", hashlib.sha256).digest()


def hchacha20(key, nonce):
    s = list(struct.unpack("<16L", b"expand 32-byte k" + key + nonce))

    def quarter(a, b, c, d):
        for x, y, z, n in (a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7):
            s[x] = (s[x] + s[y]) & 0xFFFFFFFF
            v = s[z] ^ s[x]
            s[z] = (v << n | v >> 32 - n) & 0xFFFFFFFF

    for _ in range(10):
        quarter(0, 4, 8, 12), quarter(1, 5, 9, 13), quarter(2, 6, 10, 14), quarter(3, 7, 11, 15)
        quarter(0, 5, 10, 15), quarter(1, 6, 11, 12), quarter(2, 7, 8, 13), quarter(3, 4, 9, 14)
    return struct.pack("<8L", *s[:4], *s[12:])


def text(b):
    return base64.urlsafe_b64encode(b).rstrip(b"=").decode()


def vector(key, cookie, nonce, record):
    head = b"\x01" + hkdf(key, b"id")[:3]
    sealing = hkdf(key, b"cookiestore")
    aad = b"sessiongen sealed session\0" + cookie.encode() + b"\0" + head
    sealed = ChaCha20Poly1305(hchacha20(sealing, nonce[:16])).encrypt(bytes(4) + nonce[16:], record, aad)
    return {
        "key": text(key),
        "key_id": head[1:].hex(),
        "sealing_key": sealing.hex(),
        "cookie": cookie,
        "additional_data": aad.hex(),
        "nonce": nonce.hex(),
        "record": record.hex(),
        "token": text(head + nonce + sealed),
    }


# The draft's own example, section 2.2.1.
assert hchacha20(bytes(range(32)), bytes.fromhex("000000090000004a0000000031415927")).hex() == (
    "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc")

counting = bytes(range(32))
other = hashlib.sha256(b"another key").digest()
print(json.dumps([
    vector(counting, "session", bytes(range(24)), b""),
    vector(counting, "session", bytes(range(24)), b"a"),
    vector(counting, "session", bytes(range(24)), b"ab"),
    vector(counting, "session", bytes(range(24)), b"abc"),
    vector(counting, "cart", bytes(range(24)), b"abc"),
    vector(counting, "session", bytes(range(255, 231, -1)), b"abc"),
    vector(other, "session", bytes(range(24)), b"abc"),
    vector(other, "shop.session-2", hashlib.sha256(b"a nonce").digest()[:24], bytes(i * 7 & 255 for i in range(265))),
], indent="\t"))
