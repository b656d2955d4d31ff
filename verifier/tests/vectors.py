#!/usr/bin/env python3
"""Golden vectors for every construction of a whosaw ledger, made independently of the Rust code.

Writes vectors.txt beside itself: `name = value`, hexadecimal unless the name ends in `_text` (JSON string) or `_n`
(decimal). Those whose names begin with `vault_` are of what the service keeps for itself: its own tests, in
src/vault/tests/vectors.rs, are held against them. Standard library only, so that anyone can run it; AES-GCM,
AES-GCM-SIV and Ed25519 are small and slow below, and are held against the `cryptography` package where that is installed.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import struct
import unicodedata


def H(*pieces):
    return hashlib.sha256(b"".join(pieces)).digest()


def HMAC(key, *pieces):
    return hmac.new(key, b"".join(pieces), hashlib.sha256).digest()


def u16(n):
    return struct.pack(">H", n)


def u32(n):
    return struct.pack(">I", n)


def u64(n):
    return struct.pack(">Q", n)


# AES-256-GCM (FIPS 197, NIST SP 800-38D).

def _sbox():
    box, p, q = [0] * 256, 1, 1
    while True:
        p = (p ^ (p << 1) ^ (0x11B if p & 0x80 else 0)) & 0xFF
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        if q & 0x80:
            q ^= 0x09
        rotations = [((q << n) | (q >> (8 - n))) & 0xFF for n in (1, 2, 3, 4)]
        box[p] = q ^ rotations[0] ^ rotations[1] ^ rotations[2] ^ rotations[3] ^ 0x63
        if p == 1:
            break
    box[0] = 0x63
    return box


SBOX = _sbox()


def double(byte):
    return ((byte << 1) ^ (0x1B if byte & 0x80 else 0)) & 0xFF


def aes_round_keys(key):
    words, power = [list(key[i:i + 4]) for i in range(0, 32, 4)], 1
    while len(words) < 60:
        word = list(words[-1])
        if len(words) % 8 == 0:
            word = [SBOX[b] for b in word[1:] + word[:1]]
            word[0] ^= power
            power = double(power)
        elif len(words) % 8 == 4:
            word = [SBOX[b] for b in word]
        words.append([a ^ b for a, b in zip(word, words[-8])])
    return [sum(words[i:i + 4], []) for i in range(0, 60, 4)]


def aes_block(keys, block):
    state = [a ^ b for a, b in zip(block, keys[0])]
    for number, key in enumerate(keys[1:], 1):
        state = [SBOX[b] for b in state]
        state = [state[(i + 4 * (i % 4)) % 16] for i in range(16)]
        if number < 14:
            mixed = []
            for column in range(0, 16, 4):
                a = state[column:column + 4]
                every = a[0] ^ a[1] ^ a[2] ^ a[3]
                mixed += [a[i] ^ every ^ double(a[i] ^ a[(i + 1) % 4]) for i in range(4)]
            state = mixed
        state = [a ^ b for a, b in zip(state, key)]
    return bytes(state)


def gcm_multiply(x, y):
    z = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            z ^= y
        y = (y >> 1) ^ (0xE1 << 120 if y & 1 else 0)
    return z


def aes_256_gcm(key, nonce, aad, plain):
    keys = aes_round_keys(key)
    counter = lambda n: aes_block(keys, nonce + u32(n))
    cipher = b"".join(
        bytes(a ^ b for a, b in zip(plain[i:i + 16], counter(2 + i // 16))) for i in range(0, len(plain), 16))
    h, tag = int.from_bytes(aes_block(keys, bytes(16)), "big"), 0
    padded = lambda data: data + bytes(-len(data) % 16)
    blocks = padded(aad) + padded(cipher) + u64(8 * len(aad)) + u64(8 * len(cipher))
    for i in range(0, len(blocks), 16):
        tag = gcm_multiply(tag ^ int.from_bytes(blocks[i:i + 16], "big"), h)
    tag ^= int.from_bytes(counter(1), "big")
    sealed = cipher + tag.to_bytes(16, "big")
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        assert AESGCM(key).encrypt(nonce, plain, aad) == sealed
    except ImportError:
        pass
    return sealed


# AES-256-GCM-SIV (RFC 8452).

def polyval_dot(a, b):
    """a * b * x^-128 modulo x^128 + x^127 + x^126 + x^121 + 1; bit i is the coefficient of x^i."""
    product = 0
    for bit in range(128):
        if a >> bit & 1:
            product ^= b
        if product & 1:
            product ^= 1 << 128 | 1 << 127 | 1 << 126 | 1 << 121 | 1
        product >>= 1
    return product


def aes_256_gcm_siv(key, nonce, aad, plain):
    le32, le64 = lambda n: struct.pack("<I", n), lambda n: struct.pack("<Q", n)
    keys = aes_round_keys(key)
    derived = b"".join(aes_block(keys, le32(i) + nonce)[:8] for i in range(6))
    h, keys = int.from_bytes(derived[:16], "little"), aes_round_keys(derived[16:])
    padded = lambda data: data + bytes(-len(data) % 16)
    blocks, s = padded(aad) + padded(plain) + le64(8 * len(aad)) + le64(8 * len(plain)), 0
    for i in range(0, len(blocks), 16):
        s = polyval_dot(s ^ int.from_bytes(blocks[i:i + 16], "little"), h)
    s = bytearray(s.to_bytes(16, "little"))
    for i in range(12):
        s[i] ^= nonce[i]
    s[15] &= 0x7F
    tag = aes_block(keys, bytes(s))
    first, rest = int.from_bytes(tag[:4], "little"), tag[4:15] + bytes([tag[15] | 0x80])
    counter = lambda n: aes_block(keys, le32((first + n) % 2**32) + rest)
    sealed = b"".join(bytes(a ^ b for a, b in zip(plain[i:i + 16], counter(i // 16))) for i in range(0, len(plain), 16))
    sealed += tag
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
        assert AESGCMSIV(key).encrypt(nonce, plain, aad) == sealed
    except ImportError:
        pass
    return sealed


# Ed25519 (RFC 8032), in extended coordinates.

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, PRIME) % PRIME
BASE_Y = 4 * pow(5, -1, PRIME) % PRIME


def recover_x(y):
    square = (y * y - 1) * pow(D * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    return x if x % 2 == 0 else PRIME - x


BASE = (recover_x(BASE_Y), BASE_Y, 1, recover_x(BASE_Y) * BASE_Y % PRIME)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % PRIME, (p[1] + p[0]) * (q[1] + q[0]) % PRIME
    c, d = 2 * p[3] * q[3] * D % PRIME, 2 * p[2] * q[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME)


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def compress(point):
    inverse = pow(point[2], -1, PRIME)
    x, y = point[0] * inverse % PRIME, point[1] * inverse % PRIME
    return (y | (x & 1) << 255).to_bytes(32, "little")


def ed25519_sign(secret, message):
    """Public key and signature."""
    sha512 = lambda *pieces: hashlib.sha512(b"".join(pieces)).digest()
    wide = sha512(secret)
    a = int.from_bytes(wide[:32], "little") & (2**254 - 8) | 2**254
    public = compress(multiply(a, BASE))
    r = int.from_bytes(sha512(wide[32:], message), "little") % ORDER
    point = compress(multiply(r, BASE))
    s = (r + int.from_bytes(sha512(point, public, message), "little") * a) % ORDER
    signature = point + s.to_bytes(32, "little")
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        assert Ed25519PrivateKey.from_private_bytes(secret).sign(message) == signature
    except ImportError:
        pass
    return public, signature


# RFC 6962.

def leaf_hash(data):
    return H(b"\x00", data)


def tree_root(leaves):
    if not leaves:
        return H()
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return H(b"\x01", tree_root(leaves[:k]), tree_root(leaves[k:]))


def inclusion(leaves, index):
    if len(leaves) == 1:
        return []
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if index < k:
        return inclusion(leaves[:k], index) + [tree_root(leaves[k:])]
    return inclusion(leaves[k:], index - k) + [tree_root(leaves[:k])]


# whosaw.

def header(kind, index, recorded_at, previous, flags, parts, commitment, parts_root):
    entry = (bytes([1, kind]) + u64(index) + u64(recorded_at) + previous + u16(flags) + u32(parts)
             + commitment + parts_root)
    assert len(entry) == 120
    return entry


def pad(part):
    size = 256
    while size < len(part) + 4:
        size *= 2
    return u32(len(part)) + part + bytes(size - 4 - len(part))


def seal(K, random, O, B, j, part):
    pt = pad(part)
    seed = HMAC(K, b"whosaw/seed/v1\0", random, B, u32(j), H(pt))
    P = HMAC(K, b"whosaw/part/v1\0", O, seed)
    enc, kc = HMAC(P, b"enc"), HMAC(P, b"commit")
    aad = b"whosaw/part/v1\0" + O + B + u32(j) + seed + kc
    S = b"\x01" + seed + kc + aes_256_gcm(enc, bytes(12), aad, pt)
    return {"seed": seed, "p": P, "enc": enc, "kc": kc, "aad": aad, "s": S}


def vectors():
    name = "example.com/ledger"
    origin = name.encode()
    O = H(origin)
    yield "origin_text", name
    yield "origin_hash", O
    genesis = H(b"whosaw/genesis/v1\0", origin)
    yield "genesis_link", genesis

    # A body of kind 5 by hand: field 1 varint 300, field 2 varint 7.
    salt, body = bytes(range(32)), bytes([0x08, 0xAC, 0x02, 0x10, 0x07])
    B = H(b"whosaw/body/v1\0", O, salt, body)
    yield "salt", salt
    yield "body", body
    yield "body_commitment", B

    K, random, part = bytes([0x11]) * 32, bytes([0x22]) * 32, b"mia_li_3668 saw her reservation"
    yield "k", K
    yield "random", random
    yield "part", part
    yield "padded", pad(part)
    first, second = seal(K, random, O, B, 0, part), seal(K, random, O, B, 7, bytes(300))
    for field, value in first.items():
        yield f"seal_{field}", value
    yield "long_part", bytes(300)
    yield "long_ordinal_n", 7
    yield "long_s", second["s"]
    yield "part_leaf", leaf_hash(first["s"])
    parts_root = tree_root([leaf_hash(first["s"]), leaf_hash(second["s"])])
    yield "parts_root", parts_root

    other = bytes([0x33]) * 32
    shares = [HMAC(key, b"whosaw/share/v1\0", O, B, u32(2)) for key in (K, other)]
    yield "other_k", other
    yield "shared_ordinal_n", 2
    yield "share_0", shares[0]
    yield "share_1", shares[1]
    yield "shared_k", H(b"whosaw/shared/v1\0", *shares)

    n, r, index, ordinal = 41, bytes([0x44]) * 8, 123456789, 3
    mask = HMAC(K, b"val", u64(n), r)[:16]
    place = u64(index) + u32(ordinal) + u32(0)
    yield "row_n", n
    yield "row_index_n", index
    yield "row_ordinal_n", ordinal
    yield "row_r", r
    yield "row_key", HMAC(K, b"idx", u64(n))[:16]
    yield "row_mask", mask
    yield "row_value", r + bytes(a ^ b for a, b in zip(place, mask))
    request = bytes([0x55]) * 32
    yield "request", request
    yield "request_digest", HMAC(K, b"whosaw/request/v1\0", O, B, request)

    entries, previous = [], genesis
    for i in range(5):
        root = parts_root if i == 1 else tree_root([])
        entry = header(5, i, 1795424347000000 + i, previous, 4 if i % 2 == 0 else 3, 2 if i == 1 else 0, B, root)
        entries.append(entry)
        previous = leaf_hash(entry)
    leaves = [leaf_hash(entry) for entry in entries]
    for i, entry in enumerate(entries):
        yield f"header_{i}", entry
        yield f"leaf_{i}", leaves[i]
    for size in range(6):
        yield f"root_of_{size}", tree_root(leaves[:size])

    b64 = lambda data: base64.b64encode(data).decode()
    secret = bytes([0x66]) * 32
    public, _ = ed25519_sign(secret, b"")
    key_id = H(origin, b"\n", b"\x01", public)[:4]
    text = f"{name}\n5\n{b64(tree_root(leaves))}\n"
    _, signature = ed25519_sign(secret, text.encode())
    note = f"{text}\n\u2014 {name} {b64(key_id + signature)}\n"
    yield "secret", secret
    yield "key_id", key_id
    yield "vkey_text", f"{name}+{key_id.hex()}+{b64(bytes([1]) + public)}"
    yield "checkpoint_text", text
    yield "checkpoint_note_text", note
    lines = [b64(hash) for hash in inclusion(leaves, 3)]
    proof = ["c2sp.org/tlog-proof@v1", "extra " + b64(entries[3]), "index 3", *lines]
    yield "receipt_text", "\n".join(proof) + "\n\n" + note

    witness = "witness.example"
    witness_secret = bytes([0x77]) * 32
    witness_public, _ = ed25519_sign(witness_secret, b"")
    witness_id = H(witness.encode(), b"\n", b"\x04", witness_public)[:4]
    at = 1795424348
    message = f"cosignature/v1\ntime {at}\n{text}"
    _, signature = ed25519_sign(witness_secret, message.encode())
    yield "witness_secret", witness_secret
    yield "witness_vkey_text", f"{witness}+{witness_id.hex()}+{b64(bytes([4]) + witness_public)}"
    yield "cosignature_at_n", at
    yield "cosignature_line_text", f"\u2014 {witness} {b64(witness_id + u64(at) + signature)}\n"

    agent_secret, action, claim = bytes([0x88]) * 32, bytes(range(16)), b"looked up a reservation"
    nonces, sent = [bytes([0x99]) * 32, bytes([0xAA]) * 32], [b"as sent, part 0", b"as sent, part 1"]
    commitments = [HMAC(nonces[j], b"whosaw/agent-part/v1\0", u32(j), sent[j]) for j in range(2)]
    message = b"whosaw/agent/v1\0" + O + action + H(claim) + u32(2) + b"".join(commitments)
    agent_public, signature = ed25519_sign(agent_secret, message)
    yield "agent_public", agent_public
    yield "agent_key_id", H(agent_public)[:8]
    yield "agent_action_id", action
    yield "agent_claim", claim
    for j in range(2):
        yield f"agent_nonce_{j}", nonces[j]
        yield f"agent_sent_{j}", sent[j]
        yield f"agent_commitment_{j}", commitments[j]
    yield "agent_message", message
    yield "agent_signature", signature

    # A submission of the same case number as `case_part` has, by staff=dana, with the report of entry 4322.
    dana = proto_bytes(1, b"staff") + proto_bytes(2, b"dana") + proto_number(3, 1)
    message = (b"whosaw/case-step/v1\0" + O + action + bytes([7]) + H(dana) + u64(1773166200000000) + u64(4322)
               + b"".join(H(text) for text in (b"as told", b"2026-7", b"crm", b"mail")))
    step_public, signature = ed25519_sign(bytes([0xBB]) * 32, message)
    yield "step_public", step_public
    yield "step_message", message
    yield "step_signature", signature
    yield "step_part", proto_bytes(12, proto_bytes(1, step_public) + proto_bytes(2, signature) + proto_number(3, 4322))

    bundle = b"".join(u16(len(entry)) + entry for entry in entries[:2])
    yield "entry_bundle", bundle
    content = u32(32 + len(body)) + salt + body
    content += leaf_hash(first["s"]) + u32(len(first["s"])) + first["s"]
    content += leaf_hash(second["s"]) + u32(0)
    content += u32(0)
    yield "content_bundle", content

    yield from erasure_vectors()
    yield from vault_vectors(origin, O, K)
    yield from request_vectors()


# Bodies that say what was asked for and done about a person. Fields ascend; what is 0 or empty is left out.

def varint(n):
    out = b""
    while n >= 0x80:
        out, n = out + bytes([n & 0x7F | 0x80]), n >> 7
    return out + bytes([n])


def proto_number(field, n):
    return varint(field << 3) + varint(n)


def proto_bytes(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def erasure_vectors():
    token, other, body = bytes(range(64, 96)), bytes([0xCC]) * 32, 2**32 - 1
    places = [(3, 0), (3, 2), (3, body), (256, 1), (70000, 0)]
    covers_root = tree_root([leaf_hash(u64(index) + u32(ordinal)) for index, ordinal in places])
    hashes = [H(b"whosaw/erasure-token/v1\0", held) for held in (token, other)]
    yield "erasure_token", token
    yield "erasure_other_token", other
    yield "erasure_token_hash", hashes[0]
    yield "erasure_list", b"".join(u64(index) + u32(ordinal) for index, ordinal in places)
    yield "erasure_covers_root", covers_root
    caller = proto_bytes(1, b"desk") + proto_number(2, 1)
    # One part, a data subject's, which holds content too.
    group = proto_number(2, 1) + proto_bytes(3, varint(1)) + proto_number(7, 1)
    # Inaccessible, kept in a directory of keys, with a backup that may hold old ones.
    yield "erasure_body", b"".join([
        proto_number(1, 2), proto_number(2, len(places)), proto_bytes(3, covers_root), proto_number(4, 300),
        *(proto_bytes(5, held) for held in sorted(hashes)), proto_number(6, 1), proto_number(8, 1795424347000000),
        proto_bytes(11, caller)])
    # Resealed: part 0 of entry 3 and the body of entry 4; two parts were lost.
    cites = [proto_number(1, 3), proto_number(1, 4) + proto_number(2, body)]
    yield "erasure_resealed_body", b"".join([
        proto_number(1, 1), proto_number(4, 299), *(proto_bytes(9, cited) for cited in cites),
        proto_bytes(10, proto_number(1, 1) + proto_number(2, 2)), proto_bytes(12, group)])
    # Erasure, blocked for legal claims although consent was withdrawn.
    yield "person_act_body", b"".join([
        proto_number(1, 8), proto_number(2, 3), proto_number(3, 2), proto_number(4, 5), proto_number(5, 1),
        proto_bytes(6, caller), proto_bytes(7, group)])
    # A breach of which the controller became aware: the first part says who acted, the second what.
    who = proto_number(2, 1) + proto_bytes(3, varint(9))
    content = proto_number(1, 1) + proto_number(2, 1) + proto_bytes(3, varint(8)) + proto_number(7, 1)
    yield "case_body", b"".join([
        proto_bytes(1, bytes(range(16))), proto_number(2, 4), proto_number(3, 1773166200000000), proto_number(4, 4321),
        proto_bytes(5, covers_root), proto_number(6, 1), proto_bytes(7, caller), proto_bytes(8, who),
        proto_bytes(8, content)])
    yield "case_part", b"".join([
        proto_bytes(1, b"2026-7"), proto_bytes(2, b"as told"), proto_bytes(3, b"crm"), proto_bytes(3, b"mail"),
        proto_bytes(4, proto_number(1, 55) + proto_bytes(2, b"a") + proto_bytes(2, b"c")),
        proto_bytes(4, proto_number(1, 62)), proto_bytes(5, b"sev-2"),
        proto_bytes(6, proto_number(1, 3) + proto_number(2, 75) + proto_number(3, 25) + proto_number(6, 1)),
        proto_number(7, 2), proto_number(8, 3), proto_bytes(9, covers_root)])


# What stands in the service's own tables. The ledger is number 8; every row key begins with that.

def proto_identity(strength, namespace, *fields):
    nfc = lambda text: unicodedata.normalize("NFC", text).encode()
    return (proto_bytes(1, nfc(namespace)) + b"".join(proto_bytes(2, nfc(field)) for field in fields)
            + proto_number(3, strength))


def identifier(namespace, *fields):
    pieces = [unicodedata.normalize("NFC", piece).encode() for piece in (namespace, *fields)]
    return b"".join(u16(len(piece)) + piece for piece in pieces)


def vault_vectors(origin, O, K):
    ledger, lookup_key, root = u32(8), bytes([8]) * 32, bytes([9]) * 32
    wrap = lambda key, nonce, aad, plain: bytes([nonce]) * 12 + aes_256_gcm(key, bytes([nonce]) * 12, aad, plain)
    strong, weak, STRONG, WEAK = ("customer", "Ame\u0301lie", "mia_li_3668"), ("name_and_birth", "Mia Li", "1990-04-05"), 1, 2
    yield "vault_ledger_n", 8
    yield "vault_lookup_key", lookup_key
    yield "vault_root", root
    yield "vault_check_row_key", ledger + b"\x06"
    yield "vault_check_row_value", HMAC(lookup_key, b"whosaw/lookup-check/v1\0", O)

    # Which shard an identifier is looked up in, and the keys of these shards and of two that are persons' homes.
    shard_of = lambda text: int.from_bytes(HMAC(lookup_key, text)[:2], "big") >> 2
    strong_identifier, weak_identifier = identifier(*strong), identifier(*weak)
    home, weak_home = 4711, 16383
    generation, epoch, shard_keys = 3, 1, {}
    for i, shard in enumerate([shard_of(strong_identifier), shard_of(weak_identifier), home, weak_home]):
        shard_keys[shard] = bytes([0xB1 + i]) * 32
        aad = b"whosaw/shard-key/v1\0" + O + u16(shard) + u64(generation)
        yield f"vault_shard_{i}_n", shard
        yield f"vault_shard_{i}_key", shard_keys[shard]
        yield f"vault_shard_{i}_row_key", ledger + u16(shard)
        yield f"vault_shard_{i}_row_value", u64(generation) + u64(epoch) + wrap(root, 0x10 + i, aad, shard_keys[shard])
    assert len(shard_keys) == 4
    # The vault's own key stands behind the shards'. A batch of erasures gave it a new one, and the old one is still there.
    own_key, old_own_key = bytes([0xB7]) * 32, bytes([0xB8]) * 32
    own_aad = lambda generation: b"whosaw/shard-key/v1\0" + O + u16(16384) + u64(generation)
    yield "vault_own_key", own_key
    yield "vault_own_row_key", ledger + u16(16384)
    yield "vault_own_row_value", (u64(generation) + u64(epoch) + wrap(root, 0x18, own_aad(generation), own_key)
        + u64(generation - 1) + u64(epoch) + wrap(root, 0x19, own_aad(generation - 1), old_own_key))
    yield "vault_generation_n", generation

    # Two persons, each found by one identifier.
    person, weak_person, other = bytes([0xC1]) * 16, bytes([0xD2]) * 16, bytes([0xE3]) * 16
    for name, tag, pieces, who, where in [
        ("strong", b"\x01", strong, person, home), ("weak", b"\x03", weak, weak_person, weak_home)]:
        text = identifier(*pieces)
        key = shard_keys[shard_of(text)]
        row = ledger + tag + u16(shard_of(text)) + HMAC(key, text)[:16]
        yield f"vault_{name}_namespace_text", pieces[0]
        yield f"vault_{name}_field_0_text", pieces[1]
        yield f"vault_{name}_field_1_text", pieces[2]
        yield f"vault_{name}_identifier", text
        yield f"vault_{name}_person", who
        yield f"vault_{name}_home_n", where
        yield f"vault_{name}_lookup_row_key", row
        yield f"vault_{name}_lookup_row_value", wrap(key, 0x20 + tag[0], b"whosaw/lookup/v1\0" + O + row, who + u16(where))

    # Their record keys, and the first one's data key of class 1 for March 2026.
    record_key, weak_record_key, month = bytes([0x5A]) * 32, bytes([0x5B]) * 32, (2026 - 1970) * 12 + 2
    for i, (name, who, where, class_, when, key) in enumerate([
            ("record", person, home, 0, 0, record_key), ("weak_record", weak_person, weak_home, 0, 0, weak_record_key),
            ("data", person, home, 1, month, K)]):
        place = who + bytes([class_]) + u16(when)
        aad = b"whosaw/data-key/v1\0" + O + place + u64(generation)
        yield f"vault_{name}_key_row_key", ledger + u16(where) + place
        yield f"vault_{name}_key_row_value", u64(generation) + wrap(shard_keys[where], 0x30 + i, aad, key)
    yield "vault_record_key", record_key

    # What is known of them: the first is the same person as a third, and linked weakly to the second.
    link = lambda who, where, strength: proto_bytes(1, who) + proto_number(2, where) + proto_number(3, strength)
    records = [
        ("record", person, record_key, proto_bytes(1, proto_identity(STRONG, *strong)) + proto_bytes(2, link(other, 12, STRONG))),
        ("weak_record", weak_person, weak_record_key, proto_bytes(1, proto_identity(WEAK, *weak)))]
    for i, (name, who, key, record) in enumerate(records):
        row = ledger + b"\x02" + who
        yield f"vault_{name}_row_key", row
        yield f"vault_{name}_row_value", wrap(key, 0x40 + i, b"whosaw/person/v1\0" + O + row, record)
    yield "vault_other_person", other
    there = link(weak_person, weak_home, WEAK) + proto_bytes(4, proto_identity(WEAK, *weak))
    back = link(person, home, STRONG)
    for i, (name, who, key, said) in enumerate([
            ("link", person, record_key, there), ("weak_link", weak_person, weak_record_key, back)]):
        yield f"vault_{name}_row_key", ledger + b"\x04" + HMAC(key, b"link", u64(0))[:16]
        yield f"vault_{name}_row_value", wrap(key, 0x50 + i, b"whosaw/weak-link/v1\0" + O + who, said)
    yield "vault_pair_row_key", ledger + b"\x05" + HMAC(record_key, b"pair", weak_person)[:16]
    yield "vault_index_row_key", ledger + HMAC(K, b"idx", u64(0))[:16]

    # Who can open the parts of entry 123456789: part 0 is the first person's, part 4 that of parts 0, 1 and 3.
    index = 123456789
    own = b"\x01" + person + u16(home) + b"\x01" + u16(month)
    shared = b"\x02" + u32(0) + u32(2) + u32(3) + u32(1)
    yield "vault_index_n", index
    readers_key = lambda own: HMAC(own, b"whosaw/readers/v1\0", O)
    for name, ordinal, locator, by, when in [
            ("own", 0, own, own_key, generation), ("shared", 4, shared, own_key, generation),
            ("moved", 0, own, old_own_key, generation - 1)]:
        place = u64(index) + u32(ordinal)
        yield f"vault_{name}_reader_row_key", ledger + place
        yield f"vault_{name}_reader_row_value", u32(when) + aes_256_gcm_siv(readers_key(by), place, b"", locator)


# What makes two requests the same: tag and value of each field that was said, in the order of the tags.

def said_number(tag, n):
    return bytes([tag]) + varint(n % 2**64) if n else b""


def said_numbers(tag, *numbers):
    return b"".join(bytes([tag]) + varint(n) for n in numbers)


def said(tag, *values):
    values = [value.encode() if isinstance(value, str) else value for value in values]
    return b"".join(bytes([tag]) + varint(len(value)) + value for value in values)


def within(tag, *fields):
    return bytes([tag]) + b"".join(fields) + b"\0"


def request_vectors():
    action_id = lambda n: bytes([0x55] * 6 + [0x70, 0x55, 0x80] + [0x55] * 6 + [n])
    before = b"whosaw/request/v1\0" + said(1, "desk")
    now = 1772323200000000
    identity = lambda tag, namespace, *fields, strength=1: within(
        tag, said(1, namespace), said(2, *fields), said_number(3, strength))
    agent = said_number(1, 2) + said(2, "agent-one") + said(3, "1.2") + said(4, "gpt") + said(5, "vendor-one") + said(6, "eu")
    human = said_number(1, 1) + identity(7, "staff", "erika")
    occurred = said_number(1, now - 2) + said_number(2, now - 1) + said_number(3, 2)
    source = said(1, "gateway") + said_number(2, 17) + said(3, bytes([7]) * 32) + said_number(4, now - 3) + said_number(5, -250)
    policy = said(1, "p-1") + said(2, "v3") + said_number(3, 1)
    approval = said_number(1, 2) + said(2, "approval-5")
    links = b"".join(said(1 + i, action_id(11 + i)) for i in range(5))
    quantity = lambda tag, n: within(tag, said_number(1, 1), said_number(2, n))
    record = lambda tag, dataset, id, scope: within(tag, said(1, dataset), said(2, id), said_number(3, scope))
    # Nobody at all; then one customer, by a strong identity and a weak one.
    subject = b"".join([
        said(1, "customer"), identity(2, "customer", "mia_li_3668"),
        identity(2, "name_and_birth", "Mia", "Li", "1990-04-05", strength=2),
        within(3, said_number(1, 2), said(2, "contact", "basic")),
        # Rendered to the recipient 1 and to the actor 1.
        within(3, said_number(1, 3), said(2, "health"), said_numbers(3, 2, 3)),
        within(4, said(1, "/result/email"), said(2, "contact"), said_number(3, 2)),
        record(5, "customers", "row-41", 1)])
    fact = b"".join([
        said_number(1, 1), said_number(2, 1), said(3, "customers"), said_number(4, 1), identity(6, "staff", "carla"),
        said(7, "data.read", "data.copy"), said(8, "contact"), said_number(9, 3), said_number(10, now + 5),
        said_number(11, now + 6), said_number(12, 1), said(13, "gateway"), said_numbers(14, 0),
        said_number(15, now + 7), said(16, "grant-61")])
    action = b"".join([
        said(1, action_id(1)), said(2, "data.read"), said_number(3, 1), within(4, occurred), within(5, agent), within(5, human),
        said(6, "conversation-77"), said(7, "session-88"), said(8, "call-99"), within(9, source), said(10, "get_customer"),
        said(11, "customers"), said(12, "support"), said(13, "gdpr:6.1.b", "gdpr:6.1.f"), within(14, policy),
        within(15, approval), said(16, "the house is on fire"), said(17, "instruction-6"), within(18, links),
        within(19, said(1, "processor"), said_number(2, 5), said(3, "vendor-one"), said(4, "US")),
        within(19, said(1, "staff_on_instruction"), said_number(2, 1), identity(5, "staff", "bob")),
        record(20, "orders", "order-31", 2), quantity(21, 9), quantity(22, 8), within(23, subject), quantity(24, 3),
        quantity(25, 2), said_number(26, 1), said_numbers(27, 5, 6),
        within(28, said_number(1, 1), said_number(2, 1), said(3, "key-1")), said(29, '{"id":"mia_li_3668"}'),
        said(30, '{"email":"mia@example.org"}'), said(31, "a warning about Mia"),
        within(32, said(1, "catalogue-4"), said(2, bytes([4]) * 32)), within(33, fact), said_number(35, 1)])
    yield "vault_action_request", H(before, within(2, action))
    call = b"".join([
        said(1, action_id(2)), said(2, "get_customer"), said(3, '{"id":"mia_li_3668"}'), said(4, '{"email":null}'),
        said(5, "slow"), said_number(6, 4), within(7, agent), within(8, human), said(9, "conversation-77"),
        said(10, "session-88"), said(11, "call-99"), within(12, occurred), within(13, source), said(14, "support"),
        within(15, policy), within(16, approval), within(17, links), said_number(18, 2)])
    yield "vault_call_request", H(before, within(3, call))
    # Of a call in which nothing was said but an agent without a name.
    yield "vault_empty_call_request", H(before, within(3, within(7)))


def main():
    lines = ["# Written by vectors.py; do not edit."]
    for name, value in vectors():
        if name.endswith("_text"):
            value = json.dumps(value)
        elif name.endswith("_n"):
            value = str(value)
        else:
            value = value.hex()
        lines.append(f"{name} = {value}")
    path = pathlib.Path(__file__).with_name("vectors.txt")
    path.write_text("\n".join(lines) + "\n")
    print(f"{len(lines) - 1} vectors in {path.name}")


if __name__ == "__main__":
    main()
