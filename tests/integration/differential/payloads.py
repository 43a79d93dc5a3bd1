# SPDX-License-Identifier: Apache-2.0
"""Payloads for RESTORE, made by hand: every type that Redis has ever written, so also those that no redis-server of today
writes. What the forms are stands in src/rdb_strings.h and src/rdb_packed.h.
"""

import re
import struct

STRING, LIST, SET, ZSET, HASH, ZSET_2 = range(6)
HASH_ZIPMAP, LIST_ZIPLIST, SET_INTSET, ZSET_ZIPLIST, HASH_ZIPLIST, LIST_QUICKLIST = range(9, 15)
HASH_LISTPACK, ZSET_LISTPACK, LIST_QUICKLIST_2, SET_LISTPACK = 16, 17, 18, 20
STREAM_LISTPACKS = 15

PLAIN, PACKED = 1, 2

_INTEGER = re.compile(rb"0|-?[1-9]\d{0,18}")


def _crc_table():
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x95AC9329AC4BC9B5 if crc & 1 else 0)
        table.append(crc)
    return table


_CRC_TABLE = _crc_table()


def crc64(data):
    crc = 0
    for byte in data:
        crc = crc >> 8 ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc


def payload(kind, value, version=10):
    """With a right footer. `value` is what follows the byte of the type."""
    data = bytes([kind]) + value + struct.pack("<H", version)
    return data + struct.pack("<Q", crc64(data))


def body(data):
    """Type and value of a payload."""
    return data[:-10]


def with_version(data, version):
    """The same payload for another version, as far as its type exists there."""
    return payload(data[0], data[1:-10], version)


def length(number):
    if number < 1 << 6:
        return bytes([number])
    if number < 1 << 14:
        return struct.pack(">H", number | 0x4000)
    return struct.pack(">BI", 0x80, number) if number < 1 << 32 else struct.pack(">BQ", 0x81, number)


def integer_of(text):
    """None where a compact form keeps the text."""
    number = int(text) if _INTEGER.fullmatch(text) else None
    return number if number is not None and -1 << 63 <= number < 1 << 63 else None


def raw(text):
    return length(len(text)) + text


def string(text):
    number = integer_of(text)
    for code, form, bits in ((0xC0, "<b", 8), (0xC1, "<h", 16), (0xC2, "<i", 32)):
        if number is not None and -1 << bits - 1 <= number < 1 << bits - 1:
            return bytes([code]) + struct.pack(form, number)
    return raw(text)


def lzf(compressed, size):
    return b"\xc3" + length(len(compressed)) + length(size) + compressed


def lzf_literals(text):
    """LZF that saves nothing."""
    pieces = [text[at:at + 32] for at in range(0, len(text), 32)]
    return lzf(b"".join(bytes([len(piece) - 1]) + piece for piece in pieces), len(text))


def strings(texts):
    """A list or set; of a hash, give fields and values in turn, and `count` for how many pairs there are."""
    return counted(len(texts), texts)


def counted(count, texts):
    return length(count) + b"".join(map(string, texts))


def text_double(score):
    special = {float("inf"): b"\xfe", float("-inf"): b"\xff"}.get(score, b"\xfd" if score != score else None)
    text = b"%.17g" % score
    return special or bytes([len(text)]) + text


def scored(pairs, double=lambda score: struct.pack("<d", score)):
    return length(len(pairs)) + b"".join(string(member) + double(score) for member, score in pairs)


def intset(numbers, width=None):
    numbers = sorted(numbers)
    if width is None:
        width = next(w for w in (2, 4, 8) if -1 << 8 * w - 1 <= numbers[0] and numbers[-1] < 1 << 8 * w - 1)
    return raw_intset(numbers, width)


def raw_intset(numbers, width):
    return struct.pack("<II", width, len(numbers)) + b"".join(n.to_bytes(width, "little", signed=True) for n in numbers)


def listpack(texts):
    entries = b"".join(map(_listpack_entry, texts))
    return struct.pack("<IH", len(entries) + 7, min(len(texts), 0xFFFF)) + entries + b"\xff"


def _listpack_entry(text):
    number = integer_of(text)
    if number is None:
        entry = _listpack_text(text)
    elif 0 <= number < 128:
        entry = bytes([number])
    elif -4096 <= number < 4096:
        entry = struct.pack(">H", 0xC000 | number & 0x1FFF)
    else:
        width = next(w for w in (2, 3, 4, 8) if -1 << 8 * w - 1 <= number < 1 << 8 * w - 1)
        entry = bytes([{2: 0xF1, 3: 0xF2, 4: 0xF3, 8: 0xF4}[width]]) + number.to_bytes(width, "little", signed=True)
    return entry + _back_length(len(entry))


