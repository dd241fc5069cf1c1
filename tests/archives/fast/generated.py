"""Archives for hypothesis: most pieces plain, some a parser's work, a few no XML at all."""

from hypothesis import strategies as st

# So many usual pieces come with each odd one, or hardly a document would be well-formed.
_USUAL = 60


def _mostly(usual: list[str], odd: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(usual * (_USUAL * len(odd) // len(usual) + 1) + odd)


def _weighed(*choices: tuple[int, st.SearchStrategy[str]]) -> st.SearchStrategy[str]:
    weighed = [strategy for weight, strategy in choices for _ in range(weight)]
    return st.sampled_from(weighed).flatmap(lambda strategy: strategy)


_PLAIN_BODIES = ["ok", "", " ", "\n", "naïve 👩‍👩‍👧", "one\ttwo\nthree", "x" * 300]
_ESCAPED_BODIES = ["a &lt;b&gt; &amp;amp; &quot;c&quot; &apos;", "&#13;&#10;&#9;", "&amp;#13;"]
_OTHER_BODIES = [
    *("&#65;&#x42;", "a > b", 'it\'s "it"', "\r\n", "\r", "\x85", "\u00a0", "<b>bold</b>"),
    *("<![CDATA[</body></message>]]>", "<!-- </message> -->said", "<?do this?>"),
    "<message>inner</message>",
]
_NO_BODIES = ["&#1;", "&nothing;", "& alone", "]]>", "\x01", "\ufffe", "<"]
BODIES = _mostly(_PLAIN_BODIES * 3 + _ESCAPED_BODIES * 3 + _OTHER_BODIES, _NO_BODIES)
TIMES = st.sampled_from(
    [
        *["1773014400123", "1773014400000", "1773014400999", "01773014400123"] * 5,
        *("1773014400123.456", "1773014400", "-1", "", " ", "now", "9" * 13, "9" * 30, "0x10"),
        *("1773014400123&#10;", "17730144\n00123", "\u0661773014400123", "1773150000000"),
        *(" 1773014400123 ", "+1"),
    ]
)
ADDRESSES = st.sampled_from(
    [
        *["56207@presence.example", "56208@Presence.Example/phone", "56209", "josé@x.example"] * 3,
        *(
            "A@x.example",
            "a@b@x.example",
            "@x.example",
            "a@",
            "sip:1@x.example;q=1",
            "c@x.example?q",
        ),
        *("", " ", "\u00a0", "/phone", "a&amp;b@x.example", " 1@x.example ", "жанна@пример"),
    ]
)
NAMES = st.sampled_from(["plan.xlsx", "", " ", "a&quot;b&lt;", "a\tb", "a > b", "Ü&#10;"])
SIZES = st.sampled_from(["18233", "", "-1", "12345678901234567890", " 7 ", "1e3", "1_0"])
CONVERSATIONS = st.sampled_from(["c-1", "c-2", "", " ", "ü"])
KINDS = st.sampled_from(["text", "file", "invitation", "typing", "", "te&#120;t"])


def _attribute(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    usual = [*[' {}="{}"'] * 9, " {}='{}'", '  {}="{}"', '\n{} = "{}"', ""]
    return st.builds(
        lambda form, value: form.format(name, value), _mostly(usual, ["{}={}"]), values
    )


def _element(name: str, texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    usual = [
        *["<{0}>{1}</{0}>"] * 12,
        *("<{0}/>", "<{0} />", "<{0} >{1}</{0} >", '<{0} lang="de">{1}</{0}>', "<{0}></{0}>"),
        *('<{0} xmlns="urn:x">{1}</{0}>', '<{0} a=">">{1}</{0}>'),
    ]
    odd = [
        *("<{0}>{1}", "<x:{0}>{1}</x:{0}>", "<{0}>{1}</other>", "</{0}>"),
        *('<{0} a="1" a="2">{1}</{0}>', '<{0} a="<">{1}</{0}>'),
    ]
    return st.builds(lambda form, text: form.format(name, text), _mostly(usual, odd), texts)


_FILE = st.builds("<file{}{}/>".format, _attribute("name", NAMES), _attribute("size", SIZES))
_BETWEEN_FIELDS = ["\n  ", "text", "<other/>", "<!-- c -->", "<deep><er>x</er></deep>"]
_FIELDS = st.lists(
    _weighed(
        (3, _element("from", ADDRESSES)),
        (4, _element("to", ADDRESSES)),
        (3, _element("body", BODIES)),
        (1, _FILE),
        (1, st.sampled_from(_BETWEEN_FIELDS)),
    ),
    max_size=6,
)
UNUSUAL = st.builds(
    "<message{}{}{}>{}</message>".format,
    _attribute("time", TIMES),
    _attribute("conversation", CONVERSATIONS),
    _attribute("kind", KINDS),
    _FIELDS.map("".join),
)
USUAL = st.builds(
    '<message time="{}" conversation="{}" kind="{}"><from>{}</from><to>{}</to><to>{}</to>'
    "<body>{}</body></message>".format,
    st.integers(1773014400000, 1773014500000),
    CONVERSATIONS,
    KINDS,
    st.sampled_from(["56207@presence.example", "56208@presence.example/x"]),
    ADDRESSES,
    st.sampled_from(["56209@presence.example", "56208"]),
    st.sampled_from(_PLAIN_BODIES + _ESCAPED_BODIES),
)
_BETWEEN = st.sampled_from([*["\n"] * 8, "", " ", "\r\n", "text", "<!-- </message> -->", "<?pi?>"])
_NO_RECORDS = _mostly(["<other/>", "<message/>", "<folder><message/></folder>"], ["</message>"])
RECORDS = st.lists(
    st.tuples(_BETWEEN, _weighed((8, USUAL), (3, UNUSUAL), (1, _NO_RECORDS))).map("".join),
    max_size=14,
)
BEGINNINGS = _mostly(
    [
        *("<im-archive>", '<?xml version="1.0"?><im-archive>', "\ufeff<im-archive>"),
        "<?xml version='1.0' encoding='UTF-8'?>\n<im-archive server=\"a\"\n from='b'>",
        *("<!-- c --><im-archive>", '<im-archive xmlns:x="urn:x">', "<im-archive >"),
        '<?xml version="1.0" standalone="yes"?><im-archive a=">">',
    ],
    [
        *('<?xml version="1.0"?><im-archive xmlns="urn:x">', "<!DOCTYPE im-archive><im-archive>"),
        *('<?xml version="1.0" encoding="latin-1"?><im-archive>', "<log>", " <im-archive>", ""),
        *('<im-archive a="1" a="2">', ' <?xml version="1.0"?><im-archive>'),
    ],
)
ENDS = _mostly(
    [
        *("</im-archive>", "\n</im-archive>\n", "<!-- c --></im-archive>", "</im-archive >"),
        *("</im-archive><!-- c -->", "<last/></im-archive>"),
    ],
    ["", "</im-archive", "</im-archive><im-archive/>", "</im-archive>x", "\x00"],
)
DOCUMENTS = st.tuples(BEGINNINGS, RECORDS.map("".join), ENDS).map("".join).map(str.encode)


@st.composite
def damaged_documents(draw: st.DrawFn) -> bytes:
    """Documents in which some bytes are missing, or others than they were."""
    document = draw(DOCUMENTS)
    begin = draw(st.integers(0, len(document)))
    end = begin + draw(st.integers(0, 3))
    return document[:begin] + draw(st.binary(max_size=2)) + document[end:]
