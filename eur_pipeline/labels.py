"""What files of others are called where they are shown and stored: safe text, no two alike."""

# What Python makes of bytes that are no UTF-8.
_NO_UTF8 = range(0xDC80, 0xDD00)


def clean(path: str) -> str:
    r"""The path as text that is safe to show, and another text for every other path.

    ASCII's control characters and bytes that are no UTF-8 become `\xNN`, other characters that are
    not seen or that turn the line around `\uNNNN`, and `\` becomes two.
    """
    if path.isascii() and path.isprintable() and "\\" not in path:
        return path
    return "".join(_shown(character) for character in path)


def _shown(character: str) -> str:
    number = ord(character)
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    if number < 0x80 or number in _NO_UTF8:
        return f"\\x{number & 0xFF:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
