#!/usr/bin/env python3
"""Checks an audit log that was exported as JSON Lines, with nothing but what comes with Python.

    python3 verify_export.py EXPORT [VERIFIER_KEY]

It follows docs/audit-format.md and shares no code with underwright. Exit code 0: every entry is in the tree
whose root the signed checkpoint says; 1: something is wrong, and the first bad line is named; 2: wrong use.
"""

import base64
import hashlib
import json
import sys

BLOCK = 256  # entries a block has at most


class Bad(Exception):
    """What is wrong, and in which line (from 1)."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def from_hex(nodes):
    return [bytes.fromhex(node) for node in nodes]


# --- the Merkle tree of RFC 6962 ---

def subtrees(start, end):
    """Heights of the complete subtrees that the leaves from start to before end consist of."""
    heights = []
    while start < end:
        height = (end - start).bit_length() - 1
        while start % (1 << height):
            height -= 1
        heights.append(height)
        start += 1 << height
    return heights


def block_root(size, first, leaves, left, right):
    """The root over a block and the subtrees beside it: neighbours of one height are joined, then what is left."""
    before, after = subtrees(0, first), subtrees(first + len(leaves), size)
    if (len(before), len(after)) != (len(left), len(right)):
        return None
    peaks = []
    for height, node in [*zip(before, left), *((0, leaf) for leaf in leaves), *zip(after, right)]:
        while peaks and peaks[-1][0] == height:
            node, height = sha256(b"\x01", peaks.pop()[1], node), height + 1
        peaks.append((height, node))
    root = peaks.pop()[1] if peaks else sha256()
    while peaks:
        root = sha256(b"\x01", peaks.pop()[1], root)
    return root


def is_beginning(old_size, old_root, size, root, proof):
    """RFC 6962, section 2.1.2: whether the tree of old_size leaves is the beginning of that of size leaves."""
    def roots(old, new, is_whole):
        if old == new:
            return (old_root, old_root) if is_whole else (proof[-1], proof.pop())
        width = 1 << (new - 1).bit_length() - 1
        beside = proof.pop()
        if old <= width:
            was, is_now = roots(old, width, is_whole)
            return was, sha256(b"\x01", is_now, beside)
        was, is_now = roots(old - width, new - width, False)
        return sha256(b"\x01", beside, was), sha256(b"\x01", beside, is_now)
    if not 0 < old_size <= size or len(proof) > 2 * size.bit_length():
        return old_size == size and not proof and old_root == root
    return roots(old_size, size, True) == (old_root, root) and not proof


# --- Ed25519 (RFC 8032, section 5.1), for checking alone: it is not constant in time ---

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(a, b):
    t = D * a[0] * b[0] * a[1] * b[1] % P
    x, y = a[0] * b[1] + b[0] * a[1], a[1] * b[1] + a[0] * b[0]
    return x * pow(1 + t, -1, P) % P, y * pow(1 - t, -1, P) % P


def times(scalar, point):
    result = (0, 1)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def decode(text):
    y, sign = int.from_bytes(text, "little") & (1 << 255) - 1, text[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    return (P - x if x & 1 != sign else x), y


def is_signed(public, message, signature):
    key, r, s = decode(public), decode(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or not key or not r or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    return times(s, decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))) == add(r, times(k, key))


# --- the export ---

def check_checkpoint(head, key):
    """The size that is signed for. The signature must be by `key`, name+id+base64 of 1 and the public key."""
    text, _, signatures = head["checkpoint"].rpartition("\n\n")
    text += "\n"
    name, key_id, public = key.split("+", 2)
    public = base64.b64decode(public)
    if sha256(f"{name}\n".encode(), public)[:4].hex() != key_id or public[0] != 1:
        raise Bad(1, "the key is not a verifier key")
    for line in signatures.splitlines():
        _, signer, signature = line.split(" ")
        signature = base64.b64decode(signature)
        if signer == name and signature[:4].hex() == key_id:
            if is_signed(public[1:], text.encode(), signature[4:]):
                break
            raise Bad(1, "the checkpoint's signature does not hold")
    else:
        raise Bad(1, "the checkpoint is not signed by this key")
    size, root = int(text.split("\n")[1]), base64.b64decode(text.split("\n")[2])
    if not is_beginning(size, root, head["tree_size"], bytes.fromhex(head["root_hash"]), from_hex(head["consistency"])):
        raise Bad(1, "the checkpoint is of another tree")
    return size


def check_block(number, head, waiting, proof, expected):
    """Holds the lines of a block against its proof, and gives the sequence that comes next."""
    first, named, left, right = proof["first"], *map(from_hex, (proof["leaf_hashes"], proof["left"], proof["right"]))
    since, before = head["filters"]["from"], head["filters"]["to"]
    at = waiting[0][0] if waiting else number
    if expected is None:
        expected = first if since else 0
    if first != expected:
        raise Bad(at, f"entry {expected} comes next, and the proof is of those from {first} on")
    if not 1 <= len(named) <= BLOCK or block_root(head["tree_size"], first, named, left, right) != bytes.fromhex(head["root_hash"]):
        raise Bad(number, "the proof does not lead to the root")
    for place, ((at, line), leaf) in enumerate(zip(waiting, named), first):
        if sha256(b"\x00", line) != leaf:
            raise Bad(at, f"this is not entry {place} as it stands in the tree: it was changed, moved, or others were removed")
        entry = json.loads(line)
        if entry["sequence"] != place:
            raise Bad(at, f"the entry at place {place} says another place of itself")
        if (since and entry["time"] < since) or (before and entry["time"] >= before):
            raise Bad(at, f"entry {place} was recorded outside the times that were asked for")
    if len(waiting) != len(named):
        raise Bad(number, f"{len(named)} entries are proved here, and {len(waiting)} are there")
    return first + len(named)


def check(lines, key):
    number, head, manifest, expected, first, waiting = 0, None, None, None, None, []
    hasher, size = hashlib.sha256(), 0
    for number, whole in enumerate(lines, 1):
        line = whole.rstrip(b"\n")
        if manifest is not None or (head is None) != line.startswith(b'{"export":'):
            raise Bad(number, "not the form of an export" if manifest is None else "something stands behind the manifest")
        try:
            if line.startswith(b'{"export":'):
                head = json.loads(line)["export"]
                signed = check_checkpoint(head, key or head["key"]) if head["checkpoint"] else 0
            elif line.startswith(b'{"proof":'):
                proof = json.loads(line)["proof"]
                expected = check_block(number, head, waiting, proof, expected)
                first, waiting = proof["first"] if first is None else first, []
            elif line.startswith(b'{"manifest":'):
                manifest = json.loads(line)["manifest"]
                continue
            else:
                waiting.append((number, line))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise Bad(number, f"cannot be read: {error}") from error
        hasher.update(whole)
        size += len(whole)
    if head is None or manifest is None or waiting:
        raise Bad(number + 1, "the export was cut off: its last line must be the manifest")
    last = None if first is None else expected - 1
    count = 0 if first is None else expected - first
    facts = {**head, "count": count, "first_sequence": first, "last_sequence": last, "bytes": size, "sha256": hasher.hexdigest()}
    for name, value in facts.items():
        if manifest.get(name) != value:
            raise Bad(number, f"the manifest says of {name} {manifest.get(name)}, and it is {value}")
    if not head["filters"]["to"] and (count or not head["filters"]["from"]) and (expected or 0) != head["tree_size"]:
        raise Bad(number, f"the log has {head['tree_size']} entries, and the export ends before entry {expected or 0}")
    return count, signed, head["key"] if head["checkpoint"] else None


def main(arguments):
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with open(arguments[0], "rb") as lines:
            count, signed, key = check(lines, arguments[1] if len(arguments) == 2 else None)
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    except Bad as bad:
        print(f"line {bad.args[0]}: {bad.args[1]}")
        return 1
    print(f"{count} entries hold; {signed} are covered by the checkpoint" + ("" if key else ": it is not signed"))
    if key and len(arguments) == 1:
        print(f"not checked: whether {key} is the lender's key", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
