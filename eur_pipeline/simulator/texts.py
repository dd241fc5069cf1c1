"""What people write: everyday messages, and the peculiar ones that break careless software.

Who writes to whom and when is decided in `traffic.py`.
"""

import random

from eur_pipeline.simulator import words

LONGEST_BODY_BYTES = 64 * 1024

PECULIAR_BODIES = (
    "",
    " ",
    " \t ",
    "\n",
    "\r\n",
    "]]>",
    "<![CDATA[ not a section ]]>",
    "<&>\"'",
    "&amp; is already escaped, &lt;b&gt; too",
    "<message kind=\"text\"><body>not markup</body></message>",
    "<!-- not a comment -->",
    "=SUM(A1:A9)",
    "tab\there, line\nbreak, old\rreturn, both\r\n.",
    "  leading and trailing blanks  ",
    "no-break\u00a0space, next\u0085line, line\u2028separator, paragraph\u2029separator",
    "zero\u200bwidth and soft\u00adhyphen",
    "👩\u200d👩\u200d👧\u200d👦 👍🏽 🇨🇭 🏴\u200d☠\ufe0f",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 beyond the first plane: 𠜎 𐍈",
    "cafe\u0301 is not café to a computer; Z\u0351\u036b\u0343a\u0321\u034dl\u0326go",
    "مرحبا، هل وصل التقرير؟",
    "שלום, הפגישה ב־14:30?",
    "mixed: خطة 2026 (v2) אושרה",
    "\u202eright-to-left override\u202c",
    "Здравствуйте, документы готовы.",
    "会議は15時からです。",
    "ขอบคุณค่ะ",
    "naïve Ångström ﬁ ligature ½ ₣ ₿ \u2126",
    "\ufeffstarts with a byte order mark",
    "null is a word, so are None, NaN and \\N",
    "https://files.presence.example/a?b=c&d=%20e#f",
    "back\\slash, \"quotes\", {braces} and \\u0041",
)  # fmt: skip


def everyday_body(rng: random.Random) -> str:
    """A sentence about work, or a short reply."""
    if rng.random() < 0.45:
        return rng.choice(words.REPLIES)
    sentence = rng.choice(words.QUESTIONS + words.STATEMENTS)
    return sentence.format(subject=rng.choice(words.SUBJECTS))


def call_body(rng: random.Random) -> str:
    """The few words that are typed while talking."""
    return rng.choice(words.DURING_A_CALL)


def long_body(rng: random.Random, length: int) -> str:
    """Many sentences (a pasted document) of exactly `length` bytes in UTF-8."""
    lines: list[str] = []
    size = 0
    while size < length:
        lines.append(everyday_body(rng))
        size += len(lines[-1].encode()) + 1
    text = "\n".join(lines).encode()[:length].decode(errors="ignore")
    return text + "." * (length - len(text.encode()))


def file_offer(rng: random.Random) -> tuple[str, int]:
    """The name of a file and its size in bytes."""
    return rng.choice(words.FILE_NAMES), 1 + int(rng.lognormvariate(11, 2))
