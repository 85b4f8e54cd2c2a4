# SPDX-License-Identifier: ISC
"""Reads a QR code of versions 2 to 6 and level M (ISO/IEC 18004) from its modules, undamaged: what
a scanner does after it has found the squares.

    text(["#######.…", …])      rows without the quiet zone, "#" is dark
"""

# version: data codewords of each block
BLOCKS = {2: [28], 3: [44], 4: [32, 32], 5: [43, 43], 6: [27, 27, 27, 27]}
MASKS = [lambda y, x: (y + x) % 2, lambda y, x: y % 2, lambda y, x: x % 3,
         lambda y, x: (y + x) % 3, lambda y, x: (y // 2 + x // 3) % 2,
         lambda y, x: y * x % 2 + y * x % 3, lambda y, x: (y * x % 2 + y * x % 3) % 2,
         lambda y, x: ((y + x) % 2 + y * x % 3) % 2]
FORMAT_MASK, LEVEL_M = 0b101010000010010, 0


def fixed(size, y, x):
    """A module that carries no data: finders with format, timing, alignment."""
    return (y < 9 and (x < 9 or x >= size - 8)) or (y >= size - 8 and x < 9) or 6 in (y, x) or (
        abs(y - (size - 7)) <= 2 and abs(x - (size - 7)) <= 2)


def mask_of(rows):
    places = [(8, x) for x in (0, 1, 2, 3, 4, 5, 7, 8)] + [(y, 8) for y in (7, 5, 4, 3, 2, 1, 0)]
    bits = int("".join("01"[rows[y][x] == "#"] for y, x in places), 2) ^ FORMAT_MASK
    assert bits >> 13 == LEVEL_M, "another level of correction"
    return MASKS[bits >> 10 & 7]


def codewords(rows):
    """In the order of the path that goes up and down from the right."""
    size, bits, up, mask = len(rows), "", True, mask_of(rows)
    for right in [x for x in range(size - 1, 0, -2) if x > 6] + [5, 3, 1]:
        for y in range(size - 1, -1, -1) if up else range(size):
            for x in (right, right - 1):
                if not fixed(size, y, x):
                    bits += "01"[(rows[y][x] == "#") != (mask(y, x) == 0)]
        up = not up
    return [int(bits[i:i + 8], 2) for i in range(0, len(bits) - 7, 8)]


def text(rows):
    """The bytes as text."""
    blocks = BLOCKS[(len(rows) - 17) // 4]
    words = codewords(rows)
    assert len(set(blocks)) == 1
    data = [words[i + block] for block in range(len(blocks))
            for i in range(0, sum(blocks), len(blocks))]
    bits = "".join(f"{word:08b}" for word in data)
    assert bits[:4] == "0100", "not in bytes"
    count = int(bits[4:12], 2)
    return bytes(int(bits[12 + 8 * i:20 + 8 * i], 2) for i in range(count)).decode("utf-8")
