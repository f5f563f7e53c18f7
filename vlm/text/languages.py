"""Languages by their codes: Telegram's, the translator's, and their names in English. No torch.

Telegram sends IETF tags ('de', 'pt-br', 'zh-hans', 'nb', 'fil'); M2M100 knows a hundred short codes, some of
them older or other ones.
"""

from typing import Final

ENGLISH: Final = "en"

# Codes that others use for what M2M100 knows under another one.
ALIASES: Final = {
    "nb": "no", "nn": "no", "fil": "tl", "iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro",
    "sh": "hr", "cmn": "zh", "yue": "zh", "nso": "ns", "prs": "fa", "arb": "ar", "swh": "sw", "zsm": "ms",
}  # fmt: skip

NAMES: Final = {
    "af": "Afrikaans", "am": "Amharic", "ar": "Arabic", "ast": "Asturian", "az": "Azerbaijani",
    "ba": "Bashkir", "be": "Belarusian", "bg": "Bulgarian", "bn": "Bengali", "br": "Breton",
    "bs": "Bosnian", "ca": "Catalan",
    "ceb": "Cebuano", "cs": "Czech", "cy": "Welsh", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "ff": "Fulah", "fi": "Finnish",
    "fr": "French", "fy": "Western Frisian", "ga": "Irish", "gd": "Scottish Gaelic", "gl": "Galician",
    "gu": "Gujarati", "ha": "Hausa", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "ht": "Haitian Creole",
    "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian", "ig": "Igbo", "ilo": "Iloko", "is": "Icelandic",
    "it": "Italian", "ja": "Japanese", "jv": "Javanese", "ka": "Georgian", "kk": "Kazakh", "km": "Khmer",
    "kn": "Kannada", "ko": "Korean", "lb": "Luxembourgish", "lg": "Ganda", "ln": "Lingala", "lo": "Lao",
    "lt": "Lithuanian", "lv": "Latvian", "mg": "Malagasy", "mk": "Macedonian", "ml": "Malayalam",
    "mn": "Mongolian", "mr": "Marathi", "ms": "Malay", "my": "Burmese", "ne": "Nepali", "nl": "Dutch",
    "no": "Norwegian", "ns": "Northern Sotho", "oc": "Occitan", "or": "Odia", "pa": "Punjabi", "pl": "Polish",
    "ps": "Pashto", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sd": "Sindhi", "si": "Sinhala",
    "sk": "Slovak", "sl": "Slovenian", "so": "Somali", "sq": "Albanian", "sr": "Serbian", "ss": "Swati",
    "su": "Sundanese", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "th": "Thai", "tl": "Filipino",
    "tn": "Tswana", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek", "vi": "Vietnamese",
    "wo": "Wolof", "xh": "Xhosa", "yi": "Yiddish", "yo": "Yoruba", "zh": "Chinese", "zu": "Zulu",
}  # fmt: skip


def code_of(tag: str) -> str:
    """The short code of a language tag: 'de' of 'de-AT', 'zh' of 'zh-hans', 'no' of 'nb'. Any case.

    Not handled: scripts and regions; Serbian comes in one script, Chinese in one kind of characters.
    """
    code = tag.strip().lower().replace("_", "-").split("-")[0]
    return ALIASES.get(code, code)


def name_of(tag: str) -> str:
    """A language's English name; the tag itself where none is known."""
    return NAMES.get(code_of(tag), tag)
