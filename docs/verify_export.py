#!/usr/bin/env python3
"""Checks an audit log that was exported as JSON Lines, with nothing but what comes with Python (3.10 or later).

    python3 verify_export.py EXPORT [VERIFIER_KEY]

It follows docs/audit-format.md and shares no code with underwright. Exit code 0: every entry is in the tree
whose root the signed checkpoint says; 1: something is wrong, and the first bad line is named; 2: wrong use.
"""
import base64
import hashlib
import json
import sys


class Bad(Exception):
    pass


def require(holds, line, otherwise):
    if not holds:
        raise Bad(f"line {line}: {otherwise}")


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def from_hex(nodes):
    return [bytes.fromhex(node) for node in nodes]


# --- the Merkle tree of RFC 6962 ---

def heights(start, end):
    """Heights of the complete subtrees that the leaves from start to before end consist of."""
    while start < end:
        height = (end - start).bit_length() - 1
        while start % (1 << height):
            height -= 1
        yield height
        start += 1 << height


def root_over(subtrees):
    """The root over neighbouring subtrees: two of one height are joined, and in the end all that are left."""
    peaks = []
    for height, node in subtrees:
        while peaks and peaks[-1][0] == height:
            node, height = sha256(b"\x01", peaks.pop()[1], node), height + 1
        peaks.append((height, node))
    _, root = peaks.pop()
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
    return 0 < old_size <= size and roots(old_size, size, True) == (old_root, root) and not proof


# --- Ed25519 (RFC 8032, section 5.1), for checking alone: it is not constant in time ---

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(a, b):
    t = D * a[0] * b[0] * a[1] * b[1] % P
    x, y = a[0] * b[1] + b[0] * a[1], a[1] * b[1] + a[0] * b[0]
    return x * pow(1 + t, -1, P) % P, y * pow(1 - t, -1, P) % P


def times(scalar, point):
    result = (0, 1)
    for bit in reversed(range(scalar.bit_length())):
        result = add(result, result)
        result = add(result, point) if scalar >> bit & 1 else result
    return result


def decode(text):
    y, sign = int.from_bytes(text, "little") & (1 << 255) - 1, text[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("not a point of the curve")
    return (P - x if x & 1 != sign else x), y


def is_signed(public, message, signature):
    base = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % ORDER
    is_formed = len(signature) == 64 and s < ORDER
    return is_formed and times(s, base) == add(decode(r), times(k, decode(public)))


# --- the export ---

def check_checkpoint(head, key):
    """The size that is signed for. The signature must be by `key`, name+id+base64 of 1 and the public key."""
    body, _, signatures = head["checkpoint"].rpartition("\n\n")
    (name, key_id, encoded), text = key.split("+", 2), (body + "\n").encode()
    public = base64.b64decode(encoded)
    require(sha256(f"{name}\n".encode(), public)[:4].hex() == key_id and public[0] == 1, 1, "this is no verifier key")
    lines = [line.split(" ") for line in signatures.splitlines()]
    signed = [base64.b64decode(signature) for _, signer, signature in lines if signer == name]
    signed = [signature[4:] for signature in signed if signature[:4].hex() == key_id]
    require(signed, 1, "the checkpoint is not signed by this key")
    require(all(is_signed(public[1:], text, one) for one in signed), 1, "the checkpoint's signature does not hold")
    size, root, proof = int(body.split("\n")[1]), base64.b64decode(body.split("\n")[2]), from_hex(head["consistency"])
    is_of_it = is_beginning(size, root, head["tree_size"], bytes.fromhex(head["root_hash"]), proof)
    require(is_of_it, 1, "the checkpoint is of another tree")
    return size


def check_block(number, head, entries, proof, expected):
    """Holds a block's entries, with their lines' numbers, against its proof; gives the sequence that comes next."""
    first, since, before = proof["first"], head["filters"]["from"], head["filters"]["to"]
    leaves, left, right = (from_hex(proof[name]) for name in ("leaf_hashes", "left", "right"))
    end = first + len(leaves)
    begins = entries[0][0] if entries else number
    expected = (first if since else 0) if expected is None else expected
    require(first == expected, begins, f"entry {expected} comes next, and the proof is of those from {first} on")
    left, right = zip(heights(0, first), left, strict=True), zip(heights(end, head["tree_size"]), right, strict=True)
    root = root_over([*left, *((0, leaf) for leaf in leaves), *right])
    is_block = 1 <= len(leaves) <= 256 and root.hex() == head["root_hash"]
    require(is_block, number, "the proof does not lead to the root")
    for place, ((at, line), leaf) in enumerate(zip(entries, leaves), first):
        require(sha256(b"\x00", line) == leaf, at, f"entry {place} was changed or moved, or others were removed")
        entry = json.loads(line)
        require(entry["sequence"] == place, at, f"entry {place} says that it has another place")
        is_within = (not since or entry["time"] >= since) and (not before or entry["time"] < before)
        require(is_within, at, f"entry {place} was recorded outside the times that were asked for")
    require(len(entries) == len(leaves), number, f"{len(leaves)} entries are proved here, and {len(entries)} are there")
    return end


def check(lines, key):
    number, head, manifest, first, expected, signed = 0, None, None, None, None, 0
    hasher, size, entries = hashlib.sha256(), 0, []
    for number, whole in enumerate(lines, 1):
        require(manifest is None, number, "something stands behind the manifest")
        line = whole.rstrip(b"\n")
        require((head is None) == line.startswith(b'{"export":'), number, "this is not the form of an export")
        try:
            if head is None:
                head = json.loads(line)["export"]
                signed = check_checkpoint(head, key or head["key"]) if head["checkpoint"] else 0
            elif line.startswith(b'{"proof":'):
                proof = json.loads(line)["proof"]
                expected = check_block(number, head, entries, proof, expected)
                first, entries = proof["first"] if first is None else first, []
            elif line.startswith(b'{"manifest":'):
                manifest = json.loads(line)["manifest"]
                continue
            else:
                entries.append((number, line))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise Bad(f"line {number}: it cannot be read: {error}") from error
        hasher.update(whole)
        size += len(whole)
    require(manifest is not None and not entries, number + 1, "the export was cut off: the manifest ends it")
    end = expected or 0
    count, last = end - (first or 0), None if first is None else end - 1
    facts = {"count": count, "first_sequence": first, "last_sequence": last}
    facts |= {**head, "bytes": size, "sha256": hasher.hexdigest()}
    for name, value in facts.items():
        require(manifest.get(name) == value, number, f"the manifest does not say what is so: {name} is {value}")
    is_to_end = head["filters"]["to"] or end == head["tree_size"] or (head["filters"]["from"] and not count)
    require(is_to_end, number, f"the log has {head['tree_size']} entries, and the export ends before entry {end}")
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
        print(bad)
        return 1
    print(f"{count} entries hold; {signed} are covered by the checkpoint" + ("" if key else ": it is not signed"))
    if key and len(arguments) == 1:
        print(f"not checked: whether {key} is the lender's key", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