def _listpack_text(text):
    if len(text) < 64:
        return bytes([0x80 | len(text)]) + text
    if len(text) < 4096:
        return struct.pack(">H", 0xE000 | len(text)) + text
    return b"\xf0" + struct.pack("<I", len(text)) + text


def _back_length(size):
    width = 1 if size <= 127 else next((n for n in (2, 3, 4) if size < (1 << 7 * n) - 1), 5)
    parts = [size >> 7 * (width - 1 - n) & 127 for n in range(width)]
    return bytes([parts[0]] + [part | 128 for part in parts[1:]])


def ziplist(texts):
    entries, before, last = b"", 0, 10
    for text in texts:
        last = 10 + len(entries)
        front = bytes([before]) if before < 254 else b"\xfe" + struct.pack("<I", before)
        entry = front + _ziplist_content(text)
        before = len(entry)
        entries += entry
    return struct.pack("<IIH", len(entries) + 11, last, min(len(texts), 0xFFFF)) + entries + b"\xff"


def _ziplist_content(text):
    number = integer_of(text)
    if number is not None:
        if 0 <= number <= 12:
            return bytes([0xF1 + number])
        width, code = next((w, c) for w, c in ((1, 0xFE), (2, 0xC0), (3, 0xF0), (4, 0xD0), (8, 0xE0))
                           if -1 << 8 * w - 1 <= number < 1 << 8 * w - 1)
        return bytes([code]) + number.to_bytes(width, "little", signed=True)
    if len(text) < 64:
        return bytes([len(text)]) + text
    if len(text) < 1 << 14:
        return struct.pack(">H", 0x4000 | len(text)) + text
    return b"\x80" + struct.pack(">I", len(text)) + text


def zipmap(pairs, unused=0):
    def size(number):
        return bytes([number]) if number < 254 else b"\xfe" + struct.pack("<I", number)

    entries = b"".join(size(len(field)) + field + size(len(value)) + bytes([unused]) + value + b"?" * unused
                       for field, value in pairs)
    return bytes([min(len(pairs), 254)]) + entries + b"\xff"


def quicklist(nodes):
    return length(len(nodes)) + b"".join(raw(node) for node in nodes)


def quicklist_2(nodes):
    """Of pairs: PLAIN and an element, or PACKED and a listpack."""
    return length(len(nodes)) + b"".join(length(container) + raw(data) for container, data in nodes)


def every_form(texts):
    """Different, non-empty texts as a payload of each type; several ways where there are several. 7.0 knows all but SET_LISTPACK."""
    pairs = list(zip(texts, reversed(texts)))
    flat = [word for pair in pairs for word in pair]
    scores = [(text, float(number)) for number, text in enumerate(texts)]
    with_scores = [word for text, score in scores for word in (text, b"%d" % score)]
    halves = [texts[:len(texts) // 2], texts[len(texts) // 2:]]
    numbers = sorted({number for number in map(integer_of, texts) if number is not None})
    forms = [payload(STRING, form(texts[0])) for form in (string, raw, lzf_literals)]
    forms += [payload(LIST, strings(texts)), payload(LIST_ZIPLIST, raw(ziplist(texts))),
              payload(LIST_QUICKLIST, quicklist([ziplist(half) for half in halves])),
              payload(LIST_QUICKLIST, quicklist([ziplist(texts), ziplist([])])),
              payload(LIST_QUICKLIST_2, quicklist_2([(PACKED, listpack(half)) for half in halves])),
              payload(LIST_QUICKLIST_2, quicklist_2([(PACKED, listpack(texts))])),
              payload(LIST_QUICKLIST_2, quicklist_2([(PLAIN, texts[0]), (PACKED, listpack(texts))])),
              payload(LIST_QUICKLIST_2, quicklist_2([(PLAIN, texts[0])]))]
    forms += [payload(SET, strings(texts)), payload(HASH, counted(len(pairs), flat))]
    forms += [payload(HASH_ZIPMAP, raw(zipmap(pairs))), payload(HASH_ZIPMAP, raw(zipmap(pairs, 3))),
              payload(HASH_ZIPLIST, raw(ziplist(flat))), payload(HASH_LISTPACK, raw(listpack(flat)))]
    forms += [payload(ZSET_2, scored(scores)), payload(ZSET_2, scored(scores[::-1])),
              payload(ZSET, scored(scores, text_double)), payload(ZSET_ZIPLIST, raw(ziplist(with_scores))),
              payload(ZSET_LISTPACK, raw(listpack(with_scores)))]
    if numbers:
        forms += [payload(SET_INTSET, raw(intset(numbers))), payload(SET_INTSET, raw(intset(numbers, 8)))]
    return forms
