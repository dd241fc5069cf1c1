"""The word lists of the simulated company: names, departments, subjects and file names.

Lists only; what is made of them is said in `company.py` and `texts.py`.
"""

FIRST_NAMES = (
    "Aïcha", "Aleksandra", "Amélie", "Anders", "Andrés", "Anjali", "Anton", "Ayşe", "Beatriz",
    "Björn", "Bronisław", "Camille", "Chidi", "Chiara", "Claire", "Đorđe", "Dagny", "Daniel",
    "Dimitra", "Elif", "Emeka", "Emil", "Erzsébet", "Fatima", "François", "Frederik", "Giulia",
    "Grace", "Håkon", "Hana", "Hélène", "Hiroshi", "Ines", "Ioana", "Iris", "Jürgen", "Jamal",
    "Jelena", "João", "José", "Juan", "Kaia", "Karim", "Katarína", "Kofi", "Krzysztof", "Laila",
    "Léa", "Li", "Linh", "Łukasz", "Magda", "Małgorzata", "María", "Marek", "Matěj", "Mehmet",
    "Mei", "Milan", "Mirjam", "Moana", "Naomi", "Nguyệt", "Niamh", "Noémie", "Nuria", "Oisín",
    "Oksana", "Omar", "Óscar", "Paolo", "Patrick", "Petra", "Priya", "Rachel", "Rafał", "Rania",
    "Renée", "Ruth", "Šárka", "Samuel", "Sean", "Selin", "Siobhán", "Søren", "Sofía", "Stefan",
    "Svetlana", "Tadeusz", "Tariq", "Thandiwe", "Tomáš", "Ursula", "Vanessa", "Vincent", "Wanjiru",
    "Wei", "Yael", "Yuki", "Yusuf", "Zeynep", "Zoë",
)  # fmt: skip

SURNAMES = (
    "Abdullah", "Achterberg", "Åkesson", "Almeida", "Andersen", "Ångström", "Bauer", "Bélanger",
    "Bjarnadóttir", "Bianchi", "Brandão", "Brown", "Çelik", "Černý", "Chen", "Cohen", "Colombo",
    "Dąbrowska", "da Silva", "de Vries", "Diallo", "Dubois", "Dvořák", "El Amrani", "Eriksson",
    "Fernández", "Fischer", "Fournier", "García", "Gonçalves", "Grünwald", "Gruber", "Haddad",
    "Hansen", "Hernández", "Hoàng", "Horváth", "Huber", "Ibrahim", "Ionescu", "Jiménez", "Johnson",
    "Jónsson", "Kaya", "Keller", "Khan", "Kim", "Kovačević", "Kowalczyk", "Kruger", "Lefèvre",
    "Lê", "Lindqvist", "López", "MacLeod", "Mbeki", "Meier", "Mensah", "Moreau", "Müller",
    "Muñoz", "Mwangi", "Nakamura", "Németh", "Nguyễn", "Nowak", "Núñez", "O’Brien", "Öztürk",
    "Okafor", "Olsen", "Papadopoulou", "Park", "Patel", "Peña", "Petrović", "Popescu", "Quispe",
    "Rahman", "Rossi", "Rousseau", "Ruiz", "Şahin", "Saito", "Sánchez", "Schäfer", "Schmid",
    "Sharma", "Ševčík", "Smith", "Strauß", "Svensson", "Szabó", "Takahashi", "Tanaka", "Thibault",
    "Tran", "van den Berg", "Virtanen", "Weiß", "Williams", "Wójcik", "Yılmaz", "Zhang", "Zürcher",
)  # fmt: skip

DEPARTMENTS = (
    "Engineering",
    "Sales",
    "Customer Support",
    "Operations",
    "Finance",
    "Marketing",
    "Legal & Compliance",
    "Human Resources",
)

# Another company's people; the domains are reserved for examples.
EXTERNAL_ADDRESSES = (
    "amelie.durand@partner.example",
    "support@partner.example",
    "k.oyelaran@partner.example",
    "t.lindholm@partner.example",
    "bestellung@lieferant.example",
    "jörg.weiß@lieferant.example",
)

SUBJECTS = (
    "the quarterly figures", "the offer for Lausanne", "ticket 48213", "the new headsets",
    "the trunk to Boston", "tomorrow's review", "the maintenance window", "the training plan",
    "the contract draft", "the supplier audit", "the migration", "room B 204", "the press release",
    "the holiday roster", "invoice 2026-0317", "the voicemail greeting", "the test protocol",
    "the customer survey",
)  # fmt: skip

QUESTIONS = (
    "Do you have a minute for {subject}?",
    "Could you send me the latest on {subject}?",
    "Who looks after {subject} now?",
    "Is {subject} still on for this week?",
    "Hast du kurz Zeit wegen {subject}?",
    "Tu as des nouvelles de {subject} ?",
    "¿Quién lleva {subject}?",
    "Any objections to moving {subject} to Thursday?",
)

STATEMENTS = (
    "I just went through {subject}, two points are still open.",
    "{subject}: done on my side.",
    "I'll bring {subject} up in the meeting.",
    "Please don't forward {subject} yet.",
    "Legal wants another look at {subject}.",
    "Je m'occupe de {subject} cet après-midi.",
    "Ich kümmere mich um {subject}, bis später!",
    "We should ask the other office about {subject}.",
    "That took longer than planned, but {subject} looks good now.",
)

REPLIES = (
    "ok", "yes", "Thanks!", "will do", "on it", "not yet", "merci", "danke", "gracias", "👍", "😀",
    "one moment", "let me check", "fine by me", "no worries", "see you there", "D'accord.",
    "haha", "perfect", "sure, why not?",
)  # fmt: skip

DURING_A_CALL = (
    "you're on mute", "sending the link", "slide 7", "+1", "can't hear you", "call me back",
    "brb", "he means the old one", "say yes", "two minutes left", "📞", "louder please",
)  # fmt: skip

FILE_NAMES = (
    "Q1 plan.xlsx", "offer_v3_final.docx", "Protokoll Sitzung März.pdf", "photo 1.jpg",
    "trace.pcap", "Übersicht & Kosten.xlsx", "devis (révisé).pdf", "設計図.png",
    "notes <draft>.txt", "org chart.vsdx", "تقرير.pdf", "build.log", "voicemail \"urgent\".wav",
)  # fmt: skip
